"""How many changes are applied in one go, before the event loop gets to run other things."""

MOST, LEAST = 250, 25

LONG_SECONDS = 0.025
"""A batch that takes so long is followed by half of it. Half of what nothing may take on the event loop."""

_SHORT_SECONDS = LONG_SECONDS / 4


class Batch:
    """Follows what the last one took: with thousands of services on a port, or many proxies, each change costs more."""

    def __init__(self) -> None:
        self.size = MOST

    def took(self, seconds: float) -> None:
        """A batch of `size` took so long."""
        if seconds > LONG_SECONDS:
            self.size = max(LEAST, self.size // 2)
        elif seconds < _SHORT_SECONDS:
            self.size = min(MOST, self.size * 2)
