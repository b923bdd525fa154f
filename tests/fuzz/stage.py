"""One control plane, a healthy proxy, fuzzed streams and objects; after every scene the oracle is asked."""

import json
from collections.abc import Callable

from google.protobuf.message import DecodeError

from ledger.ids import Generation, ObjectKey, ProxyId
from ledger.receipts import Outcome, Receipt
from protos.discovery_pb2 import DeltaDiscoveryRequest, DiscoveryRequest
from tests.conformance.speech import Request
from tests.fuzz.oracle import Oracle
from tests.fuzz.peers import Overheard, Peer
from tests.fuzz.witness import NODE, Witness
from xds.objects import Applied, ConfigObject, Deleted, Event
from xds.parsing.content import content_hash
from xds.plane import Plane
from xds.protocol.errors import StreamError
from xds.protocol.introduction import Peer as Address
from xds.protocol.stream import Transport
from xds.timing import Timing

Tell = Callable[[str], None]
"""Is told what happens, line by line."""


class Stage:
    """Each method is a scene, and returns when all is written that is to be written by then.

    peers: the fuzzed streams that are open. opened, restarts: how many there were of either.
    """

    def __init__(self, timing: Timing, delta_witness: bool, tell: Tell | None) -> None:
        self._tell = tell
        self.now = 1_000.0
        self.oracle = Oracle()
        self.peers: list[Peer] = []
        self.overheard = Overheard()
        self.opened = 0
        self.restarts = 0
        self._timing = timing
        self._delta_witness = delta_witness
        self._generation = 0
        self._answered: list[Receipt] = []
        self._begin()

    def _begin(self, saved: dict[str, object] | None = None) -> None:
        self.plane = Plane("fuzz", self._timing)
        if saved is not None:
            self.plane.load(saved, self.now)
        self.plane.apply(list(self.oracle.objects.values()), self.now)
        self.plane.start(self.now, roster_known=True)
        self.witness = Witness(self.plane, self._delta_witness, self.now)
        self.oracle.is_gone(ProxyId(NODE))
        self._finish()

    # Objects

    def change(self, *changes: ConfigObject | ObjectKey) -> None:
        """Applies objects, and deletes those of which there is only the key, as one change."""
        events: list[Event] = []
        for change in changes:
            self._say("object", change)
            if isinstance(change, ObjectKey):
                self.oracle.objects.pop(change, None)
                events.append(Deleted(change))
            else:
                self._generation += 1
                event = Applied(change, Generation(self._generation), content_hash(change))
                self.oracle.objects[change.key] = event
                events.append(event)
        self.oracle.changed()
        self.plane.apply(events, self.now)
        self._finish()

    # Streams

    def open(self, transport: Transport, node: str, certificate: tuple[str, ...] | None) -> Peer:
        """A fuzzed stream opens, to speak for that node."""
        self._say("stream", self.opened, "opens:", transport)
        stream = self.plane.open_stream(transport, Address("fuzz", certificate), self.now)
        peer = Peer(stream, node, self.opened, self.overheard)
        self.opened += 1
        self.peers.append(peer)
        self._finish()
        return peer

    def send(self, peer: Peer, data: bytes) -> None:
        """The stream says this; if it is refused, it ends."""
        request = _decoded(data, peer.stream.transport.delta)
        self._say("stream", peer.holdings.order, "says", data if request is None else request)
        try:
            self.plane.receive(peer.stream, data, self.now)
        except StreamError as error:
            self._say("  and is refused:", error)
            self.end(peer)
            return
        assert request is not None, "what is no protobuf was taken for a request"
        assert peer.stream.view is not None, "a request was taken in, and whose it is is not known"
        peer.holdings.namespace = peer.stream.view.namespace
        peer.holdings.said(request)
        self._met(peer)
        self._finish()

    def end(self, peer: Peer) -> None:
        """The stream ends; and the shell may say so twice."""
        self._say("stream", peer.holdings.order, "ends")
        self.peers.remove(peer)
        self.plane.end_stream(peer.stream, self.now)
        self.plane.end_stream(peer.stream, self.now)
        if peer.proxy is not None and not peer.holdings.had_company:
            self.oracle.absent.append((peer.proxy, peer.holdings))
        self._finish()

    def forget(self, proxy: ProxyId) -> None:
        """An operator says that the proxy is gone."""
        self._say(proxy, "is said to be gone")
        if self.plane.forget(proxy, self.now):
            self.oracle.is_gone(proxy)
        self._finish()

    def _met(self, peer: Peer) -> None:
        """The stream has spoken: of whom it is, and of which others it may be, is known a little better."""
        company = [other for other in self.peers if other is not peer and other.proxy == peer.proxy]
        for other in company:
            other.holdings.had_company = True
        peer.holdings.had_company |= bool(company) or peer.proxy == NODE
        if peer.holdings.asked and peer.proxy is not None:
            self.oracle.is_back(peer.proxy, peer.holdings.order)

    # Everything else

    def outcome(self, key: ObjectKey) -> Outcome:
        """The word of the receipt for the object as it is now."""
        return self.plane.receipt(self.oracle.query(key), self.now).outcome

    def wait(self, key: ObjectKey) -> None:
        """Somebody waits for the object to reach everybody."""
        self._say(key, "is waited for")
        self.plane.wait(self.oracle.query(key), self._answered.append, self.now)
        self._finish()

    def trouble(self, what: str | None) -> None:
        """A source can't tell what is so, or can again."""
        self._say("a source's trouble:", what)
        self.plane.trouble("source", what, self.now)
        self._finish()

    def pass_time(self, seconds: float) -> None:
        """Time goes by, and the deadlines are looked at."""
        self._say(seconds, "s go by")
        self.now += seconds
        ending = {stream.id for stream, _ in self.plane.tick(self.now)}
        assert self.witness.stream.id not in ending, "the healthy proxy is ended"
        for peer in [peer for peer in self.peers if peer.stream.id in ending]:
            self.end(peer)
        self._finish()

    def restart(self) -> None:
        """The process ends, and another takes its place with what it saved."""
        self._say("the control plane restarts")
        self.restarts += 1
        saved = json.loads(json.dumps(self.plane.dump()))
        for peer in list(self.peers):
            self.end(peer)
        self._begin(saved)

    def _say(self, *words: object) -> None:
        if self._tell is not None:
            self._tell(" ".join(" ".join(str(word).split()) for word in words))

    def _finish(self) -> None:
        self._pump()
        answered, self._answered = self._answered, []
        self.oracle.check(self.plane, (peer.holdings for peer in self.peers), answered, self.now)

    def _pump(self) -> None:
        for _ in range(1000):
            woken = self.plane.take_woken()
            if not woken:
                return
            for peer in self.peers:
                while peer.stream.id in woken and (data := self.plane.next_response(peer.stream, self.now)) is not None:
                    response = peer.hear(data)
                    self._say("  stream", peer.holdings.order, "is sent", response.nonce, response.told)
            stream = self.witness.stream
            while stream.id in woken and (data := self.plane.next_response(stream, self.now)) is not None:
                self.witness.hear(data, self.now)
        raise AssertionError("a healthy proxy is sent things for ever")


def _decoded(data: bytes, delta: bool) -> Request | None:
    try:
        return DeltaDiscoveryRequest.FromString(data) if delta else DiscoveryRequest.FromString(data)
    except DecodeError:
        return None
