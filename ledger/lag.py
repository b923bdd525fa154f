"""One resource's side of who is behind: the streams, the least of what they hold, and who waits for that to rise."""

from collections.abc import Callable
from heapq import heapify, heappop, heappush
from itertools import count

from ledger.ids import Revision, StreamId
from ledger.interest import Progress

Wake = Callable[[], None]

_ticket = count()

_SLACK = 16
"""A heap is rebuilt when it holds this many more than twice what it needs: bounded, and O(1) a change on average."""


class Lag:
    """The streams behind on one resource.

    A receipt asks only whether every stream holds the resource at a revision >= r, that is `least() >= r`. The least is
    kept by counting streams per held revision, so an ACK costs O(log distinct revisions) and the number of waiting
    receipts does not matter until one of them is done.
    """

    __slots__ = ("_counts", "_exempt", "_heap", "_queue", "_wakes", "progress")

    def __init__(self) -> None:
        self.progress: dict[StreamId, Progress] = {}
        self._exempt: set[StreamId] = set()
        self._counts: dict[Revision, int] = {}
        self._heap: list[Revision] = []
        self._wakes: dict[int, Wake] = {}
        self._queue: list[tuple[Revision, int]] = []

    def add(self, stream: StreamId, progress: Progress, exempt: bool = False) -> None:
        """The stream is behind from now on. `exempt`: nobody waits for it."""
        self.progress[stream] = progress
        if exempt:
            self._exempt.add(stream)
        else:
            self._count(progress.held)

    def exempt(self, stream: StreamId) -> None:
        """Nobody waits for the stream any longer, though it is still behind."""
        if stream not in self._exempt:
            self._exempt.add(stream)
            self._uncount(self.progress[stream].held)

    def raise_held(self, stream: StreamId, held: Revision) -> None:
        """The stream has ACKed a form built at `held`, and is still behind."""
        progress = self.progress[stream]
        if held > progress.held:
            if stream not in self._exempt:
                self._uncount(progress.held)
                self._count(held)
            progress.held = held

    def remove(self, stream: StreamId) -> None:
        """The stream is behind no longer (or no longer obliged)."""
        progress = self.progress.pop(stream)
        if stream in self._exempt:
            self._exempt.discard(stream)
        else:
            self._uncount(progress.held)

    def least(self) -> Revision | None:
        """The lowest revision that a stream which is waited for is known to hold; None if none of these is behind."""
        heap, counts = self._heap, self._counts
        while heap and heap[0] not in counts:
            heappop(heap)
        return heap[0] if heap else None

    def reached(self, revision: Revision) -> bool:
        """Whether every stream that is waited for holds a form built at `revision` or later."""
        least = self.least()
        return least is None or least >= revision

    def held_by_all(self, revision: Revision) -> bool:
        """Whether every stream, also those that nobody waits for, holds a form built at `revision` or later."""
        return self.reached(revision) and all(self.progress[stream].held >= revision for stream in self._exempt)

    def wait(self, revision: Revision, wake: Wake) -> int:
        """Has `wake` called once, when `reached(revision)`. Returns a ticket for `forget`."""
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

    def due(self) -> list[Wake]:
        """Takes out the waiters whose revision is reached."""
        due: list[Wake] = []
        while self._queue and self.reached(self._queue[0][0]):
            wake = self._wakes.pop(heappop(self._queue)[1], None)
            if wake is not None:
                due.append(wake)
        return due

    @property
    def idle(self) -> bool:
        """Whether nothing would be lost by dropping this object."""
        return not self.progress and not self._wakes

    def _count(self, held: Revision) -> None:
        counts = self._counts
        if held in counts:
            counts[held] += 1
        else:
            counts[held] = 1
            heappush(self._heap, held)
            if len(self._heap) > 2 * len(counts) + _SLACK:
                self._heap = list(counts)
                heapify(self._heap)

    def _uncount(self, held: Revision) -> None:
        counts = self._counts
        counts[held] -= 1
        if not counts[held]:
            del counts[held]
            if not counts:
                self._heap.clear()
