"""Requests that say the same are read once."""

from collections.abc import Mapping, Sequence

from ledger.ids import Version
from protos.base_pb2 import Node
from protos.discovery_pb2 import DeltaDiscoveryRequest
from xds.protocol.delta_request import MOST_KEPT, DeltaRequests
from xds.types import CDS, EDS

NAMES = [f"name-{number}" for number in range(50)]
HELD = dict.fromkeys(NAMES, "1")


def request(
    node: str = "", names: Sequence[str] = NAMES, held: Mapping[str, str] = HELD, type_url: str = EDS, nonce: str = ""
) -> DeltaDiscoveryRequest:
    return DeltaDiscoveryRequest(
        node=Node(id=node) if node else None,
        type_url=type_url,
        resource_names_subscribe=names,
        initial_resource_versions=held,
        response_nonce=nonce,
    )


def test_whoever_sends_it_the_same_request_is_read_once() -> None:
    requests = DeltaRequests()
    assert requests.read(request("one")) is requests.read(request("another"))


def test_the_order_of_what_is_held_says_nothing() -> None:
    requests = DeltaRequests()
    assert requests.read(request()) is requests.read(request(held=dict(reversed(HELD.items()))))


def test_a_request_that_differs_in_anything_is_read_by_itself() -> None:
    requests = DeltaRequests()
    first = requests.read(request())
    others = (
        request(names=[*NAMES[:-1], "another"]),
        request(held={**HELD, "name-0": "2"}),
        request(type_url=CDS),
        request(nonce="root.1"),
    )
    for other in others:
        assert requests.read(other) is not first
    assert requests.read(others[0]).subscribed == {*NAMES[:-1], "another"}
    assert requests.read(others[1]).held["name-0"] == "2"


def test_a_small_request_is_read_at_once() -> None:
    requests = DeltaRequests()
    assert requests.read(request(names=["web"], held={})) is not requests.read(request(names=["web"], held={}))


def test_not_many_requests_are_kept() -> None:
    requests = DeltaRequests()
    first = requests.read(request())
    for number in range(MOST_KEPT):
        requests.read(request(names=[*NAMES, *map(str, range(number + 1))]))
    assert requests.read(request()) is not first


def test_what_is_current_follows_the_newest_versions() -> None:
    read = DeltaRequests().read(request(held={"web": "1", "api": "1", "gone": "1"}))
    newest = {"web": Version("1"), "api": Version("2")}
    assert read.current(newest) == {"web"}
    assert read.current(newest) is read.current(newest)
    assert read.current({"api": Version("1")}) == {"api"}


def test_the_longest_name_is_told_wherever_it_stands() -> None:
    requests = DeltaRequests()
    assert requests.read(request(names=["abc"], held={"abcde": "1"})).longest == 5
    assert requests.read(request(names=["abc"], held={})).longest == 3
    assert requests.read(request(names=[], held={})).longest == 0
