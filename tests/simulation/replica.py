"""One control-plane process, as far as it has followed the source. One serves; the others stand by, ports closed."""

from ledger.ids import Generation, ObjectKey
from ledger.ledger import Ledger
from tests.simulation.source import Change, Source
from xds.objects import ConfigObject
from xds.parsing.content import content_hash
from xds.plane import Plane
from xds.timing import Timing


class Replica:
    """A process. position: how many of the source's changes it has applied. lagging: it follows only when told to."""

    def __init__(self, name: str, timing: Timing, durable: bool) -> None:
        self.name = name
        self.lagging = False
        self.position = 0
        self.objects: dict[ObjectKey, ConfigObject] = {}
        self.plane = Plane("simulated", timing, durable=durable)

    def list_objects(self, source: Source, now: float) -> None:
        """Takes in what there is by now, without what came before: so does a process that starts."""
        self._take([change for change in source.newest.values() if change.object is not None], now)
        self.position = len(source.changes)

    def follow(self, source: Source, now: float, most: int | None = None) -> None:
        """Applies, as one batch, the changes that it has not applied yet; `most` of them at most."""
        end = len(source.changes) if most is None else self.position + most
        changes = source.changes[self.position : end]
        self.position += len(changes)
        if changes:
            self._take(changes, now)

    def _take(self, changes: list[Change], now: float) -> None:
        for change in changes:
            if change.object is None:
                self.objects.pop(change.key, None)
            else:
                self.objects[change.key] = change.object
        self.plane.apply([change.event for change in changes], now)

    def expected_root(self) -> str:
        """The root of a ledger that holds the same objects and has come to them in another way."""
        ledger = Ledger()
        for key, obj in sorted(self.objects.items(), reverse=True):
            ledger.apply(key, Generation(1), content_hash(obj), 0.0)
        return ledger.root
