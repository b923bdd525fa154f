"""No proxy is sent anything that a control plane which starts anew would not know of; and until it knows, it says so.

The state is saved at any time, and is safe at any later one. Processes of the control plane end at any time, and the
next one starts from what was safe, or from nothing. Two proxies ask for everything, ACK and reject it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from ledger.ids import Generation, ObjectKey
from ledger.processes import ONE_LEFT_SECONDS
from ledger.receipts import Outcome, Query
from protos.base_pb2 import Node, Status
from protos.discovery_pb2 import DeltaDiscoveryRequest, DeltaDiscoveryResponse
from tests.xds.mesh import HTTP, TCP, service
from xds.objects import Applied, Deleted, ServiceEntry, ServicePort
from xds.parsing.content import content_hash
from xds.plane import Plane
from xds.protocol.introduction import Peer
from xds.protocol.stream import Stream, Transport
from xds.timing import Timing
from xds.types import CDS, LDS

SETTLING = 60.0
TYPES = (CDS, LDS)
WHICH = st.integers(0, 1)
NOBODY = Query(ObjectKey("ServiceEntry", "default", "nobody"), deleted=True)
"""Asks for the absence of what never was: CONFIRMED, unless there is somebody of whom nothing is known."""

Name = tuple[str, str]
"""(type URL, name)."""


@dataclass(eq=False)
class Proxy:
    """A process that asks for all clusters and listeners.

    heard: the types that the control plane has heard it ask for. may_hold: what it was sent and has not ACKed the
    removal of; held: what of that it would list. rejected: what it rejected, and has not ACKed since.
    """

    node: str
    heard: set[str] = field(default_factory=set)
    may_hold: set[Name] = field(default_factory=set)
    held: set[Name] = field(default_factory=set)
    rejected: set[Name] = field(default_factory=set)
    stream: Stream | None = None
    inbox: list[DeltaDiscoveryResponse] = field(default_factory=list)


@dataclass(frozen=True)
class Saved:
    """A state, as it can be read back. `complete`: it was known by then that nobody else is there."""

    dump: Mapping[str, object]
    version: int
    complete: bool

    def types(self, node: str) -> set[str]:
        return {type_url for one in self._list("proxies") if one["id"] == node for type_url in one["types"]}

    def tainted(self, node: str) -> set[Name]:
        return {(url, name) for one in self._list("proxies") if one["id"] == node for url, name in one["tainted"]}

    @property
    def names(self) -> set[Name]:
        return {(url, name) for url, name in self._list("names")}

    def _list(self, what: str) -> list:  # type: ignore[type-arg]
        found = self.dump[what]
        assert isinstance(found, list)
        return found


NOTHING = Saved({"proxies": [], "names": [], "newcomers": []}, 0, complete=False)


class Worlds(RuleBasedStateMachine):
    """absent: proxies that an earlier process has answered, and that are not back. settled_at: see `Timing`."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 1000.0
        self.settled_at = self.now
        self.objects: dict[ObjectKey, ServiceEntry] = {}
        self.proxies = [Proxy("p"), Proxy("q")]
        self.absent: set[str] = set()
        self.safe = NOTHING
        self.saving: list[Saved] = []
        self.plane = self.new_plane()
        self.plane.start(self.now, roster_known=True)

    def new_plane(self) -> Plane:
        return Plane("test", Timing(settling=SETTLING), durable=True)

    # Objects, time and the state

    @rule(name=st.sampled_from("ab"), port=st.sampled_from([HTTP, TCP]), san=st.sampled_from(["one", "two"]))
    def a_service_comes_or_changes(self, name: str, port: ServicePort, san: str) -> None:
        one = service(name, port, sans=[san])
        self.objects[one.key] = one
        self.plane.apply([applied(one)], self.now)
        self.pump()

    @rule(data=st.data())
    @precondition(lambda self: self.objects)
    def a_service_goes(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(sorted(self.objects)))
        del self.objects[key]
        self.plane.apply([Deleted(key)], self.now)
        self.pump()

    @rule(seconds=st.sampled_from([1.0, SETTLING]))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds
        self.plane.tick(self.now)
        self.pump()

    @rule()
    def the_state_is_saved(self) -> None:
        self.saving.append(self.state())

    def state(self) -> Saved:
        return Saved(self.plane.dump(), self.plane.dump_version, self.now >= self.settled_at)

    @rule()
    @precondition(lambda self: self.saving)
    def what_was_saved_is_safe(self) -> None:
        self.safe = self.saving.pop(0)
        self.plane.saved(self.safe.version)
        self.pump()

    @rule(state_is_lost=st.booleans(), meanwhile=st.sets(WHICH))
    def the_control_plane_ends_and_another_starts(self, state_is_lost: bool, meanwhile: set[int]) -> None:
        """Some proxies are back while it is loading."""
        if state_is_lost:
            self.safe = NOTHING
        if not self.safe.complete:
            self.settled_at = self.now + SETTLING
        self.absent = {proxy.node for proxy in self.proxies if self.safe.types(proxy.node)}
        for proxy in self.proxies:
            proxy.stream = None
            proxy.inbox.clear()
            proxy.heard = self.safe.types(proxy.node)
            proxy.rejected = self.safe.tainted(proxy.node)
            if state_is_lost:
                proxy.may_hold = set(proxy.held)  # of what it does not list nothing is known any more
        self.saving.clear()
        self.plane = self.new_plane()
        if not state_is_lost:
            self.plane.load(self.safe.dump, self.now)
        for which in sorted(meanwhile):
            self.connect(self.proxies[which])
        assert not any(proxy.inbox for proxy in self.proxies), (
            "nothing is answered before everything is loaded (rule 5)"
        )
        assert self.plane.receipt(NOBODY, self.now).outcome is Outcome.UNKNOWN
        self.plane.apply([applied(one) for one in self.objects.values()], self.now)
        self.plane.start(self.now, roster_known=self.safe.complete)
        self.pump()

    # Proxies

    @rule(which=WHICH)
    def a_proxy_comes_back(self, which: int) -> None:
        if self.proxies[which].stream is None:
            self.connect(self.proxies[which])

    def connect(self, proxy: Proxy) -> None:
        """It lists what it holds, in some version or other."""
        proxy.stream = self.plane.open_stream(Transport(delta=True), Peer("test"), self.now)
        for type_url in TYPES:
            versions = {name: "of old" for url, name in proxy.held if url == type_url}
            node = Node(id=proxy.node)
            proxy.heard.add(type_url)
            self.say(proxy, DeltaDiscoveryRequest(node=node, type_url=type_url, initial_resource_versions=versions))
        self.absent.discard(proxy.node)

    @rule(which=WHICH)
    def a_stream_is_lost(self, which: int) -> None:
        proxy = self.proxies[which]
        if proxy.stream is not None:
            stream, proxy.stream = proxy.stream, None
            proxy.inbox.clear()
            self.plane.end_stream(stream, self.now)
            self.pump()

    @rule(which=WHICH, rejects=st.booleans())
    def a_response_is_answered(self, which: int, rejects: bool) -> None:
        self.answer(self.proxies[which], rejects)

    def answer(self, proxy: Proxy, rejects: bool) -> None:
        if not proxy.inbox:
            return
        response = proxy.inbox.pop(0)
        there = {(response.type_url, one.name) for one in response.resources}
        gone = {(response.type_url, name) for name in response.removed_resources}
        request = DeltaDiscoveryRequest(type_url=response.type_url, response_nonce=response.nonce)
        if rejects:
            proxy.rejected |= there | gone
            request.error_detail.CopyFrom(Status(code=3, message="no"))
        else:
            proxy.rejected -= there | gone
            proxy.may_hold -= gone
            proxy.held = proxy.held - gone | there
        self.say(proxy, request)

    def say(self, proxy: Proxy, request: DeltaDiscoveryRequest) -> None:
        assert proxy.stream is not None
        self.plane.receive(proxy.stream, request.SerializeToString(), self.now)
        self.pump()

    def pump(self) -> None:
        woken = self.plane.take_woken()
        for proxy in self.proxies:
            if proxy.stream is not None and proxy.stream.id in woken:
                while (data := self.plane.next_response(proxy.stream, self.now)) is not None:
                    response = DeltaDiscoveryResponse.FromString(data)
                    self.sent(proxy, response)
                    proxy.inbox.append(response)

    def sent(self, proxy: Proxy, response: DeltaDiscoveryResponse) -> None:
        names = {(response.type_url, one.name) for one in response.resources}
        proxy.may_hold |= names
        assert names <= self.safe.names, "whoever starts anew would not know what was sent"
        for one in self.proxies:
            assert one.heard <= self.safe.types(one.node), f"whoever starts anew would not know of {one.node}"
            assert one.rejected <= self.safe.tainted(one.node), f"nor what {one.node} has rejected"

    # What must hold

    @invariant()
    def what_a_proxy_may_hold_is_in_the_state(self) -> None:
        names = self.state().names
        for proxy in self.proxies:
            assert proxy.may_hold <= names or not proxy.heard

    @invariant()
    def nothing_is_confirmed_while_it_is_not_known_who_is_there(self) -> None:
        outcome = self.plane.receipt(NOBODY, self.now).outcome
        if self.now < self.settled_at:
            assert outcome is Outcome.UNKNOWN
        if self.absent:
            assert outcome is not Outcome.CONFIRMED

    def teardown(self) -> None:
        for proxy in self.proxies:
            if proxy.stream is None:
                self.connect(proxy)
        for proxy in self.proxies * 20:
            self.the_state_is_saved()
            while self.saving:
                self.what_was_saved_is_safe()
            self.answer(proxy, rejects=False)
        assert not any(proxy.inbox for proxy in self.proxies), "they go on and on"
        self.time_passes(ONE_LEFT_SECONDS)
        assert not self.absent
        self.nothing_is_confirmed_while_it_is_not_known_who_is_there()


def applied(one: ServiceEntry) -> Applied:
    return Applied(one, Generation(1), content_hash(one))


def test_what_proxies_are_sent_is_known_to_whoever_starts_anew() -> None:
    run_state_machine_as_test(
        Worlds, settings=settings(derandomize=True, max_examples=50, stateful_step_count=40, deadline=None)
    )
