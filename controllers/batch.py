"""How many changes are applied in one go, before the event loop gets to run other things."""

WHILE_LOADING = 5_000
"""No proxy is served yet that could be kept waiting."""

MOST, LEAST = 256, 4

FIRST = 32
"""The size of the first batch: how many proxies there will be is not known."""

LONG_SECONDS = 0.025
"""A batch that takes so long is followed by half of it. Half of what nothing may take on the event loop."""

_SHORT_SECONDS = LONG_SECONDS / 4

_IN_VAIN = 0.75
"""If half of a batch takes this share of its time or more, that is what any batch costs: they should be fewer."""

_RESPITE = 20
"""Batches after which it is tried again."""


class Batch:
    """Follows what the last one took: with many proxies each change costs more."""

    def __init__(self) -> None:
        self.size = FIRST
        self._halved_from = 0.0
        """Seconds that the one before took, if it was twice as large."""
        self._respite = 0

    def took(self, seconds: float) -> None:
        """A batch of `size` took so long."""
        halved_from, self._halved_from = self._halved_from, 0.0
        self._respite = max(0, self._respite - 1)
        if halved_from and seconds > _IN_VAIN * halved_from:
            self.size, self._respite = min(MOST, self.size * 4), _RESPITE
        elif seconds > LONG_SECONDS and self.size // 2 >= LEAST and not self._respite:
            self.size, self._halved_from = self.size // 2, seconds
        elif seconds < _SHORT_SECONDS:
            self.size = min(MOST, self.size * 2)
