"""Who waits for one resource: each for a revision, and woken once."""

from collections.abc import Callable
from heapq import heapify, heappop, heappush
from itertools import count

from ledger.ids import Revision

Wake = Callable[[], None]

_ticket = count()

_SLACK = 16
"""The queue is rebuilt when it holds this many more than twice what it needs: bounded, and O(1) a change on average."""


class Wakes:
    """Waiters, the one with the lowest revision first; of one revision, in the order in which they came."""

    __slots__ = ("_queue", "_wakes")

    def __init__(self) -> None:
        self._wakes: dict[int, Wake] = {}
        self._queue: list[tuple[Revision, int]] = []

    def __len__(self) -> int:
        return len(self._wakes)

    def wait(self, revision: Revision, wake: Wake) -> int:
        """Has `wake` handed out once, by `due`. Returns a ticket for `forget`."""
        ticket = next(_ticket)
        self._wakes[ticket] = wake
        heappush(self._queue, (revision, ticket))
        return ticket

    def forget(self, ticket: int) -> None:
        """Drops a waiter that gives up early."""
        self._wakes.pop(ticket, None)
        if len(self._queue) > 2 * len(self._wakes) + _SLACK:
            self._queue = [entry for entry in self._queue if entry[1] in self._wakes]
            heapify(self._queue)

    def due(self, least: Revision | None) -> list[Wake]:
        """Takes out the waiters whose revision is no higher than `least`; all of them if it is None."""
        due: list[Wake] = []
        while self._queue and (least is None or self._queue[0][0] <= least):
            wake = self._wakes.pop(heappop(self._queue)[1], None)
            if wake is not None:
                due.append(wake)
        return due
