"""A small world of streams and resources, in which a test says what happens and when."""

import gc
from collections import Counter
from collections.abc import Callable, Iterable
from itertools import count
from sys import getprofile, setprofile
from types import FrameType

from ledger.deliveries import Deliveries, ResourceChange
from ledger.footprints import Footprints
from ledger.ids import NEVER, Generation, ObjectKey, ProxyId, ResourceName, Revision, StreamId, TypeUrl
from ledger.interest import Interest
from ledger.lag import Lag
from ledger.receipts import Outcome, Query, Receipt, Receipts
from ledger.stream_record import StreamRecord
from ledger.waiting import Waiter, WaitingRoom
from ledger.wakes import Wakes

CDS = TypeUrl("type.test/a.Cluster")
EDS = TypeUrl("type.test/a.Assignment")
LDS = TypeUrl("type.test/a.Listener")

VIEW = "a view"
OTHER_VIEW = "another view"


def eds(name: str) -> ResourceName:
    return ResourceName(EDS, name)


def cds(name: str) -> ResourceName:
    return ResourceName(CDS, name)


def key(name: str) -> ObjectKey:
    return ObjectKey("WorkloadEntry", "default", name)


class Facts:
    """The surroundings of receipts, as a test sets them. All clusters are covered by wildcards, and nothing else is."""

    def __init__(self) -> None:
        self.troubles: list[str] = []
        self.hindrances: dict[ObjectKey, list[str]] = {}

    def unknowns(self, _: ObjectKey) -> list[str]:
        return list(self.troubles)

    def obstacles(self, key: ObjectKey) -> list[str]:
        return list(self.hindrances.get(key, []))

    def by_wildcard(self, resource: ResourceName) -> bool:
        return resource.type_url == CDS


class Scene:
    """The whole of `ledger/` but the ledger, with a clock that a test sets and a revision that every change raises."""

    def __init__(self, absent_deadline: float | None = None) -> None:
        self.now = 1000.0
        self.revision = NEVER
        self.facts = Facts()
        self.deliveries = Deliveries()
        self.footprints = Footprints(self.deliveries.let_go)
        self.receipts = Receipts(self.deliveries, self.footprints, self.facts)
        self._absent_deadline = absent_deadline
        self.room = WaitingRoom(self.deliveries, self.footprints, self.receipts)
        self.answers: list[Receipt] = []
        self._ids = count(1)

    # Streams

    def new_ids(self, count: int) -> list[StreamId]:
        return [StreamId(next(self._ids)) for _ in range(count)]

    def open(self, proxy: str = "proxy", view: str = VIEW, types: Iterable[TypeUrl] = (EDS,)) -> StreamRecord:
        """A stream of the proxy on which these types can be asked for."""
        return self.deliveries.open(StreamId(next(self._ids)), ProxyId(proxy), view, types, self.now)

    def show(self, record: StreamRecord, type_url: TypeUrl = EDS, holds: bool = False) -> Interest:
        """The stream's first request of the type. `holds`: it says that the proxy holds something already."""
        interest, _ = self.deliveries.show(record, type_url, holds)
        return interest

    def ask(self, interest: Interest, *names: str) -> Interest:
        """The stream asks for the names, of which the proxy may hold anything."""
        self.deliveries.subscribe(interest, names)
        for name in names:
            self.deliveries.owe(interest, name, self.revision, self.now, held=NEVER)
        return interest

    def connect(self, proxy: str, *names: str, view: str = VIEW, type_url: TypeUrl = EDS) -> Interest:
        """A stream that has asked for the names, and has ACKed the newest of them."""
        interest = self.ask(self.show(self.open(proxy, view, (type_url,)), type_url), *names)
        self.take(interest)
        return interest

    def end(self, of: Interest | StreamRecord) -> None:
        self.deliveries.end(of.stream if isinstance(of, Interest) else of.id, self.now)

    def is_obliged(self, of: Interest | StreamRecord) -> bool:
        return (of.stream if isinstance(of, Interest) else of.id) in self.deliveries.streams

    # Changes

    def change(
        self, *names: str, views: Iterable[str] | None = None, wildcard: bool = False, type_url: TypeUrl = EDS
    ) -> set[StreamId]:
        """The resources have new forms. Returns who is woken."""
        since, self.revision = self.revision, Revision(self.revision + 1)
        seen = None if views is None else frozenset(views)
        changes = [ResourceChange(ResourceName(type_url, name), seen, wildcard) for name in names]
        return self.deliveries.changed(changes, since, self.revision, self.now)

    def apply(self, name: str, *touched: str, generation: int = 1, awaited: Iterable[ResourceName] = ()) -> ObjectKey:
        """The object has a new form, by which these assignments changed."""
        self.change(*touched)
        self.footprints.applied(key(name), Generation(generation), self.revision, map(eds, touched), awaited)
        self._after_change(name)
        return key(name)

    def delete(self, name: str, *touched: str) -> ObjectKey:
        """The object is no more, by which these assignments changed."""
        self.change(*touched)
        self.footprints.deleted(key(name), self.revision, map(eds, touched))
        self._after_change(name)
        return key(name)

    def _after_change(self, name: str) -> None:
        self.room.object_changed(key(name))
        self.run()

    # Responses

    def send(self, interest: Interest, *names: str) -> Revision:
        """A response goes out; with all that is unsent, unless names are given. Returns the revision it is built at."""
        self.deliveries.sent(interest, names or tuple(interest.unsent), self.revision, self.now)
        return self.revision

    def ack(self, interest: Interest, *names: str, built: Revision | None = None) -> None:
        """The stream ACKs a response with these names, built at `built`; now, unless that is given."""
        self.deliveries.acked(interest, names, self.revision if built is None else built)
        self.run()

    def nack(self, interest: Interest, *names: str, text: str = "no good", again: bool = False) -> None:
        self.deliveries.nacked(interest, names, text, again)
        self.run()

    def take(self, interest: Interest) -> None:
        """Everything unsent is sent and ACKed."""
        names = tuple(interest.unsent)
        self.send(interest)
        self.ack(interest, *names)

    # Receipts

    def receipt(self, name: str, generation: int = 0, deleted: bool = False) -> Receipt:
        self._release_absent()
        return self.receipts.evaluate(Query(key(name), Generation(generation), deleted))

    def wait(self, name: str, generation: int = 0, deleted: bool = False) -> Waiter:
        """Waits for a receipt, which will be found in `answers`."""
        return self.room.wait(Query(key(name), Generation(generation), deleted), self.answers.append, self.now)

    @property
    def outcomes(self) -> list[Outcome]:
        """Of the receipts that waiters were answered with."""
        return [receipt.outcome for receipt in self.answers]

    def run(self) -> None:
        self._release_absent()
        self.room.run(self.now)

    def _release_absent(self) -> None:
        if self._absent_deadline is not None:
            self.deliveries.release_absent(self.now - self._absent_deadline)


def calls(action: Callable[..., object], *arguments: object) -> Counter[str]:
    """How often each function is called while `action` runs with these arguments: what it costs, without a clock."""
    counted: Counter[str] = Counter()

    def count_call(frame: FrameType, event: str, argument: object) -> None:
        if event == "call":
            counted[frame.f_code.co_qualname] += 1
        elif event == "c_call":
            counted[getattr(argument, "__qualname__", "?")] += 1

    before, collects = getprofile(), gc.isenabled()
    gc.disable()  # what earlier tests left may have finalizers, whose calls are none of this one's
    setprofile(count_call)
    try:
        action(*arguments)
    finally:
        setprofile(before)
        if collects:
            gc.enable()
    return counted


def held_things(lag: Lag) -> int:
    """How many things a Lag has in its collections, whatever these are."""
    waiters = [] if lag._wakes is None else [getattr(lag._wakes, slot) for slot in Wakes.__slots__]
    own = [getattr(lag, slot) for slot in Lag.__slots__]
    return sum(len(things) for things in (*own, *waiters) if things is not None)
