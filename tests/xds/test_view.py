"""What a proxy gets to see, by what its node says of itself."""

from collections.abc import Mapping

import pytest

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


def test_proxies_of_which_the_same_is_said_have_equal_views() -> None:
    one = View.of_node("sidecar~10.0.0.1~web-1.shop~domain", {})
    other = View.of_node("anything", {"NAMESPACE": "shop", "INTERCEPTION_MODE": "NONE", "WHATEVER": "else"})
    assert one == other
    assert len({one, other}) == 1
