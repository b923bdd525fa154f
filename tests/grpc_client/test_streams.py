"""One gRPC process has a stream for each of its targets, all with one node id: which of them stands in for which.

The core alone, driven as gRPC 1.85 was seen to drive it.
"""

from collections.abc import Mapping

from ledger.ids import Generation, TypeUrl
from ledger.processes import ONE_LEFT_SECONDS, RECONNECT_SECONDS
from ledger.receipts import Outcome, Query, Receipt
from protos.base_pb2 import Node
from protos.discovery_pb2 import DiscoveryRequest, DiscoveryResponse
from tests.envoy.objects import Object, cluster_of, service, workload
from xds.objects import Applied, Deleted, Protocol, ServiceEntry, ServicePort
from xds.plane import Plane
from xds.protocol.introduction import Peer
from xds.protocol.stream import Transport
from xds.types import CDS, EDS, LDS, RDS

PORT = ServicePort(18050, "grpc", Protocol.GRPC)

NODE = "client-1"

NOW = 1_800_000_000.0


class Channel:
    """The stream of one target: LDS, RDS, CDS and EDS by name, each ACKed."""

    def __init__(self, plane: Plane, entry: ServiceEntry) -> None:
        self._plane = plane
        self._stream = plane.open_stream(Transport(delta=False), Peer("ipv4:127.0.0.1:1"), NOW)
        target, cluster = f"{entry.hosts[0]}:{PORT.number}", cluster_of(entry)
        for type_url, name in ((LDS, target), (RDS, target), (CDS, cluster), (EDS, cluster)):
            self._send(DiscoveryRequest(node=Node(id=NODE), type_url=type_url, resource_names=[name]))
            self.answer(type_url, name)

    def answer(self, type_url: TypeUrl, name: str) -> None:
        """ACKs what there is to ACK."""
        while (data := self._plane.next_response(self._stream, NOW)) is not None:
            response = DiscoveryResponse.FromString(data)
            assert response.type_url == type_url
            self._send(
                DiscoveryRequest(
                    type_url=type_url,
                    resource_names=[name],
                    version_info=response.version_info,
                    response_nonce=response.nonce,
                )
            )

    def end(self) -> None:
        """The stream ends, by whichever side."""
        self._plane.end_stream(self._stream, NOW)

    def _send(self, request: DiscoveryRequest) -> None:
        self._plane.receive(self._stream, request.SerializeToString(), NOW)


def serving(*objects: Object, dump: Mapping[str, object] | None = None) -> Plane:
    """A control plane that has these objects, and maybe what an earlier one knew."""
    plane = Plane()
    if dump is not None:
        plane.load(dump, NOW)
    plane.apply([Applied(item, Generation(1), repr(item).encode()) for item in objects], NOW)
    plane.start(NOW, roster_known=True)
    return plane


def removed(plane: Plane, item: Object) -> Receipt:
    plane.apply([Deleted(item.key)], NOW)
    return plane.receipt(Query(item.key, deleted=True), NOW)


def grpc_service(name: str) -> ServiceEntry:
    return service(name, port=PORT)


async def test_a_new_target_does_not_stand_in_for_one_whose_stream_broke() -> None:
    """The process still calls the first target, by what it last heard, while its stream waits to be opened again."""
    a, b, c = grpc_service("a"), grpc_service("b"), grpc_service("c")
    instance = workload("instance", 9000, "a")
    plane = serving(a, b, c, instance)
    broken = Channel(plane, a)
    Channel(plane, b)
    broken.end()  # say, by this control plane's own deadline
    Channel(plane, c)
    assert removed(plane, instance).outcome is Outcome.PENDING


async def test_after_a_broken_connection_each_target_must_be_back_itself() -> None:
    a, b, c = grpc_service("a"), grpc_service("b"), grpc_service("c")
    instance = workload("instance", 9000, "a")
    plane = serving(a, b, c, instance)
    for broken in (Channel(plane, a), Channel(plane, b)):
        broken.end()
    Channel(plane, b)
    Channel(plane, c)
    assert removed(plane, instance).outcome is Outcome.PENDING


async def test_two_targets_of_one_process_are_no_hot_restart_whose_older_half_may_be_given_up() -> None:
    """A partition long after both were opened: the process is as absent as can be, and still calls both."""
    a, b = grpc_service("a"), grpc_service("b")
    instances = workload("of-a", 9000, "a"), workload("of-b", 9001, "b")
    plane = serving(a, b, *instances)
    channels = Channel(plane, a), Channel(plane, b)
    later = NOW + ONE_LEFT_SECONDS + 60.0
    plane.tick(later)
    for channel in channels:
        channel.end()
    plane.tick(later + 1.0)
    for instance in instances:
        assert removed(plane, instance).outcome is Outcome.PENDING


async def test_after_a_restart_of_the_control_plane_each_target_must_be_back_itself() -> None:
    entries = [grpc_service(name) for name in "abc"]
    instance = workload("instance", 9000, "c")
    before = serving(*entries, instance)
    for entry in entries:
        Channel(before, entry)
    plane = serving(*entries, instance, dump=before.dump())
    for entry in entries[:2]:
        Channel(plane, entry)
    assert removed(plane, instance).outcome is Outcome.PENDING
    last = Channel(plane, entries[2])
    last.answer(EDS, cluster_of(entries[2]))
    plane.tick(NOW + RECONNECT_SECONDS)
    assert plane.receipt(Query(instance.key, deleted=True), NOW).outcome is Outcome.CONFIRMED


async def test_a_target_that_is_back_is_all_that_its_receipts_wait_for() -> None:
    a, b = grpc_service("a"), grpc_service("b")
    instance = workload("instance", 9000, "a")
    plane = serving(a, b, instance)
    broken = Channel(plane, a)
    Channel(plane, b)
    broken.end()
    back = Channel(plane, a)
    assert removed(plane, instance).outcome is Outcome.PENDING
    back.answer(EDS, cluster_of(a))
    plane.tick(NOW + RECONNECT_SECONDS)
    assert plane.receipt(Query(instance.key, deleted=True), NOW).outcome is Outcome.CONFIRMED
