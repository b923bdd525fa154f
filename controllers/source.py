"""What a source is, to those who run it, and what it needs."""

from collections.abc import Callable, Sequence
from typing import Protocol

from controllers.reports import Report
from ledger.ids import ObjectKey
from xds.objects import Event


class SourceError(Exception):
    """The source can't start. Terminal: somebody has to put it right first; the text says what."""


class Sink(Protocol):
    """Where objects go: the part of the runtime that a source needs."""

    @property
    def clock(self) -> Callable[[], float]: ...

    async def apply(self, events: Sequence[Event]) -> None: ...

    def trouble(self, source: str, what: str | None) -> None: ...


class ClusterSink(Sink, Protocol):
    """What a source needs whose objects are acted upon."""

    def is_given_by_another(self, key: ObjectKey) -> bool:
        """Whether another source holds the object, and its form is the one that counts."""


class Source(Protocol):
    """Where objects come from. `name` tells where: `files:DIR`, `kubernetes:CONTEXT`."""

    name: str

    async def start(self) -> None:
        """Applies all that there is.

        Raises:
            SourceError: it can't be read.
        """

    async def run(self) -> None:
        """Applies changes, until it is cancelled."""

    async def catch_up(self, key: ObjectKey) -> None:
        """Returns when what was written of the object before the call has been applied."""

    async def refresh(self) -> None:
        """Returns when all that there was at the time of the call has been applied, of all objects."""

    def reports(self) -> list[Report]:
        """What is wrong now."""

    def report_for(self, key: ObjectKey) -> Report | None:
        """Why the object that is served may not be the one that is meant, or a warning; None if all is well."""
