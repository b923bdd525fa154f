"""How many names may be asked for: as many as there are resources, and some; of those that don't exist, few in all."""

import pytest

from ledger.ids import Generation
from protos.base_pb2 import Node
from protos.discovery_pb2 import DeltaDiscoveryRequest, DeltaDiscoveryResponse
from xds.naming import cluster_name
from xds.objects import Applied, Protocol, Resolution, ServiceEntry, ServicePort
from xds.plane import Plane
from xds.protocol.errors import Status, StreamError
from xds.protocol.introduction import Peer
from xds.protocol.name_limits import FEW_STRANGE
from xds.protocol.stream import Stream, Transport
from xds.types import CDS, EDS

MOST_STRANGE = 1000
MOST = 300


def services(number: int) -> list[ServiceEntry]:
    """Each with a cluster and a load assignment."""
    ports = (ServicePort(80, "http", Protocol.HTTP),)
    return [
        ServiceEntry("default", f"s{n}", (f"s{n}.example",), ports, resolution=Resolution.STATIC, selector={"app": "a"})
        for n in range(number)
    ]


def clusters(number: int) -> list[str]:
    return [cluster_name(entry.key, 80, entry.hosts[0]) for entry in services(number)]


def strange(number: int, prefix: str = "strange") -> list[str]:
    return [f"{prefix}-{n}" for n in range(number)]


@pytest.fixture
def plane(monkeypatch: pytest.MonkeyPatch) -> Plane:
    """It serves 100 clusters, and has small limits."""
    monkeypatch.setattr("xds.protocol.name_limits.MAX_STRANGE", MOST_STRANGE)
    monkeypatch.setattr("xds.protocol.name_limits.MAX_NAMES", MOST)
    plane = Plane()
    plane.apply([Applied(entry, Generation(1), b"1") for entry in services(100)], 0.0)
    plane.start(0.0, roster_known=True)
    return plane


def opened(plane: Plane) -> Stream:
    return plane.open_stream(Transport(delta=True), Peer("test"), 0.0)


def ask(plane: Plane, stream: Stream, *names: str, held: tuple[str, ...] = (), node: str = "proxy") -> None:
    request = DeltaDiscoveryRequest(
        node=Node(id=node),
        type_url=CDS if held else EDS,
        resource_names_subscribe=names,
        initial_resource_versions=dict.fromkeys(held, "1"),
    )
    plane.receive(stream, request.SerializeToString(), 0.0)


def fill(plane: Plane) -> StreamError:
    """Streams ask for names of nothing, each for others, until one is refused. Returns why."""
    for number in range(MOST_STRANGE):
        try:
            ask(plane, opened(plane), *strange(MOST, f"of-{number}"), node=f"node-{number}")
        except StreamError as error:
            return error
    raise AssertionError("none was refused")


def test_a_larger_mesh_may_be_asked_for_as_a_whole(plane: Plane) -> None:
    plane.apply([Applied(entry, Generation(1), b"1") for entry in services(MOST + 50)], 0.0)
    ask(plane, opened(plane), *clusters(MOST + 50))


def test_many_names_of_nothing_are_remembered(plane: Plane) -> None:
    """Those of a mesh that has shrunk, or is lost; proxies ask for them, and must be told that they are empty."""
    stream = opened(plane)
    ask(plane, stream, *strange(MOST))
    data = plane.next_response(stream, 0.0)
    assert data is not None
    assert len(DeltaDiscoveryResponse.FromString(data).resources) == MOST


def test_streams_that_ask_for_the_same_names_of_nothing_do_not_add_up(plane: Plane) -> None:
    for number in range(2 * MOST_STRANGE // MOST):
        ask(plane, opened(plane), *strange(MOST), node=f"node-{number}")


def test_streams_that_together_ask_for_too_many_names_of_nothing_are_refused(plane: Plane) -> None:
    assert fill(plane).status is Status.RESOURCE_EXHAUSTED
    assert MOST_STRANGE / 2 < plane.deliveries.remembered <= MOST_STRANGE + plane.snapshot.size


def test_so_are_those_that_claim_to_hold_them(plane: Plane) -> None:
    fill(plane)
    with pytest.raises(StreamError) as refused:
        ask(plane, opened(plane), held=tuple(strange(MOST)))
    assert refused.value.status is Status.RESOURCE_EXHAUSTED


def test_claims_that_are_not_settled_are_remembered_too(plane: Plane) -> None:
    before = plane.deliveries.remembered
    ask(plane, opened(plane), held=tuple(strange(MOST)))
    assert plane.deliveries.remembered >= before + MOST


def test_they_may_not_come_little_by_little_either(plane: Plane) -> None:
    fill(plane)
    stream = opened(plane)
    ask(plane, stream, *strange(FEW_STRANGE))
    with pytest.raises(StreamError):
        ask(plane, stream, "one-more")


def test_whoever_asks_for_what_there_is_and_little_else_is_never_refused(plane: Plane) -> None:
    fill(plane)
    stream = opened(plane)
    ask(plane, stream, *clusters(100), *strange(FEW_STRANGE))
    ask(plane, stream, *clusters(100))


def test_those_that_were_remembered_before_are_remembered(plane: Plane) -> None:
    stream = opened(plane)
    ask(plane, stream, *strange(MOST))
    fill(plane)
    ask(plane, stream, *strange(MOST))


def test_a_stream_that_is_refused_adds_nothing(plane: Plane) -> None:
    fill(plane)
    before = plane.deliveries.remembered
    for number in range(10):
        stream = opened(plane)
        with pytest.raises(StreamError):
            ask(plane, stream, *strange(MOST, f"more-{number}"), node=f"refused-{number}")
        plane.end_stream(stream, 0.0)
    assert plane.deliveries.remembered == before
    assert not {record.proxy for record in plane.deliveries.streams.values()} & {f"refused-{n}" for n in range(10)}
