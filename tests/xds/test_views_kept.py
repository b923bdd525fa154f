"""A view is kept up to date for as long as a stream has it, ended ones that oblige too; and not beyond."""

from ledger.processes import RECONNECT_SECONDS
from protos.base_pb2 import Node
from protos.discovery_pb2 import DeltaDiscoveryRequest
from xds.plane import Plane
from xds.protocol.introduction import Peer
from xds.protocol.stream import Stream, Transport
from xds.types import EDS


def with_absent_proxy_of(namespace: str) -> Plane:
    plane = Plane()
    plane.start(0.0, roster_known=True)
    plane.end_stream(speaking(plane, namespace), 0.0)
    return plane


def speaking(plane: Plane, namespace: str) -> Stream:
    """The proxy's stream, which has said that it is of this namespace."""
    stream = plane.open_stream(Transport(True, EDS), Peer("test"), 0.0)
    node = Node(id="proxy")
    node.metadata["NAMESPACE"] = namespace
    request = DeltaDiscoveryRequest(node=node, type_url=EDS, resource_names_subscribe=["missing"])
    plane.receive(stream, request.SerializeToString(), 0.0)
    return stream


def namespaces(plane: Plane) -> set[str]:
    return {view.namespace for view in plane.snapshot.views()}


def test_the_view_of_an_absent_proxy_is_kept_until_it_is_said_to_be_gone() -> None:
    plane = with_absent_proxy_of("shop")
    assert namespaces(plane) == {"shop"}
    plane.forget(next(iter(plane.roster.all())).id, 0.0)
    assert namespaces(plane) == set()


def test_a_view_goes_once_its_proxy_is_back_with_another_and_no_process_of_the_earlier_one_can_be_left() -> None:
    """No stream ends then, and nobody is forgotten: it is time that tells."""
    plane = with_absent_proxy_of("shop")
    speaking(plane, "mine")
    assert namespaces(plane) == {"shop", "mine"}  # it claims nothing: it may be a child in a hot restart
    plane.tick(RECONNECT_SECONDS)
    assert namespaces(plane) == {"mine"}
