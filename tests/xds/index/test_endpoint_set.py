"""The endpoints of one service port."""

from itertools import permutations

import pytest

from ledger.ids import ObjectKey
from tests.ledger.scene import calls
from xds.index.endpoint_set import EndpointSet, Member, MemberKey


def key(name: str, position: int = -1) -> MemberKey:
    return MemberKey(ObjectKey("WorkloadEntry", "default", name), position)


def member(
    name: str, address: str = "10.0.0.1", port: int = 80, locality: str = "", weight: int = 1, draining: bool = False
) -> Member:
    return Member(key(name), address, port, locality, weight, draining, f"{name}@{address}:{port}".encode())


def of(*members: Member) -> EndpointSet:
    endpoints = EndpointSet()
    for one in members:
        endpoints.put(one)
    return endpoints


def sent(endpoints: EndpointSet) -> dict[str, list[str]]:
    """By locality, the names of the members that are sent, in order."""
    return {locality: [key.key.name for key in group.chunks.order] for locality, group in endpoints.groups.items()}


def weights(endpoints: EndpointSet) -> dict[str, int]:
    return {locality: group.weight for locality, group in endpoints.groups.items()}


def test_members_are_sent_by_locality_in_the_order_of_their_keys_however_they_came() -> None:
    members = [
        member("a", "10.0.0.1", locality="eu"),
        member("b", "10.0.0.2", locality="us"),
        member("c", "10.0.0.3", locality="eu"),
        member("d", "10.0.0.4", locality="eu"),
    ]
    for order in permutations(members):
        assert sent(of(*order)) == {"eu": ["a", "c", "d"], "us": ["b"]}


def test_inline_endpoints_are_in_the_order_of_their_positions() -> None:
    endpoints = EndpointSet()
    for position in (10, 9, 1, 0):
        endpoints.put(Member(key("s", position), f"10.0.0.{position}", 80, "", 1, False, b""))
    assert [key.position for key in endpoints.groups[""].chunks.order] == [0, 1, 9, 10]


def test_a_locality_weighs_what_its_members_weigh() -> None:
    endpoints = of(
        member("a", "10.0.0.1", locality="eu", weight=2),
        member("b", "10.0.0.2", locality="eu", weight=3),
        member("c", "10.0.0.3", locality="us", weight=7),
    )
    assert weights(endpoints) == {"eu": 5, "us": 7}
    endpoints.put(member("a", "10.0.0.1", locality="us", weight=1))
    assert weights(endpoints) == {"eu": 3, "us": 8}
    endpoints.remove(key("b"))
    assert weights(endpoints) == {"us": 8}


def test_of_two_members_with_one_address_and_port_one_is_sent() -> None:  # rule 32
    for order in permutations([member("a"), member("b"), member("c")]):
        endpoints = of(*order)
        assert sent(endpoints) == {"": ["a"]}
        assert len(endpoints) == 1
        assert endpoints.sharing(key("b")) == [key("a"), key("c")]


def test_one_address_on_two_ports_is_two_endpoints() -> None:
    endpoints = of(member("a", port=80), member("b", port=81))
    assert sent(endpoints) == {"": ["a", "b"]}
    assert endpoints.sharing(key("a")) == []


def test_when_the_member_that_is_sent_goes_the_one_behind_it_is_sent() -> None:
    endpoints = of(member("a", locality="eu", weight=2), member("b", locality="us", weight=3))
    assert endpoints.remove(key("a"))
    assert sent(endpoints) == {"us": ["b"]}
    assert weights(endpoints) == {"us": 3}
    assert endpoints.groups["us"].chunks.joined() == b"b@10.0.0.1:80"


def test_one_that_is_draining_loses_to_one_that_is_not() -> None:
    for order in permutations([member("a", draining=True), member("b"), member("c")]):
        endpoints = of(*order)
        assert sent(endpoints) == {"": ["b"]}
        assert endpoints.draining == 0
        endpoints.put(member("b", draining=True))
        assert sent(endpoints) == {"": ["c"]}
        endpoints.put(member("c", draining=True))
        assert sent(endpoints) == {"": ["a"]}
        assert endpoints.draining == 1


@pytest.mark.parametrize(
    ("draining", "all_draining"), [((), False), ((True,), True), ((True, False), False), ((True, True), True)]
)
def test_all_are_draining_where_there_are_endpoints_and_each_of_them_is(
    draining: tuple[bool, ...], all_draining: bool
) -> None:
    endpoints = of(*(member(f"w{n}", f"10.0.0.{n}", draining=one) for n, one in enumerate(draining)))
    assert endpoints.all_draining is all_draining


def test_a_member_that_moves_leaves_its_old_place() -> None:
    endpoints = of(member("a", "10.0.0.1", locality="eu"), member("b", "10.0.0.1", locality="eu"))
    endpoints.put(member("a", "10.0.0.9", locality="us"))
    assert sent(endpoints) == {"us": ["a"], "eu": ["b"]}
    assert endpoints.sharing(key("b")) == []


def test_what_is_as_it_was_changes_nothing() -> None:
    endpoints = of(member("a"))
    assert not endpoints.put(member("a"))
    assert endpoints.put(member("a", weight=2))
    assert not endpoints.remove(key("b"))
    assert endpoints.sharing(key("b")) == []


def test_the_chunks_of_other_members_stay_the_same_bytes() -> None:
    endpoints = of(*(member(f"w{n}", f"10.0.0.{n}") for n in range(5)))
    before = list(endpoints.groups[""].chunks)
    endpoints.put(member("w2", "10.0.0.2", weight=9))
    endpoints.remove(key("w4"))
    after = list(endpoints.groups[""].chunks)
    assert all(after[place] is before[place] for place in (0, 1, 3))
    assert after[2] is not before[2]


def test_what_came_and_went_leaves_nothing_behind() -> None:
    endpoints = EndpointSet()
    for n in range(50):
        endpoints.put(member(f"w{n}", f"10.0.0.{n % 5}", locality=f"zone-{n % 3}", draining=n % 2 == 0))
    for n in range(50):
        assert endpoints.remove(key(f"w{n}"))
    assert len(endpoints) == 0
    assert endpoints.draining == 0
    assert not endpoints.groups


def test_adding_one_endpoint_costs_the_same_however_many_there_are() -> None:
    costs = []
    for count in (10, 1000):
        endpoints = of(*(member(f"w{n}", f"10.{n // 250}.0.{n % 250}") for n in range(count)))
        costs.append(calls(endpoints.put, member("new", "192.0.2.1")))
    assert costs[0] == costs[1]


def test_the_first_endpoint_is_the_one_of_least_key_that_is_not_draining() -> None:
    endpoints = of(
        member("a", "10.0.0.1", locality="zz", draining=True),
        member("c", "10.0.0.3", locality="aa"),
        member("b", "10.0.0.2", locality="mm"),
    )
    assert sent(endpoints.first()) == {"mm": ["b"]}
    assert sent(of(member("b", draining=True), member("a", draining=True)).first()) == {"": ["a"]}
    assert len(EndpointSet().first()) == 0
    assert len(endpoints) == 3, "the set itself is as it was"
