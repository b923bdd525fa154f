"""Several sources of one replica: who gives an object that more than one of them holds."""

from collections.abc import Callable, Sequence

import structlog

from controllers.runtime import Runtime
from ledger.ids import ObjectKey
from xds.objects import Applied, Deleted, Event

log = structlog.get_logger("sources")


class Arbiter:
    """The source that is named first gives an object, for as long as it holds it; then the next one does.

    Without it, a source that loses an object would delete the other one's.
    """

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._held: dict[ObjectKey, dict[int, Applied]] = {}
        self._contested: set[ObjectKey] = set()
        """The keys of `_held` with more than one source."""
        self._names: list[str] = []

    def sink(self, name: str) -> "Sink":
        """Where the next source, of that name, hands in what it finds."""
        self._names.append(name)
        return Sink(self._runtime, self, len(self._names) - 1)

    def overlaps(self) -> list[tuple[ObjectKey, str, str]]:
        """The objects that several sources hold: who gives it, and another one that would."""
        found = []
        for key in sorted(self._contested):
            held = self._held[key]
            found.append((key, self._names[min(held)], self._names[max(held)]))
        return found

    def decide(self, source: int, event: Event) -> Event | None:
        """What follows for the replica from what a source says; None: nothing."""
        key = event.key
        held = self._held.setdefault(key, {})
        before = min(held, default=None)
        if isinstance(event, Applied):
            held[source] = event
        else:
            held.pop(source, None)
        if len(held) > 1:
            self._contested.add(key)
        else:
            self._contested.discard(key)
        if not held:
            del self._held[key]
            return Deleted(key) if before is not None else None
        winner = min(held)
        if len(held) > 1 and isinstance(event, Applied):
            used, other = self._names[winner], self._names[max(held)]
            log.warning("an object is in several sources", object=str(key), used=used, other=other)
        return held[winner] if winner == source or winner != before else None


class Sink:
    """The runtime as one of several sources sees it."""

    def __init__(self, runtime: Runtime, arbiter: Arbiter, source: int) -> None:
        self._runtime = runtime
        self._arbiter = arbiter
        self._source = source
        self.clock: Callable[[], float] = runtime.clock

    async def apply(self, events: Sequence[Event]) -> None:
        """As `Runtime.apply`."""
        decided = [self._arbiter.decide(self._source, event) for event in events]
        await self._runtime.apply([event for event in decided if event is not None])

    def trouble(self, source: str, what: str | None) -> None:
        """As `Runtime.trouble`."""
        self._runtime.trouble(source, what)
