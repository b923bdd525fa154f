"""One resource's side of who is behind: the streams, the least of what they hold, and who waits for that to rise."""

from heapq import heapify, heappop, heappush

from ledger.ids import Revision, StreamId
from ledger.interest import Progress
from ledger.wakes import Wake, Wakes

_FEW = 8
"""Of so many different revisions the least is found by looking; there are seldom more, and a heap for each of tens of
thousands of resources would cost more than it saves."""


class Lag:
    """The streams behind on one resource.

    A receipt asks only whether every stream holds the resource at a revision >= r, that is `least() >= r`. The least is
    kept by counting streams per held revision, so an ACK costs O(log distinct revisions) and the number of waiting
    receipts does not matter until one of them is done.

    progress: by stream. There may be very many objects of this class, so what few of them need is made when needed.
    """

    __slots__ = ("_counts", "_exempt", "_heap", "_wakes", "progress")

    def __init__(self) -> None:
        self.progress: dict[StreamId, Progress] = {}
        self._counts: dict[Revision, int] = {}
        self._heap: list[Revision] | None = None
        self._exempt: set[StreamId] | None = None
        self._wakes: Wakes | None = None

    def add(self, stream: StreamId, progress: Progress, exempt: bool = False) -> None:
        """The stream is behind from now on. `exempt`: nobody waits for it."""
        self.progress[stream] = progress
        if exempt:
            self._exempted().add(stream)
        else:
            self._count(progress.held)

    def exempt(self, stream: StreamId) -> None:
        """Nobody waits for the stream any longer, though it is still behind."""
        if not self._is_exempt(stream):
            self._exempted().add(stream)
            self._uncount(self.progress[stream].held)

    def raise_held(self, stream: StreamId, held: Revision) -> None:
        """The stream has ACKed a form built at `held`, and is still behind."""
        progress = self.progress[stream]
        if held > progress.held:
            if not self._is_exempt(stream):
                self._uncount(progress.held)
                self._count(held)
            progress.held = held

    def remove(self, stream: StreamId) -> None:
        """The stream is behind no longer (or no longer obliged)."""
        progress = self.progress.pop(stream)
        if self._exempt is not None and stream in self._exempt:
            self._exempt.discard(stream)
        else:
            self._uncount(progress.held)

    def least(self) -> Revision | None:
        """The lowest revision that a stream which is waited for is known to hold; None if none of these is behind."""
        counts, heap = self._counts, self._heap
        if heap is None:
            return min(counts, default=None)
        while heap and heap[0] not in counts:
            heappop(heap)
        return heap[0] if heap else None

    def reached(self, revision: Revision) -> bool:
        """Whether every stream that is waited for holds a form built at `revision` or later."""
        least = self.least()
        return least is None or least >= revision

    def held_by_all(self, revision: Revision) -> bool:
        """Whether every stream, also those that nobody waits for, holds a form built at `revision` or later."""
        return self.reached(revision) and all(self.progress[stream].held >= revision for stream in self._exempt or ())

    def wait(self, revision: Revision, wake: Wake) -> int:
        """Has `wake` handed out once, when `reached(revision)`. Returns a ticket for `forget`."""
        if self._wakes is None:
            self._wakes = Wakes()
        return self._wakes.wait(revision, wake)

    def forget(self, ticket: int) -> None:
        """Drops a waiter that gives up early."""
        if self._wakes is not None:
            self._wakes.forget(ticket)

    def due(self) -> list[Wake]:
        """Takes out the waiters whose revision is reached."""
        return self._wakes.due(self.least()) if self._wakes else []

    @property
    def idle(self) -> bool:
        """Whether nothing would be lost by dropping this object."""
        return not self.progress and not self._wakes

    def _is_exempt(self, stream: StreamId) -> bool:
        return self._exempt is not None and stream in self._exempt

    def _exempted(self) -> set[StreamId]:
        if self._exempt is None:
            self._exempt = set()
        return self._exempt

    def _count(self, held: Revision) -> None:
        counts = self._counts
        if held in counts:
            counts[held] += 1
            return
        counts[held] = 1
        if self._heap is not None:
            heappush(self._heap, held)
            crowded = len(self._heap) > 2 * len(counts) + _FEW  # bounded, and O(1) a change on average
        else:
            crowded = len(counts) > _FEW
        if crowded:
            self._heap = list(counts)
            heapify(self._heap)

    def _uncount(self, held: Revision) -> None:
        counts = self._counts
        counts[held] -= 1
        if not counts[held]:
            del counts[held]
            if len(counts) <= _FEW // 2:
                self._heap = None
