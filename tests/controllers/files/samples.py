"""Texts of files, and a directory that exists in memory only."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from controllers.files.catalog import Catalog, Outcome, Patience
from controllers.files.look import UNCHANGED, FileState, Identity, Look
from controllers.generations import Generations
from controllers.reports import Report
from ledger.ids import Generation, ObjectKey
from xds.objects import WORKLOAD_ENTRY, Applied, Deleted, Event, WorkloadEntry

BROKEN = "apiVersion: [\n"

HEAD = "apiVersion: networking.istio.io/v1\nkind: WorkloadEntry\n"


def key(name: str) -> ObjectKey:
    return ObjectKey(WORKLOAD_ENTRY, "default", name)


def entry(name: str, address: str = "10.0.0.1", generation: int | None = None) -> str:
    """A document with a WorkloadEntry; six lines, seven with a generation."""
    given = "" if generation is None else f"  generation: {generation}\n"
    return f"{HEAD}metadata:\n  name: {name}\n{given}spec:\n  address: {address}\n"


def invalid(name: str) -> str:
    """A document that names a WorkloadEntry and isn't a valid one."""
    return f"{HEAD}metadata:\n  name: {name}\nspec:\n  address: 10.0.0.1\n  weight: -1\n"


def text(*documents: str) -> str:
    return "---\n".join(documents)


@dataclass
class Served:
    """What a receiver of events holds."""

    objects: dict[str, str] = field(default_factory=dict)
    """Name -> address."""
    generations: dict[str, int] = field(default_factory=dict)
    """Name -> highest generation ever applied."""
    deletions: list[str] = field(default_factory=list)

    def take(self, events: tuple[Event, ...]) -> None:
        for event in events:
            name = event.key.name
            if isinstance(event, Deleted):
                assert self.objects.pop(name, None) is not None, f"{name} was deleted, and was not there"
                self.deletions.append(name)
            else:
                assert isinstance(event.object, WorkloadEntry)
                assert event.generation >= self.generations.get(name, 0), "a generation fell"
                self.objects[name] = event.object.endpoint.address
                self.generations[name] = event.generation


class Desk:
    """Shows a catalog the files that a test puts on it, at the time that the test says."""

    def __init__(self, files: Mapping[str, FileState] | None = None, patience: Patience | None = None) -> None:
        self.now = 1000.0
        self.generations = Generations()
        self.catalog = Catalog("/conf", self.generations, patience)
        self.files: dict[str, FileState] = dict(files or {})
        self.root: Identity = (1, 1)
        self.hidden: dict[str, str] = {}
        self.served = Served()
        self._shown: dict[str, FileState] = {}
        self.outcome: Outcome | None = None
        if files is not None:
            self.look()

    def look(self, after: float = 0.0) -> tuple[Event, ...]:
        """What comes of a look at the files, so many seconds after the one before."""
        self.now += after
        files: dict[str, FileState] = {
            path: UNCHANGED if isinstance(state, str) and self._shown.get(path) == state else state
            for path, state in self.files.items()
        }
        self._shown = dict(self.files)
        return self._take(Look(self.now, self.now, files, self.root, self.hidden))

    def lose_directory(self, after: float = 0.0) -> tuple[Event, ...]:
        """What comes of a look when the directory is not there."""
        self.now += after
        return self._take(Look(self.now, self.now, trouble="/conf does not exist: put the directory there"))

    def _take(self, look: Look) -> tuple[Event, ...]:
        self.outcome = self.catalog.look(look)
        self.served.take(self.outcome.events)
        return self.outcome.events

    @property
    def told(self) -> Outcome:
        """The newest outcome."""
        assert self.outcome is not None
        return self.outcome

    @property
    def objects(self) -> dict[str, str]:
        """What is served: name -> address."""
        return self.served.objects

    @property
    def reports(self) -> list[str]:
        """The reports, each as `origin object: reason`, the directory's name left out."""
        return [told(report) for report in self.told.standing.reports]


def told(report: Report) -> str:
    name = f" {report.key.name}" if report.key else ""
    return f"{report.origin.removeprefix('/conf/')}{name}: {report.reason}"


def applied(event: Event) -> tuple[str, Generation]:
    """Name and generation of an `Applied`."""
    assert isinstance(event, Applied)
    return event.key.name, event.generation
