"""How long to wait before the next attempt."""

import random
from collections.abc import Callable

BASE_SECONDS, MOST_SECONDS = 0.5, 30.0


class Backoff:
    """Exponential with full jitter: anything from nothing to the bound, which doubles with every failure.

    All clients of an API server that comes back would else come back together, each time.

    Args:
        draw: a number from 0 to 1; random where none is given.
    """

    def __init__(
        self, base: float = BASE_SECONDS, most: float = MOST_SECONDS, draw: Callable[[], float] = random.random
    ) -> None:
        self._base = base
        self._most = most
        self._draw = draw
        self._failures = 0

    def failed(self, at_least: float = 0.0) -> float:
        """Another attempt has failed. Returns the seconds until the next one; `at_least` as the server has asked."""
        bound = min(self._most, self._base * 2.0 ** min(self._failures, 32))
        self._failures += 1
        return at_least + self._draw() * bound

    def succeeded(self) -> None:
        """The next failure is the first one again."""
        self._failures = 0
