"""A folder for each question."""
