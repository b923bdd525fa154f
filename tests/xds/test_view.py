"""What a proxy gets to see, by what its node says of itself."""

from collections.abc import Mapping

import pytest

from protos.base_pb2 import Node
from protos.discovery_pb2 import DiscoveryRequest
from xds.plane import Plane
from xds.protocol.errors import Status, StreamError
from xds.protocol.introduction import Peer
from xds.protocol.stream import Transport
from xds.types import LDS
from xds.view import View


@pytest.mark.parametrize(
    ("node_id", "metadata", "namespace"),
    [
        ("web-1", {}, "default"),
        ("web-1", {"NAMESPACE": "shop"}, "shop"),
        ("sidecar~10.0.0.1~web-1.shop~shop.svc.cluster.local", {}, "shop"),
        ("sidecar~10.0.0.1~web.1.shop~shop.svc.cluster.local", {}, "shop"),
        ("sidecar~10.0.0.1~web-1.shop~shop.svc.cluster.local", {"NAMESPACE": "other"}, "other"),
        ("sidecar~10.0.0.1~web-1~shop.svc.cluster.local", {}, "default"),
        ("sidecar~10.0.0.1~web-1.shop", {}, "default"),
        ("a~b~c.d~e~f", {}, "default"),
        ("web-1", {"NAMESPACE": ""}, "default"),
        ("web-1", {"NAMESPACE": 7.0}, "default"),
        ("web-1", {"NAMESPACE": ["shop"]}, "default"),
    ],
)
def test_the_namespace_is_the_nodes_own_word_else_that_of_its_id_else_the_default(
    node_id: str, metadata: Mapping[str, object], namespace: str
) -> None:
    assert View.of_node(node_id, metadata) == View(namespace)


@pytest.mark.parametrize(
    ("metadata", "redirect"),
    [
        ({"INTERCEPTION_MODE": "REDIRECT"}, True),
        ({"INTERCEPTION_MODE": "NONE"}, False),
        ({"INTERCEPTION_MODE": "redirect"}, False),
        ({"INTERCEPTION_MODE": True}, False),
        ({}, False),
    ],
)
def test_traffic_is_redirected_where_the_node_says_so(metadata: Mapping[str, object], redirect: bool) -> None:
    assert View.of_node("web-1", metadata).redirect is redirect


@pytest.mark.parametrize(
    ("metadata", "address"),
    [
        ({"BIND_ADDRESS": "127.0.0.2"}, "127.0.0.2"),
        ({"BIND_ADDRESS": ""}, "0.0.0.0"),
        ({"BIND_ADDRESS": 1.0}, "0.0.0.0"),
        ({}, "0.0.0.0"),
    ],
)
def test_listeners_bind_where_the_node_says(metadata: Mapping[str, object], address: str) -> None:
    assert View.of_node("web-1", metadata).bind_address == address


@pytest.mark.parametrize(
    ("metadata", "wrong"),
    [
        ({"BIND_ADDRESS": "1" * 1_000_000}, "BIND_ADDRESS '" + "1" * 50 + "'"),
        ({"BIND_ADDRESS": "localhost"}, "BIND_ADDRESS 'localhost'"),
        ({"BIND_ADDRESS": "::nobody"}, "BIND_ADDRESS '::nobody'"),
        ({"NAMESPACE": "n" * 254}, "NAMESPACE of 254 characters"),
    ],
    ids=["long", "a name", "no IPv6 address", "namespace"],
)
def test_what_can_be_no_address_or_namespace_is_refused(metadata: Mapping[str, object], wrong: str) -> None:
    """It would be in every listener of the proxy: 1 MB in a node made 200 MB."""
    with pytest.raises(ValueError, match=wrong):
        View.of_node("web-1", metadata)


def test_a_stream_whose_node_has_such_metadata_is_told_so() -> None:
    node = Node(id="web-1")
    node.metadata["BIND_ADDRESS"] = "localhost"
    plane = Plane()
    plane.start(0.0, roster_known=True)
    stream = plane.open_stream(Transport(delta=False), Peer("test"), 0.0)
    with pytest.raises(StreamError, match="node 'web-1': its metadata has the BIND_ADDRESS 'localhost'") as refused:
        plane.receive(stream, DiscoveryRequest(node=node, type_url=LDS).SerializeToString(), 0.0)
    assert refused.value.status is Status.INVALID_ARGUMENT


def test_proxies_of_which_the_same_is_said_have_equal_views() -> None:
    one = View.of_node("sidecar~10.0.0.1~web-1.shop~domain", {})
    other = View.of_node("anything", {"NAMESPACE": "shop", "INTERCEPTION_MODE": "NONE", "WHATEVER": "else"})
    assert one == other
    assert len({one, other}) == 1
