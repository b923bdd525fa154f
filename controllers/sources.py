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

    def sink(self, name: str, may_be_away: bool = False) -> "Sink":
        """Where the next source, of that name, hands in what it finds.

        Args:
            may_be_away: where it can't tell what is so, only the receipts of its own objects are UNKNOWN.
        """
        self._names.append(name)
        return Sink(self._runtime, self, len(self._names) - 1, may_be_away)

    def concerns(self, source: int, key: ObjectKey) -> bool:
        """Whether what a source can't tell matters for an object: it gives that, or would if it held it, as it may."""
        held = self._held.get(key, {})
        return min(held, default=source) >= source

    def giver(self, key: ObjectKey) -> int | None:
        """The source whose form of the object counts."""
        return min(self._held.get(key, ()), default=None)

    def held_by(self, source: int) -> list[ObjectKey]:
        """All objects that a source holds."""
        return [key for key, held in self._held.items() if source in held]

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

    def __init__(self, runtime: Runtime, arbiter: Arbiter, source: int, may_be_away: bool) -> None:
        self._runtime = runtime
        self._arbiter = arbiter
        self._source = source
        self._may_be_away = may_be_away
        self.clock: Callable[[], float] = runtime.clock

    async def apply(self, events: Sequence[Event]) -> None:
        """As `Runtime.apply`."""
        await self._runtime.apply(events, self._decide)

    def trouble(self, source: str, what: str | None) -> None:
        """As `Runtime.trouble`."""
        self._runtime.trouble(source, what, self._concerns if self._may_be_away else None)

    def is_given_by_another(self, key: ObjectKey) -> bool:
        """Whether another source holds the object, and its form is the one that counts."""
        return self._arbiter.giver(key) not in (None, self._source)

    async def retain(self, holds: Callable[[ObjectKey], bool]) -> None:
        """The source, which has begun anew, holds what `holds` says that it does, and nothing else."""

        def decide(event: Event) -> Event | None:
            return None if holds(event.key) else self._decide(event)  # it may have come to hold it since

        gone = [Deleted(key) for key in self._arbiter.held_by(self._source) if not holds(key)]
        await self._runtime.apply(gone, decide)

    async def end(self, name: str) -> None:
        """The source is no more, and what it held is gone."""
        await self.retain(lambda _: False)
        self._runtime.trouble(name, None)

    def _decide(self, event: Event) -> Event | None:
        return self._arbiter.decide(self._source, event)

    def _concerns(self, key: ObjectKey) -> bool:
        return self._arbiter.concerns(self._source, key)
