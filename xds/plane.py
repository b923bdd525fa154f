"""The control plane's core: objects in, responses and receipts out.

It holds no socket, task, file or clock: a shell calls it with events and with the time, writes what `next_response`
gives, and looks at `take_woken` after every call for the streams that have something to send.
"""

from collections.abc import Iterable, Mapping

from ledger.deliveries import Deliveries
from ledger.footprints import Footprints
from ledger.ids import ProxyId, StreamId
from ledger.ledger import Ledger
from ledger.processes import ONE_LEFT_SECONDS
from ledger.receipts import Answer, Query, Receipt, Receipts
from ledger.roster import Roster
from ledger.waiting import Waiter, WaitingRoom
from xds.index.index import Index, Touched
from xds.memory import Memory
from xds.naming import catalogued
from xds.objects import Applied, Deleted, Event
from xds.protocol.errors import StreamError
from xds.protocol.introduction import Peer
from xds.protocol.stream import Stream, Transport
from xds.protocol.traffic import Traffic
from xds.protocol.world import World
from xds.snapshot import Snapshot
from xds.surroundings import Concerns, Surroundings
from xds.timing import Timing
from xds.view import View

ANSWERS_AT_ONCE = 200
"""Receipts that a server should look after in one go: 20 ms."""

_PAUSED = 10
"""Times as long a stream has to show what it holds that is read slowly (`xds.pace`): it may have said so already."""


class Plane:
    """Everything that decides, in one object.

    Args:
        identifier: names this control plane to the proxies (rule 12).
        durable: what `dump` gives outlives the process: no proxy is answered before `saved` has told that the newest is
            safe.
        answers_at_once: of so many receipts one event looks after; then `answer` is to be called while `unanswered`.
    """

    def __init__(
        self,
        identifier: str = "lastack",
        timing: Timing | None = None,
        durable: bool = False,
        answers_at_once: int | None = None,
    ) -> None:
        self.timing = timing or Timing()
        self.ledger = Ledger()
        self.index = Index()
        self.snapshot = Snapshot(self.index)
        self.deliveries = Deliveries()
        self.roster = Roster()
        self.footprints = Footprints(self.deliveries.let_go)
        self.surroundings = Surroundings(self.index)
        self.receipts = Receipts(self.deliveries, self.footprints, self.surroundings)
        self.room = WaitingRoom(self.deliveries, self.footprints, self.receipts)
        self.streams: dict[StreamId, Stream] = {}
        self._world = World(self.snapshot, self.deliveries, identifier, self.ledger.revision, self.ledger.root)
        self._memory = Memory(self._world, self.roster)
        self._next_stream = 1
        self._durable_version: int | None = 0 if durable else None
        self._answers_at_once = answers_at_once
        self._woken: set[StreamId] = set()

    # Start

    def dump(self) -> dict[str, object]:
        """What a restarted process must know, as plain values."""
        return self._memory.dump()

    @property
    def dump_version(self) -> int:
        """Rises whenever `dump` has something new that must be safe before proxies are answered."""
        return self._memory.version

    def load(self, dumped: Mapping[str, object], now: float) -> None:
        """Takes in the `dump` of an earlier process: its proxies are absent, and may hold anything.

        Raises:
            ValueError: if it is not what `dump` gives.
        """
        self._memory.load(dumped, now, self._new_id)

    def start(self, now: float, roster_known: bool) -> None:
        """Everything is loaded: proxies may be answered (rule 5).

        Args:
            roster_known: the roster of the earlier process was loaded, or there was none. If not, who holds what is
                unknown until the settling time is over.
        """
        self.surroundings.loading = False
        if not roster_known and self.timing.settling > 0:
            self.surroundings.settles_at = now + self.timing.settling
        self.deliveries.reachable(now)
        if not roster_known:
            self.deliveries.in_doubt_until = now + ONE_LEFT_SECONDS
        self._woken.update(self.streams)
        self._after(now, surroundings=True)

    @property
    def ready(self) -> bool:
        """Whether everything is loaded."""
        return not self.surroundings.loading

    @property
    def traffic(self) -> Traffic:
        """How many responses were sent and answered."""
        return self._world.traffic

    # Sources

    def apply(self, events: Iterable[Event], now: float) -> None:
        """Takes in changes of objects, as one: when it returns, every resource is up to date."""
        since = self.ledger.revision
        applied: list[tuple[Event, bool, Touched]] = []
        for event in events:
            if isinstance(event, Applied):
                changed = self.ledger.apply(event.key, event.generation, event.content, now)
            else:
                changed = self.ledger.delete(event.key, now)
            if changed is not None:
                in_use = isinstance(event, Deleted) and bool(self.surroundings.obstacles(event.key))
                applied.append((event, in_use, self.index.apply(event)))
        if not applied:
            return
        revision = self.ledger.revision
        changes = self.snapshot.update(touched for _, _, touched in applied)
        self._woken |= self.deliveries.changed(changes, since, revision, now)
        # Only now: what an earlier change has touched may be let go of only by who has let go of this one too.
        for event, in_use, touched in applied:
            if isinstance(event, Applied):
                self.footprints.applied(event.key, event.generation, revision, touched.footprint, touched.awaited)
            else:
                self.footprints.deleted(event.key, revision, touched.footprint, in_use)
            for key, resources in touched.moved.items():
                self.footprints.touch(key, resources, revision)
            self.room.object_changed(event.key)
        self._world.revision, self._world.root = revision, self.ledger.root
        if any(catalogued(new) - catalogued(old) for _, _, touched in applied for old, new in touched.services):
            self._memory.catalogue_version += 1
        self.room.obstacles_changed()
        self._after(now)

    def trouble(self, source: str, what: str | None, now: float, concerns: Concerns | None = None) -> None:
        """A source can't tell what is so, or, with None, can again.

        Args:
            concerns: says which objects' receipts are UNKNOWN then; without it, all are.
        """
        self.surroundings.trouble(source, what, concerns)
        self._after(now, surroundings=True)

    # Streams

    def open_stream(self, transport: Transport, peer: Peer, now: float) -> Stream:
        """A stream has opened."""
        stream = Stream(self._new_id(), transport, peer, self._world, self.roster)
        self.streams[stream.id] = stream
        self.deliveries.arrive(stream.id, now)
        return stream

    def is_read(self, stream: Stream, now: float) -> None:
        """A new stream that was not read until now (`xds.pace`) is: it has all its time yet to say whose it is."""
        stream.paused = False
        if stream.id in self.deliveries.arriving:
            self.deliveries.arriving[stream.id] = now

    def receive(self, stream: Stream, data: bytes, now: float) -> None:
        """A request has arrived.

        Raises:
            StreamError: the stream has to end; `end_stream` is still to be called.
        """
        try:
            stream.receive(data, now)
        finally:
            self._memory.told_by(stream)
            self._woken.add(stream.id)
            self._after(now)

    def next_response(self, stream: Stream, now: float) -> bytes | None:
        """The next response to write on the stream; None if there is nothing to send now."""
        if self.surroundings.loading or stream.id not in self.streams:
            return None
        if self._durable_version is not None and self._durable_version < self.dump_version:
            return None
        return stream.next_response(now)

    def end_stream(self, stream: Stream, now: float) -> None:
        """The stream has ended, for whatever reason. May be called twice."""
        if self.streams.pop(stream.id, None) is None:
            return
        if stream.record is None:
            self.deliveries.leave(stream.id)
        else:
            self.deliveries.end(stream.id, now)
            self.roster.stream_ended(stream.record.proxy, now)
            self._memory.told_by(stream)
        self._after(now)

    def take_woken(self) -> set[StreamId]:
        """Takes out the streams that may have something to send."""
        woken, self._woken = self._woken | self.room.woken, set()
        self.room.woken = set()
        return woken & self.streams.keys()

    # The roster

    def forget(self, proxy: ProxyId, now: float) -> bool:
        """An absent proxy is known to be gone: it holds back no receipt any more.

        Of a proxy that is connected, the streams that ended are forgotten: those of another process by its node id.

        Returns:
            False if nothing of the proxy was absent.
        """
        absent = self.roster.forget(proxy, now)
        if not self.deliveries.forget(proxy) and not absent:
            return False
        self._after(now)
        return True

    def saved(self, version: int) -> None:
        """What `dump` gave at this `dump_version` is safe."""
        self._durable_version = version
        self._woken.update(self.streams)

    # Receipts

    def receipt(self, query: Query, now: float) -> Receipt:
        """The receipt as of now."""
        return self.receipts.evaluate(query)

    def wait(self, query: Query, answer: Answer, now: float) -> Waiter:
        """Has `answer` called with the receipt when it is CONFIRMED or RELEASED_UNCONFIRMED; maybe at once."""
        return self.room.wait(query, answer, now)

    @property
    def unanswered(self) -> bool:
        """Whether there may be receipts that can be answered by now, and were not, since there were too many."""
        return self.room.unfinished

    def answer(self, now: float) -> None:
        """Answers some of those."""
        self._after(now)

    def leave(self, waiter: Waiter) -> None:
        """The waiter gives up."""
        self.room.leave(waiter)

    # Time

    def tick(self, now: float) -> list[tuple[Stream, StreamError]]:
        """Looks at the deadlines; to be called about once a second. Returns the streams to end, and why."""
        overdue = []
        for stream in self.streams.values():
            if stream.record is None:
                since = self.deliveries.arriving.get(stream.id, now)
                if not stream.paused and now - since >= self.timing.first_request:
                    self.deliveries.overlook(stream.id)
                continue
            patience = self.timing.first_request * (_PAUSED if stream.paused else 1)
            if now - stream.record.opened >= patience:
                self.deliveries.holds_nothing(stream.record)
            error = stream.overdue(self.timing, now)
            if error is not None:
                overdue.append((stream, error))
        self.deliveries.expire(now)
        surroundings = self.surroundings.settled(now)
        deadline = self.timing.absent_deadline
        if deadline is not None:
            surroundings = self.deliveries.release_absent(now - deadline) or surroundings
        self._after(now, surroundings=surroundings)
        return overdue

    # The rest

    def _after(self, now: float, surroundings: bool = False) -> None:
        self._drop_views()
        if surroundings:
            self.room.surroundings_changed()
        self.room.run(now, self._answers_at_once)

    def _new_id(self) -> StreamId:
        self._next_stream += 1
        return StreamId(self._next_stream - 1)

    def _drop_views(self) -> None:
        for view in self.deliveries.take_vacated():
            if isinstance(view, View):
                self.snapshot.drop_view(view)
