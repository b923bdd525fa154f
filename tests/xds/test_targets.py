"""The listeners that a gRPC process asks for by name tell whose stream it is."""

from ledger.ids import ProxyId
from protos.base_pb2 import Node
from protos.discovery_pb2 import DiscoveryRequest
from xds.plane import Plane
from xds.protocol.introduction import Peer
from xds.protocol.stream import Transport
from xds.types import LDS


def test_listeners_asked_for_one_after_the_other_are_not_kept_for_ever() -> None:
    plane = Plane()
    plane.start(0.0, roster_known=True)
    stream = plane.open_stream(Transport(delta=False), Peer("test"), 0.0)
    for number in range(1000):
        request = DiscoveryRequest(node=Node(id="proxy"), type_url=LDS, resource_names=[f"host-{number}:80"])
        plane.receive(stream, request.SerializeToString(), 0.0)
    proxy = plane.roster.get(ProxyId("proxy"))
    assert stream.record is not None
    assert proxy is not None
    assert stream.record.interests[LDS].names == {"host-999:80"}
    assert stream.record.targets == {"host-999:80"}
    assert proxy.targets == {"host-999:80"}
