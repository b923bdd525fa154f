"""Work by key: what is to be looked at, each thing once, and never twice at the same time. It holds no clock.

Controllers are level-triggered: a key says where to look, not what has happened, so that equal ones merge. Live keys go
before those of the periodic look at everything, which is never given a key that waits already, or is being worked on.
"""

from heapq import heappop, heappush
from typing import Generic, TypeVar

K = TypeVar("K")


class WorkQueue(Generic[K]):
    """Keys to be worked on. All times are in seconds, and of one clock."""

    def __init__(self) -> None:
        self._live: dict[K, float] = {}
        self._background: dict[K, float] = {}
        self._working: set[K] = set()
        self._later: list[tuple[float, int, K]] = []
        self._due: dict[K, float] = {}
        """Of each key of `_later`, the time that counts."""
        self._order = 0
        self.retries = 0
        """How often `retry` was called."""

    def add(self, key: K, now: float) -> None:
        """Something has happened to it."""
        self._background.pop(key, None)
        self._live.setdefault(key, now)

    def add_in_background(self, key: K, now: float) -> None:
        """It is to be looked at when there is time, unless it will be anyway."""
        if key not in self._live and key not in self._working:
            self._background.setdefault(key, now)

    def add_at(self, key: K, at: float) -> None:
        """It is to be looked at then, or sooner."""
        if at < self._due.get(key, float("inf")):
            self._due[key] = at
            self._order += 1
            heappush(self._later, (at, self._order, key))

    def retry(self, key: K, at: float) -> None:
        """The work on it has failed, and is to be tried again then."""
        self.retries += 1
        self.add_at(key, at)

    def take(self, now: float) -> K | None:
        """A key to work on, until `done`; None if there is nothing to do now."""
        while self._later and self._later[0][0] <= now:
            at, _, key = heappop(self._later)
            if self._due.get(key) == at:
                del self._due[key]
                self.add(key, now)
        for waiting in (self._live, self._background):
            for key in waiting:
                if key not in self._working:
                    del waiting[key]
                    self._working.add(key)
                    return key
        return None

    def done(self, key: K) -> None:
        """The work is over; what was added meanwhile is done again."""
        self._working.discard(key)

    def waits(self, key: K) -> bool:
        """Whether something has happened to it that was not looked at yet."""
        return key in self._live

    @property
    def next_at(self) -> float | None:
        """When something will be due that is not yet; None if nothing will."""
        return self._later[0][0] if self._later else None

    @property
    def depth(self) -> int:
        """How many keys wait to be worked on now."""
        return len(self._live) + len(self._background)

    def age(self, now: float) -> float:
        """For how long the oldest live key has waited."""
        return now - next(iter(self._live.values())) if self._live else 0.0
