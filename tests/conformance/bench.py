"""The control plane under test, with a clock of its own and objects of its own."""

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping

from ledger.ids import Generation, ObjectKey, ProxyId, TypeUrl
from ledger.receipts import Outcome, Query, Receipt
from tests.conformance.client import Client
from tests.conformance.transports import Kind
from xds.objects import Applied, ConfigObject, Deleted, Event
from xds.parsing.content import content_hash
from xds.plane import Plane
from xds.timing import Timing

NODE = "proxy-1"

START = 1_000_000.0


class Bench(ABC):
    """A control plane that is loaded and started, and the way to it.

    Every method returns when all has been written that is to be written by then.

    timing: of the plane; a test may set it before a `restart`. now: what the plane is told. objects: what was put.
    """

    def __init__(self) -> None:
        self.timing = Timing()
        self.now = START
        self.objects: dict[ObjectKey, Applied] = {}
        self.plane = self._new_plane()
        self._generation = 0

    async def begin(self) -> None:
        """To be called once."""
        await self._serve()
        await self.start()

    # The control plane

    async def start(self, *, roster_known: bool = True) -> None:
        """Everything is loaded."""
        self.plane.start(self.now, roster_known)
        await self._settle()

    async def restart(self, *, roster_known: bool = True, started: bool = True) -> None:
        """The process ends and another takes its place, with the objects as they are by now.

        Args:
            roster_known: the new process has what the old one saved.
            started: else `start` is to be called.
        """
        saved = json.loads(json.dumps(self.plane.dump()))
        await self._stop_serving()
        self.plane = self._new_plane()
        if roster_known:
            self.plane.load(saved, self.now)
        self.plane.apply(list(self.objects.values()), self.now)
        await self._serve()
        if started:
            await self.start(roster_known=roster_known)

    async def pass_time(self, seconds: float) -> None:
        """Time goes by, and the deadlines are looked at."""
        self.now += seconds
        await self._tick()
        await self._settle()

    # Objects

    async def put(self, *objects: ConfigObject) -> None:
        """Applies objects as one change, each at a generation of its own."""
        await self.change(*(self.applied(item) for item in objects))

    async def remove(self, *objects: ConfigObject) -> None:
        """Deletes objects as one change."""
        for item in objects:
            del self.objects[item.key]
        await self.change(*(Deleted(item.key) for item in objects))

    async def replace(self, old: ConfigObject, new: ConfigObject) -> None:
        """Deletes one object and applies another, as one change."""
        del self.objects[old.key]
        await self.change(Deleted(old.key), self.applied(new))

    async def change(self, *events: Event) -> None:
        """Hands the plane these events as one change."""
        self.plane.apply(events, self.now)
        await self._settle()

    def applied(self, item: ConfigObject) -> Applied:
        """The event that the object is now this; from then on it is what a restarted control plane finds."""
        self._generation += 1
        event = Applied(item, Generation(self._generation), content_hash(item))
        self.objects[item.key] = event
        return event

    # Receipts

    def receipt(self, item: ConfigObject) -> Receipt:
        """Of the object as it was last put; or, if it was removed, that it is no more."""
        return self.plane.receipt(self._query(item), self.now)

    def outcome(self, item: ConfigObject) -> Outcome:
        """The word of its receipt."""
        return self.receipt(item).outcome

    async def wait(self, item: ConfigObject) -> list[Receipt]:
        """Has the receipt waited for; it will be in the list when there is one to give."""
        answers: list[Receipt] = []
        self.plane.wait(self._query(item), answers.append, self.now)
        await self._settle()
        return answers

    async def forget(self, node: str = NODE) -> None:
        """The proxy is known to be gone."""
        self.plane.forget(ProxyId(node), self.now)
        await self._settle()

    def _query(self, item: ConfigObject) -> Query:
        applied = self.objects.get(item.key)
        return Query(item.key, applied.generation) if applied is not None else Query(item.key, deleted=True)

    # Clients

    @abstractmethod
    async def open(
        self, kind: Kind, type_url: TypeUrl, node: str = NODE, *, certificate: tuple[str, ...] | None = None
    ) -> Client:
        """Opens a stream on which the type can be asked for; nothing is said on it yet.

        Args:
            certificate: the names in the client's certificate, where it has to show one.
        """

    async def asking(
        self,
        kind: Kind,
        type_url: TypeUrl,
        *names: str,
        node: str = NODE,
        version: str = "",
        held: Mapping[str, str] | None = None,
    ) -> Client:
        """Opens a stream and asks for these names."""
        client = await self.open(kind, type_url, node)
        await client.ask(type_url, *names, version=version, held=held)
        return client

    # For the two ways in

    async def end(self) -> None:
        """Ends everything."""
        await self._stop_serving()

    def _new_plane(self) -> Plane:
        return Plane(timing=self.timing)

    @abstractmethod
    async def _serve(self) -> None: ...

    @abstractmethod
    async def _stop_serving(self) -> None: ...

    @abstractmethod
    async def _tick(self) -> None: ...

    @abstractmethod
    async def _settle(self) -> None:
        """The streams that have something to send are told so, and it is written."""
