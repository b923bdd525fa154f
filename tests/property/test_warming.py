"""A cluster that was sent, new or changed, is followed by its load assignment: nobody waits for that for ever (rule 8).

The proxy is as Envoy is in delta: it does not ask for the load assignment of a cluster that has changed, uses the
cluster when that has come, and ACKs clusters then only.
"""

from collections import deque

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from ledger.ids import Generation, TypeUrl
from ledger.processes import ONE_LEFT_SECONDS
from ledger.receipts import Outcome, Query
from protos.base_pb2 import Node
from protos.discovery_pb2 import DeltaDiscoveryRequest, DeltaDiscoveryResponse
from tests.xds.mesh import Object, selecting, service, workload
from xds.objects import Applied
from xds.parsing.content import content_hash
from xds.plane import Plane
from xds.protocol.introduction import Peer
from xds.protocol.stream import Stream, Transport
from xds.types import CDS, EDS

NOW = 1000.0
ROUNDS = 50
"""Of reading and answering, in which all must fall silent."""


class Proxy:
    """It asks for all clusters, and for their load assignments by name.

    held: versions, by type and name. warming: clusters that wait for a load assignment. unsaid: the answers to clusters
    that wait with them.
    """

    def __init__(self) -> None:
        self.held: dict[TypeUrl, dict[str, str]] = {CDS: {}, EDS: {}}
        self.warming: set[str] = set()
        self.inbox: deque[DeltaDiscoveryResponse] = deque()
        self.outbox: deque[DeltaDiscoveryRequest] = deque()
        self.unsaid: list[DeltaDiscoveryRequest] = []
        self.knows_assignments = False

    def connect(self) -> None:
        """A new stream. What was warming is so no more: Envoy takes the cluster as it was, and is sent it again."""
        self.inbox.clear()
        self.outbox.clear()
        self.unsaid.clear()
        for name in self.warming:
            self.held[CDS].pop(name, None)
        self.warming.clear()
        self._begin(CDS)
        if self.knows_assignments:
            self._begin(EDS)

    def _begin(self, type_url: TypeUrl) -> None:
        names = sorted(self.held[CDS]) if type_url == EDS else []
        request = DeltaDiscoveryRequest(
            type_url=type_url, resource_names_subscribe=names, initial_resource_versions=self.held[type_url]
        )
        request.node.CopyFrom(Node(id="proxy"))
        self.outbox.append(request)

    def take(self) -> None:
        """It reads a response, and answers; clusters perhaps later."""
        response = self.inbox.popleft()
        type_url = TypeUrl(response.type_url)
        held = self.held[type_url]
        before = dict(held)
        held.update((one.name, one.version) for one in response.resources)
        for name in response.removed_resources:
            held.pop(name, None)
        answer = DeltaDiscoveryRequest(type_url=type_url, response_nonce=response.nonce)
        if type_url == CDS:
            self.warming |= {name for name, version in held.items() if before.get(name) != version}
            self.warming &= held.keys()
            self._ask(held.keys() - before.keys(), before.keys() - held.keys())
            self.unsaid.append(answer)
        else:
            self.warming -= {one.name for one in response.resources}
            self.outbox.append(answer)
        if not self.warming:
            self.outbox.extend(self.unsaid)
            self.unsaid.clear()

    def _ask(self, new: set[str], gone: set[str]) -> None:
        for name in gone:
            self.held[EDS].pop(name, None)
        if self.knows_assignments and (new or gone):
            names = sorted(new), sorted(gone)
            self.outbox.append(
                DeltaDiscoveryRequest(
                    type_url=EDS, resource_names_subscribe=names[0], resource_names_unsubscribe=names[1]
                )
            )
        elif new:
            self.knows_assignments = True
            self._begin(EDS)


class World(RuleBasedStateMachine):
    """One control plane, two services and their instances, one proxy."""

    def __init__(self) -> None:
        super().__init__()
        self.plane = Plane()
        self.plane.start(NOW, roster_known=True)
        self.proxy = Proxy()
        self.stream: Stream | None = None
        self.generation = 0
        self.newest: dict[str, Query] = {}
        self.come_back()
        self.change([selecting("a"), selecting("b"), workload("u", app="a"), workload("v", app="b")])

    @rule(name=st.sampled_from("ab"), san=st.sampled_from(["one", "two"]))
    def a_service_changes(self, name: str, san: str) -> None:
        self.change([service(name, selector=selecting(name).selector, sans=[san])])

    @rule(name=st.sampled_from("uv"), app=st.sampled_from("ab"), last=st.integers(1, 9))
    def an_instance_changes(self, name: str, app: str, last: int) -> None:
        self.change([workload(name, f"10.0.0.{last}", app=app)])

    def change(self, objects: list[Object]) -> None:
        for one in objects:
            self.generation += 1
            self.newest[str(one.key)] = Query(one.key, Generation(self.generation))
        first = self.generation - len(objects) + 1
        events = [Applied(one, Generation(first + place), content_hash(one)) for place, one in enumerate(objects)]
        self.plane.apply(events, NOW)
        self.pump()

    @rule()
    @precondition(lambda self: bool(self.proxy.outbox))
    def a_request_arrives(self) -> None:
        assert self.stream is not None
        self.plane.receive(self.stream, self.proxy.outbox.popleft().SerializeToString(), NOW)
        self.pump()

    @rule()
    @precondition(lambda self: bool(self.proxy.inbox))
    def a_response_is_taken(self) -> None:
        self.proxy.take()

    @rule()
    def come_back(self) -> None:
        if self.stream is not None:
            self.plane.end_stream(self.stream, NOW)
        self.stream = self.plane.open_stream(Transport(delta=True), Peer("test"), NOW)
        self.proxy.connect()

    def pump(self) -> None:
        if self.stream is not None and self.stream.id in self.plane.take_woken():
            while (data := self.plane.next_response(self.stream, NOW)) is not None:
                self.proxy.inbox.append(DeltaDiscoveryResponse.FromString(data))

    @rule()
    def all_is_heard_and_taken(self) -> None:
        for _ in range(ROUNDS):
            while self.proxy.outbox:
                self.a_request_arrives()
            if not self.proxy.inbox:
                break
            while self.proxy.inbox:
                self.a_response_is_taken()
        else:
            raise AssertionError("they go on and on")
        assert not self.proxy.warming, "clusters wait for their load assignments, and nothing is on its way"

    @invariant()
    def at_most_one_response_of_a_type_is_unanswered(self) -> None:
        types = [response.type_url for response in self.proxy.inbox]
        assert len(types) == len(set(types))

    def teardown(self) -> None:
        self.all_is_heard_and_taken()
        for query in self.newest.values():
            self.plane.wait(query, lambda receipt: None, NOW)
        self.pump()
        self.all_is_heard_and_taken()
        self.plane.tick(NOW + ONE_LEFT_SECONDS)
        for query in self.newest.values():
            assert self.plane.receipt(query, NOW).outcome is Outcome.CONFIRMED


def test_no_cluster_waits_for_its_load_assignment_for_ever() -> None:
    run_state_machine_as_test(
        World, settings=settings(derandomize=True, max_examples=100, stateful_step_count=40, deadline=None)
    )
