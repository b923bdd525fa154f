"""A resource in its encoded form, and versions."""

from itertools import permutations

import pytest
from google.protobuf.any_pb2 import Any

from ledger.ids import ResourceName, TypeUrl
from protos.discovery_pb2 import DeltaDiscoveryResponse, DiscoveryResponse
from xds.resource import FullSet, Resource, version_of
from xds.types import CDS, EDS

SIZES = [0, 1, 100, 127, 128, 20_000, 3_000_000]


def resource(name: str = "web", body: bytes = b"body", type_url: TypeUrl = CDS) -> Resource:
    return Resource(ResourceName(type_url, name), body)


@pytest.mark.parametrize("size", SIZES)
def test_a_resource_of_any_size_is_read_back_from_both_kinds_of_response(size: int) -> None:
    body = bytes(n % 251 for n in range(size))
    one = resource(body=body)
    assert one.body == body
    sotw = DiscoveryResponse.FromString(one.any_field)
    assert list(sotw.resources) == [Any(type_url=CDS, value=body)]
    delta = DeltaDiscoveryResponse.FromString(b"".join(one.delta_parts()))
    (only,) = delta.resources
    assert (only.name, only.version, only.resource) == ("web", one.version, Any(type_url=CDS, value=body))


def test_several_resources_may_be_concatenated() -> None:
    several = [resource(f"r{n}", b"x" * n) for n in range(5)]
    sotw = DiscoveryResponse.FromString(b"".join(one.any_field for one in several))
    assert [len(one.value) for one in sotw.resources] == [0, 1, 2, 3, 4]
    delta = DeltaDiscoveryResponse.FromString(b"".join(part for one in several for part in one.delta_parts()))
    assert [one.name for one in delta.resources] == ["r0", "r1", "r2", "r3", "r4"]


def test_a_resource_with_a_name_beyond_ascii_is_read_back() -> None:
    (only,) = DeltaDiscoveryResponse.FromString(b"".join(resource("wéb").delta_parts())).resources
    assert only.name == "wéb"


def test_a_version_depends_on_the_content_and_on_nothing_else() -> None:
    assert resource("a").version == resource("b", type_url=EDS).version
    assert resource(body=b"1").version != resource(body=b"2").version
    assert resource(body=b"").version != ""


def test_the_version_of_several_does_not_depend_on_their_order() -> None:
    several = [resource("a", b"1"), resource("b", b"2"), resource("c", b"1")]
    assert len({version_of(order) for order in permutations(several)}) == 1
    assert FullSet({one.name.name: one for one in several}).version == version_of(several)


@pytest.mark.parametrize(
    "others",
    [
        [],
        [resource("a", b"1")],
        [resource("a", b"2"), resource("b", b"1")],
        [resource("a", b"1"), resource("c", b"2")],
        [resource("a", b"1"), resource("b", b"2"), resource("c", b"3")],
    ],
    ids=["none", "one fewer", "contents swapped", "another name", "one more"],
)
def test_other_resources_have_another_version(others: list[Resource]) -> None:
    assert version_of(others) != version_of([resource("a", b"1"), resource("b", b"2")])
