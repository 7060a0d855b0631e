"""A network run on persons, as it is and with what its layers put out edited."""
