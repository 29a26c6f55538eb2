"""Errors that a person caused and a person can mend."""


class LabError(Exception):
    """Something is wrong with what was asked or given, and the message says what would be right.

    Entry points print the message as one line and exit with status 1; any
    other exception is a bug of ours and keeps its traceback.
    """
