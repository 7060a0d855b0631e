"""The one exception for input a user can mend."""


class InputError(ValueError):
    """Bad input: the message names the file, the key and the mend, in one line."""
