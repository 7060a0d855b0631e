"""Labels that look wrong, for a person to check: one page of crops, and files that annotation tools open."""
