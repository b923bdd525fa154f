"""Who belongs to whom."""

from collections.abc import Mapping
from itertools import permutations

import pytest

from protos.endpoint_pb2 import LocalityLbEndpoints
from tests.ledger.scene import calls
from tests.xds.mesh import HTTP, TCP, Object, drain, indexed, put, selecting, service, take, workload
from xds.index.index import Index
from xds.objects import Endpoint, Resolution, ServiceEntry, ServicePort

DNS, ROUND_ROBIN, NONE, STATIC = Resolution.DNS, Resolution.DNS_ROUND_ROBIN, Resolution.NONE, Resolution.STATIC

Members = Mapping[str, list[str]]


def members(index: Index, port: int = 80) -> Members:
    """By service, the endpoints of a port that are sent: the workload's name, or the position of an inline one."""
    return {
        service.entry.name: [
            key.key.name if key.position < 0 else str(key.position)
            for _, group in sorted(service.endpoints[port].groups.items())
            for key in group.chunks.order
        ]
        for service in index.services.values()
        if port in service.endpoints
    }


def resolved(resolution: Resolution, *endpoints: Endpoint, name: str = "web") -> ServiceEntry:
    """A service found that way, with inline endpoints or, without any, a selector."""
    return service(name, resolution=resolution, endpoints=endpoints, selector=None if endpoints else {"app": "web"})


CASES: dict[str, tuple[list[Object], Members]] = {
    "a selector selects by label": ([selecting("web"), workload("w", app="web")], {"web": ["w"]}),
    "it does not select other labels": ([selecting("web"), workload("w", app="api")], {"web": []}),
    "every label of it must match": (
        [selecting("web", app="web", track="stable"), workload("w", app="web", track="canary")],
        {"web": []},
    ),
    "further labels do no harm": ([selecting("web"), workload("w", app="web", track="canary")], {"web": ["w"]}),
    "a selector that matches nothing has no endpoints": ([selecting("web")], {"web": []}),
    "a workload that nothing selects is nowhere": ([workload("w")], {}),
    "a selector selects in its own namespace": (
        [
            selecting("web", namespace="shop"),
            workload("here", namespace="shop"),
            workload("there", namespace="default"),
        ],
        {"web": ["here"]},
    ),
    "a workload may be of five services": (
        [*(selecting(f"s{n}", app="web") for n in range(5)), workload("w")],
        {f"s{n}": ["w"] for n in range(5)},
    ),
    "inline endpoints are in their order": (
        [service("web", endpoints=[Endpoint("10.0.0.9"), Endpoint("10.0.0.1")])],
        {"web": ["0", "1"]},
    ),
    "a service with inline endpoints selects nothing": (
        [service("web", endpoints=[Endpoint("10.0.0.9")]), workload("w")],
        {"web": ["0"]},
    ),
    "of two workloads with one address the first by name is sent": (
        [selecting("web"), workload("b", "10.0.0.1"), workload("a", "10.0.0.1")],
        {"web": ["a"]},
    ),
    "but not if it is draining": (
        [selecting("web"), workload("b", "10.0.0.1"), workload("a", "10.0.0.1", draining=True)],
        {"web": ["b"]},
    ),
    "one address on two ports is two endpoints": (
        [selecting("web"), workload("a", "10.0.0.1"), workload("b", "10.0.0.1", ports={"http": 81})],
        {"web": ["a", "b"]},
    ),
    "a draining workload is still an endpoint": ([selecting("web"), workload("w", draining=True)], {"web": ["w"]}),
    "localities are in order": (
        [selecting("web"), workload("a", "10.0.0.1", locality="us"), workload("b", "10.0.0.2", locality="eu")],
        {"web": ["b", "a"]},
    ),
    "STATIC takes addresses and sockets, not names": (
        [
            resolved(STATIC),
            workload("ip", "10.0.0.1"),
            workload("ip6", "2001:db8::1"),
            workload("name", "w.example"),
            workload("socket", "unix:///run/web"),
        ],
        {"web": ["ip", "ip6", "socket"]},
    ),
    "DNS takes names and addresses, not sockets": (
        [
            resolved(DNS),
            workload("ip", "10.0.0.1"),
            workload("name", "w.example"),
            workload("socket", "unix:///run/web"),
        ],
        {"web": ["ip", "name"]},
    ),
    "DNS_ROUND_ROBIN takes what DNS takes": (
        [resolved(ROUND_ROBIN), workload("name", "w.example"), workload("socket", "unix:///run/web")],
        {"web": ["name"]},
    ),
    "NONE takes no endpoints": ([resolved(NONE), workload("w")], {"web": []}),
    "unusable inline endpoints are left out": (
        [resolved(STATIC, Endpoint("w.example"), Endpoint("10.0.0.1"))],
        {"web": ["1"]},
    ),
    "two services may claim one host and have each its own endpoints": (
        [
            service("one", hosts=["web.example"], selector={"app": "one"}),
            service("two", hosts=["web.example"], selector={"app": "two"}),
            workload("w1", app="one"),
            workload("w2", app="two"),
        ],
        {"one": ["w1"], "two": ["w2"]},
    ),
}


@pytest.mark.parametrize("objects", [case[0] for case in CASES.values()], ids=list(CASES))
def test_the_endpoints_of_services_do_not_depend_on_the_order_in_which_objects_come(objects: list[Object]) -> None:
    expected = next(members for case, members in CASES.values() if case is objects)
    orders = list(permutations(objects)) if len(objects) < 6 else [objects, objects[::-1]]
    for order in orders:
        assert members(indexed(*order)) == expected


@pytest.mark.parametrize(("objects", "expected"), CASES.values(), ids=list(CASES))
def test_what_is_deleted_leaves_no_trace(objects: list[Object], expected: Members) -> None:
    index = indexed(*objects)
    stranger = workload("stranger", "10.99.0.1")
    put(index, stranger)
    take(index, stranger.key)
    assert members(index) == expected
    for one in objects:
        take(index, one.key)
    assert not any(vars(index).values())


# Ports


@pytest.mark.parametrize(
    ("port", "own", "expected"),
    [
        (HTTP, {}, 80),
        (ServicePort(80, "http", HTTP.protocol, 8080), {}, 8080),
        (ServicePort(80, "http", HTTP.protocol, 8080), {"http": 7000}, 7000),
        (HTTP, {"http": 7000}, 7000),
        (HTTP, {"other": 7000}, 80),
    ],
    ids=["the number", "the target port", "its own over the target port", "its own", "another port's"],
)
def test_an_instance_listens_on_its_own_port_of_that_name_else_where_the_service_says(
    port: ServicePort, own: Mapping[str, int], expected: int
) -> None:
    entry = selecting("web", port)
    index = indexed(entry, workload("w", ports=own))
    chunk = index.services[entry.key].endpoints[80].groups[""].chunks.joined()
    (sent,) = LocalityLbEndpoints.FromString(chunk).lb_endpoints
    assert sent.endpoint.address.socket_address.port_value == expected


def test_each_port_of_a_service_has_endpoints_of_its_own() -> None:
    entry = selecting("web", HTTP, TCP)
    index = indexed(entry, workload("w"))
    assert members(index, 80) == members(index, 5432) == {"web": ["w"]}
    put(index, selecting("web", TCP))
    assert members(index, 80) == {}


# Changes


def test_a_change_of_labels_moves_a_workload_from_service_to_service() -> None:
    index = indexed(selecting("web"), selecting("api"), workload("w", app="web"))
    assert members(index) == {"web": ["w"], "api": []}
    put(index, workload("w", app="api"))
    assert members(index) == {"web": [], "api": ["w"]}
    assert [found.entry.name for found in index.services_of(workload("w").key)] == ["api"]


def test_a_change_of_the_selector_changes_the_members() -> None:
    index = indexed(selecting("web", app="web"), workload("w", app="web"), workload("a", "10.0.0.2", app="api"))
    put(index, selecting("web", app="api"))
    assert members(index) == {"web": ["a"]}
    assert index.services_of(workload("w").key) == []


def test_a_change_of_resolution_lets_other_endpoints_in() -> None:
    index = indexed(resolved(STATIC), workload("name", "w.example"), workload("socket", "unix:///run/web"))
    assert members(index) == {"web": ["socket"]}
    put(index, resolved(DNS))
    assert members(index) == {"web": ["name"]}


def test_an_address_that_becomes_unusable_is_taken_out() -> None:
    index = indexed(resolved(STATIC), workload("w", "10.0.0.1"))
    put(index, workload("w", "w.example"))
    assert members(index) == {"web": []}
    put(index, workload("w", "10.0.0.2"))
    assert members(index) == {"web": ["w"]}


# What is asked of it


def test_a_workload_is_of_the_services_that_select_it_and_a_service_of_itself() -> None:
    index = indexed(selecting("web"), selecting("api", app="web"), selecting("db"), workload("w"))
    assert {found.entry.name for found in index.services_of(workload("w").key)} == {"web", "api"}
    assert [found.entry.name for found in index.services_of(selecting("db").key)] == ["db"]
    assert index.services_of(workload("nobody").key) == []


def claimants(*created: tuple[str, str, str]) -> list[ServiceEntry]:
    """Services of one host and port, as (namespace, name, creation time)."""
    return [service(name, namespace=namespace, hosts=["h"], created=time) for namespace, name, time in created]


def test_claims_are_settled_by_age_then_by_name_and_one_without_an_age_comes_last() -> None:
    entries = claimants(
        ("b", "young", "2026-01-02T00:00:00Z"),
        ("z", "old", "2026-01-01T00:00:00Z"),
        ("a", "y-of-a-time", "2026-01-01T12:00:00Z"),
        ("a", "x-of-a-time", "2026-01-01T12:00:00Z"),
        ("a", "ageless", ""),
        ("b", "ageless", ""),
    )
    expected = ["old", "x-of-a-time", "y-of-a-time", "young", "ageless", "ageless"]
    for order in (entries, entries[::-1]):
        index = indexed(*order)
        assert [found.entry.name for found in index.on_port(80)] == expected
        assert [found.entry.name for found in index.with_host("h")] == expected
        assert [found.entry.namespace for found in index.with_host("h")][-2:] == ["a", "b"]


def test_ports_are_those_that_some_service_has() -> None:
    index = indexed(selecting("web", HTTP, TCP), selecting("api", HTTP))
    assert index.ports() == [80, 5432]
    take(index, selecting("web").key)
    assert index.ports() == [80]
    assert index.on_port(5432) == []
    assert index.with_host("web.example") == []


def test_a_service_that_would_use_draining_endpoints_panics() -> None:
    entry = selecting("web")
    index = indexed(entry, workload("a", "10.0.0.1"), workload("b", "10.0.0.2"))
    put(index, drain(workload("a", "10.0.0.1")))
    assert not index.services[entry.key].panics
    put(index, drain(workload("b", "10.0.0.2")))
    assert index.services[entry.key].panics
    take(index, workload("a").key)
    take(index, workload("b").key)
    assert not index.services[entry.key].panics, "there is nothing to panic about"


def test_one_change_costs_its_labels_and_matches_however_many_objects_there_are() -> None:
    costs = []
    for others in (10, 1000):
        index = indexed(selecting("web"))
        for number in range(others):
            put(
                index, selecting(f"s{number}"), workload(f"w{number}", f"10.1.{number // 250}.{number % 250}", app="s1")
            )
        put(index, workload("w", "10.0.0.1"))
        costs.append(calls(put, index, workload("w", "10.0.0.2")))
    assert costs[0] == costs[1]
