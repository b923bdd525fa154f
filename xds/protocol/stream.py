"""One stream: decodes its requests, keeps its subscriptions, and decides what is sent next."""

from collections.abc import Set
from dataclasses import dataclass

from google.protobuf.message import DecodeError

from ledger.ids import Nonce, ProxyId, StreamId, TypeUrl
from ledger.roster import Proxy, Roster
from ledger.sparse import NOTHING, having
from ledger.stream_record import StreamRecord
from protos.base_pb2 import Node
from protos.discovery_pb2 import DeltaDiscoveryRequest, DiscoveryRequest
from xds.protocol.delta import ROOT_PREFIX, DeltaSubscription
from xds.protocol.delta_request import DeltaRequest
from xds.protocol.errors import Status, StreamError
from xds.protocol.introduction import Peer, user_agent, view_of
from xds.protocol.name_limits import WILDCARD, check_length, check_number, check_strange, most_names
from xds.protocol.sotw import SotwSubscription
from xds.protocol.world import World
from xds.timing import Timing
from xds.types import CDS, CHILD, EDS, FULL_SET, LDS, RDS, TYPES
from xds.view import View

MAX_UNKNOWN_TYPES = 64

_EVERY_TYPE = frozenset(TYPES)


@dataclass(frozen=True, slots=True)
class Transport:
    """How a stream speaks: `delta` or SotW; `only` the type of a per-type service, None for ADS (rule 1)."""

    delta: bool
    only: TypeUrl | None = None


class Stream:
    """One stream's state.

    `receive` takes a request as it came; `next_response` gives the next response to write, encoded, or None. What else
    has become sendable (on other streams too) is told by `Deliveries`.
    """

    def __init__(self, id: StreamId, transport: Transport, peer: Peer, world: World, roster: Roster) -> None:
        self.id = id
        self.transport = transport
        self.peer = peer
        self._world = world
        self._roster = roster
        self.record: StreamRecord | None = None
        self.proxy: Proxy | None = None
        self.view: View | None = None
        self.subscriptions: dict[TypeUrl, SotwSubscription | DeltaSubscription] = {}
        self.unasked = 0
        """Requests so far that did anything but answer a response."""
        self.paused = False
        """Whether it is not read for a while, since there are too many of those; more may have been said than heard."""
        self._unknown_types: set[int] = set()
        self._sequence = 0

    def receive(self, data: bytes, now: float) -> None:
        """Takes in one request.

        Raises:
            StreamError: the stream has to end.
        """
        request = self._decode(data)
        node_id = request.node.id
        if self.record is None:
            self._introduce(request.node, now)
        elif node_id and node_id != self.record.proxy:
            raise StreamError(
                Status.INVALID_ARGUMENT,
                f"node id {_shown(node_id)} on a stream of {self.record.proxy!r}: a stream belongs to one node",
            )
        self.unasked += 1
        type_url = TypeUrl(self._type_of(request))
        if type_url not in TYPES:
            self._remember_unknown(type_url)
            return
        given = self._read(request, type_url)
        subscription = self.subscriptions.get(type_url)
        if subscription is None:
            self._begin(type_url, given, now)
            return
        self._aim(type_url, given)
        sent = subscription.outstanding
        if isinstance(subscription, DeltaSubscription):
            assert isinstance(given, DeltaRequest)
            subscription.receive(given, now)
            asks = bool(given.subscribed or given.unsubscribed)
        else:
            assert isinstance(given, DiscoveryRequest)
            subscription.receive(given, now)
            asks = False  # it repeats its names with every ACK
        if subscription.outstanding is not sent and not asks:
            self.unasked -= 1

    @property
    def has_unsent(self) -> bool:
        """Whether `next_response` may have something to give; it is quick to ask."""
        for subscription in self.subscriptions.values():
            if subscription.outstanding is None and (subscription.interest.unsent or subscription.answer_due):
                return True
        return False

    def next_response(self, now: float) -> bytes | None:
        """The next response to write, in the order of rule 7; None if there is nothing to send now."""
        for type_url in TYPES:
            subscription = self.subscriptions.get(type_url)
            if subscription is None or subscription.outstanding is not None:
                continue
            if not (subscription.interest.unsent or subscription.answer_due) or self._must_wait(type_url):
                continue
            nonce = Nonce(f"{self._world.root[:ROOT_PREFIX]}.{self._sequence + 1}")
            response = subscription.next_response(nonce, self._may_remove(type_url), now)
            if response is None:
                continue
            self._sequence += 1
            body, names = response
            child = self.subscriptions.get(CHILD[type_url]) if type_url in CHILD else None
            if child is not None:
                child.send_again(names, now)
            return body
        return None

    def overdue(self, timing: Timing, now: float) -> StreamError | None:
        """Why the stream has to end, where a response of it was not answered for too long; and marks what is stale."""
        for subscription in self.subscriptions.values():
            sent = subscription.outstanding
            waiting = now - sent.sent_at if sent is not None else 0.0
            subscription.stale = sent is not None and waiting >= timing.stale
            if waiting >= timing.end:
                return StreamError(
                    Status.DEADLINE_EXCEEDED, f"no ACK of a {subscription.type_url} response within {waiting:.0f} s"
                )
        return None

    def _read(
        self, request: DiscoveryRequest | DeltaDiscoveryRequest, type_url: TypeUrl
    ) -> DiscoveryRequest | DeltaRequest:
        """Looks at the names in a request.

        Raises:
            StreamError: the stream has to end.
        """
        most = most_names(self._world)
        if isinstance(request, DiscoveryRequest):
            check_number(len(request.resource_names), type_url, most)  # before they are read: there may be a million
            names = set(request.resource_names)
            check_length(max(map(len, names), default=0))
            self._check(names, type_url)
            return request
        check_number(len(request.resource_names_subscribe), type_url, most)
        check_number(len(request.initial_resource_versions), type_url, most)
        given = self._world.delta_requests.read(request)
        check_length(given.longest)
        if given.subscribed:
            self._check(given.subscribed, type_url)
        if given.held:
            self._check(given.held.keys(), type_url)
        return given

    def _check(self, names: Set[str], type_url: TypeUrl) -> None:
        """Refuses names that are of nothing and fill the memory.

        Raises:
            StreamError: the stream has to end.
        """
        assert self.view is not None
        subscription = self.subscriptions.get(type_url)
        asked = subscription.interest.names if subscription is not None else NOTHING
        check_strange(names, asked, type_url, self.view, self._world)

    # The first request

    def _introduce(self, node: Node, now: float) -> None:
        self.view = view_of(node, self.peer)
        proxy_id = ProxyId(node.id)
        expected = _EVERY_TYPE if self.transport.only is None else (self.transport.only,)
        self._world.snapshot.add_view(self.view)
        self.record = self._world.deliveries.open(self.id, proxy_id, self.view, expected, now)
        self.proxy = self._roster.connected(proxy_id, self.peer.address, user_agent(node), now)

    def _begin(self, type_url: TypeUrl, request: DiscoveryRequest | DeltaRequest, now: float) -> None:
        record, proxy, view = self.record, self.proxy, self.view
        assert record is not None
        assert proxy is not None
        assert view is not None
        new_here = type_url not in proxy.shown
        self._roster.asked(proxy, type_url)
        self._aim(type_url, request)
        claims_anything = bool(request.held if isinstance(request, DeltaRequest) else request.version_info)
        interest, inherited = self._world.deliveries.show(record, type_url, claims_anything)
        if new_here or self._world.deliveries.processes.count(record, type_url) > 1:
            # The process has not shown the type to this control plane before; or another of its node id has.
            inherited.relics = True
            remembered = {name.name for name in proxy.remembered_taint if name.type_url == type_url}
            inherited.tainted = having(inherited.tainted, remembered)
        try:
            if isinstance(request, DeltaRequest):
                delta = DeltaSubscription(self._world, record, view, interest)
                self.subscriptions[type_url] = delta
                delta.begin(request, inherited, now)
            else:
                sotw = SotwSubscription(self._world, record, view, interest)
                self.subscriptions[type_url] = sotw
                sotw.begin(request, inherited, now)
        except Exception:
            self._world.deliveries.not_shown(record, type_url)
            raise
        self._world.deliveries.doubt(record, type_url, inherited.doubtful)

    def _aim(self, type_url: TypeUrl, request: DiscoveryRequest | DeltaRequest) -> None:
        """A gRPC client asks for the listener of its target by name; an Envoy for everything."""
        record, proxy = self.record, self.proxy
        assert record is not None
        assert proxy is not None
        if type_url not in FULL_SET:
            return
        names: Set[str]
        given_up: Set[str]
        if isinstance(request, DeltaRequest):
            names, given_up = request.subscribed, request.unsubscribed
            kept = record.targets - given_up
        else:
            names, kept, given_up = set(request.resource_names), NOTHING, NOTHING
        if WILDCARD in names or (not names and type_url not in record.interests):
            record.asks_for_everything = True
        elif type_url == LDS and not record.asks_for_everything:
            if type_url not in record.interests:
                names = names - given_up  # in a first request that counts for more
            self._world.deliveries.aim(record, names | kept)
            streams = self._world.deliveries.of_proxy[proxy.id].values()
            self._roster.aimed(proxy, {target for stream in streams for target in stream.targets})

    def _decode(self, data: bytes) -> DiscoveryRequest | DeltaDiscoveryRequest:
        try:
            if self.transport.delta:
                return DeltaDiscoveryRequest.FromString(data)
            return DiscoveryRequest.FromString(data)
        except DecodeError as error:
            kind = "DeltaDiscoveryRequest" if self.transport.delta else "DiscoveryRequest"
            raise StreamError(Status.INVALID_ARGUMENT, f"not a valid {kind}: {error}") from error

    def _type_of(self, request: DiscoveryRequest | DeltaDiscoveryRequest) -> str:
        only = self.transport.only
        if only is None:
            if not request.type_url:
                raise StreamError(Status.INVALID_ARGUMENT, "a request on an ADS stream must give its type_url (rule 1)")
            return request.type_url
        if request.type_url not in ("", only):
            raise StreamError(
                Status.INVALID_ARGUMENT, f"{_shown(request.type_url)} is asked for on a stream of {only} (rule 1)"
            )
        return only

    def _remember_unknown(self, type_url: str) -> None:
        """Rule 10: an unknown type gets nothing, and does not end the stream."""
        self._unknown_types.add(hash(type_url))  # not the text, which may be as long as a message
        if len(self._unknown_types) > MAX_UNKNOWN_TYPES:
            raise StreamError(
                Status.RESOURCE_EXHAUSTED, f"more than {MAX_UNKNOWN_TYPES} unknown types are asked for on one stream"
            )

    # Rule 7: the order of types

    def _must_wait(self, type_url: TypeUrl) -> bool:
        """Listeners and routes wait until new clusters and their endpoints are there."""
        return type_url in (LDS, RDS) and (self._making(CDS) or self._making(EDS))

    def _may_remove(self, type_url: TypeUrl) -> bool:
        """Removals come last: listeners after all updates, clusters after the listeners and routes that used them."""
        record = self.record
        assert record is not None
        if record.claims_anything and record.unshown & {LDS, RDS} and type_url in (LDS, CDS):
            return False  # their first requests are on their way, and may be answered with what lets go
        if type_url == LDS:
            return not self._updating(LDS) and self._settled(RDS)
        if type_url == CDS:
            return not (self._updating(CDS) or self._making(EDS)) and self._settled(LDS) and self._settled(RDS)
        return True

    def _making(self, type_url: TypeUrl) -> bool:
        subscription = self.subscriptions.get(type_url)
        return subscription is not None and subscription.making

    def _settled(self, type_url: TypeUrl) -> bool:
        subscription = self.subscriptions.get(type_url)
        return subscription is None or subscription.settled

    def _updating(self, type_url: TypeUrl) -> bool:
        subscription = self.subscriptions.get(type_url)
        return subscription is not None and subscription.updating


def _shown(text: str, most: int = 200) -> str:
    return repr(text if len(text) <= most else text[:most] + "...")
