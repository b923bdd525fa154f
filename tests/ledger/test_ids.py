"""Identifiers read as they are written."""

import pytest

from ledger.ids import ObjectKey, ResourceName, TypeUrl


def test_a_key_is_read_as_it_is_written() -> None:
    key = ObjectKey("ServiceEntry", "shop", "cart")
    assert str(key) == "ServiceEntry/shop/cart"
    assert ObjectKey.parse(str(key)) == key


@pytest.mark.parametrize("text", ["", "cart", "shop/cart", "ServiceEntry//cart", "/shop/cart", "a/b/c/d", "a/b/"])
def test_what_has_not_three_parts_names_no_object_and_is_told_the_form(text: str) -> None:
    with pytest.raises(ValueError, match="write KIND/NAMESPACE/NAME") as error:
        ObjectKey.parse(text)
    assert repr(text) in str(error.value)


def test_a_resource_is_shown_by_the_short_name_of_its_type() -> None:
    assert str(ResourceName(TypeUrl("type.googleapis.com/envoy.config.cluster.v3.Cluster"), "web")) == "Cluster web"
