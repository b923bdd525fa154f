"""What can go wrong in the demo itself."""


class DemoError(Exception):
    """The demo can't go on. The message is one line, for the user: what was wrong, and what to do about it."""
