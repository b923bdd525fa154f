"""Which certificates may speak for which node ids."""

import pytest

from xds.identity import covers


@pytest.mark.parametrize(
    ("name", "node_id", "expected"),
    [
        ("web-1.example", "web-1.example", True),
        ("Web-1.Example", "web-1.example", True),
        ("web-1.example", "web-2.example", False),
        ("web-1.example", "web-1.example.evil", False),
        ("example", "web-1.example", False),
        ("*.example", "web-1.example", True),
        ("*.Example", "web-1.eXample", True),
        ("*.example", "a.web-1.example", False),
        ("*.example", "example", False),
        ("*.example", ".example", False),
        ("*.example", "*.example", True),
        ("*", "web-1", False),
        ("web-*.example", "web-1.example", False),
        ("spiffe://mesh/ns/shop/sa/cart", "spiffe://mesh/ns/shop/sa/cart", True),
        ("spiffe://mesh/ns/shop/sa/cart", "spiffe://mesh/ns/shop/sa/cart/pod-1", True),
        ("spiffe://mesh/ns/shop/sa/cart/", "spiffe://mesh/ns/shop/sa/cart/pod-1", True),
        ("spiffe://mesh/ns/shop/sa/cart", "spiffe://mesh/ns/shop/sa/cartographer", False),
        ("spiffe://mesh/ns/shop/sa/cart", "spiffe://mesh/ns/shop/sa/CART", False),
        ("spiffe://mesh/ns/shop/sa/cart", "cart", False),
        ("spiffe://mesh", "spiffe://meshed/ns/shop", False),
        ("", "", False),
        ("", "web-1", False),
    ],
)
def test_a_name_covers_the_node_ids_that_it_vouches_for_and_no_others(name: str, node_id: str, expected: bool) -> None:
    assert covers([name], node_id) is expected


def test_one_name_of_several_is_enough_and_none_is_not() -> None:
    assert covers(["api-1.example", "web-1.example"], "web-1.example")
    assert not covers([], "web-1.example")
