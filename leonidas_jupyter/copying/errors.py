"""What ends a copy."""


class CopyFailed(Exception):
    """A copy cannot begin or go on; the message is for people and says what to do."""
