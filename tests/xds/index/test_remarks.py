"""What an operator is told of an object that is applied."""

from itertools import permutations

import pytest

from tests.xds.mesh import (
    DRAINING,
    HTTP,
    TCP,
    TLS,
    Object,
    drain,
    indexed,
    put,
    selecting,
    service,
    take,
    workload,
)
from xds.index.remarks import obstacles, remarks
from xds.objects import AllDraining, Endpoint, Resolution, ServiceEntry

W = workload("w").key
WEB = selecting("web").key


def of(name: str, *objects: Object) -> list[str]:
    """The remarks on the object of that name."""
    (subject,) = (one for one in objects if one.name == name)
    return remarks(indexed(*objects), subject.key)


# Workloads


def test_of_a_workload_that_is_an_endpoint_there_is_nothing_to_say() -> None:
    assert of("w", selecting("web"), workload("w")) == []


def test_a_workload_that_nothing_selects_is_told_so() -> None:
    assert of("w", workload("w"), selecting("api"), selecting("web", namespace="shop")) == [
        "no ServiceEntry of its namespace selects its labels"
    ]


@pytest.mark.parametrize(
    ("resolution", "address", "why"),
    [
        (
            Resolution.STATIC,
            "w.example",
            "ServiceEntry/default/web has resolution STATIC, and w.example is not an IP address: "
            "give the IP address, or set the resolution to DNS",
        ),
        (
            Resolution.DNS,
            "unix:///run/web",
            "ServiceEntry/default/web is resolved by DNS, which a unix socket can't be",
        ),
        (
            Resolution.NONE,
            "10.0.0.1",
            "ServiceEntry/default/web has resolution NONE: it forwards to the address that was asked for, and has no "
            "endpoints",
        ),
    ],
)
def test_a_workload_that_cannot_be_an_endpoint_is_told_why(resolution: Resolution, address: str, why: str) -> None:
    entry = service("web", resolution=resolution, selector={"app": "web"})
    assert of("w", entry, workload("w", address)) == [f"not an endpoint of ServiceEntry/default/web: {why}"]


def test_a_workload_that_shares_its_address_is_told_with_whom() -> None:
    objects: list[Object] = [selecting("web"), workload("w"), workload("b"), workload("a")]
    assert of("w", *objects) == [
        "WorkloadEntry/default/a, WorkloadEntry/default/b gives the same address to ServiceEntry/default/web: "
        "it is sent once, and removing one of them leaves it"
    ]


def test_remarks_on_a_workload_are_in_an_order_that_does_not_depend_on_what_came_first() -> None:
    objects: list[Object] = [
        service("one", resolution=Resolution.NONE, selector={"app": "web"}),
        service("two", resolution=Resolution.NONE, selector={"track": "stable"}),
        workload("w", app="web", track="stable"),
    ]
    assert len({tuple(of("w", *order)) for order in permutations(objects)}) == 1


# Services


def test_of_a_service_with_endpoints_there_is_nothing_to_say() -> None:
    assert of("web", selecting("web"), workload("w")) == []
    assert of("web", service("web", endpoints=[Endpoint("10.0.0.1")])) == []
    assert of("web", service("web", resolution=Resolution.NONE)) == []


def test_a_selector_that_matches_nothing_is_told_so_with_its_labels_in_order() -> None:
    assert of("web", selecting("web", track="stable", app="web"), workload("w", app="web")) == [
        "its selector (app=web, track=stable) matches no WorkloadEntry of its namespace"
    ]


def test_a_selector_of_many_or_long_labels_is_told_in_a_line() -> None:
    (told,) = of("web", service("web", selector={**{f"label-{i}": "a" for i in range(50)}, "app": "x" * 5000}))
    assert told.startswith(f"its selector (app={'x' * 60}…, label-0=a, label-1=a and 48 more) matches no")


def test_of_many_that_share_an_address_the_first_are_named() -> None:
    (told,) = of("w-0", selecting("web"), *(workload(f"w-{i}") for i in range(9)))
    named = ", ".join(f"WorkloadEntry/default/w-{i}" for i in (1, 2, 3))
    assert told.startswith(f"{named} and 5 more gives the same address")


def claiming(
    name: str, created: str = "", namespace: str = "default", export_to: str = "*", port: int = 0
) -> ServiceEntry:
    """A service of the host that several claim."""
    ports = (TLS,) if port else (HTTP,)
    return service(
        name,
        *ports,
        namespace=namespace,
        hosts=["claimed.example"],
        endpoints=[Endpoint("10.0.0.1")],
        created=created,
        export_to=[export_to],
    )


def lost(found: list[str]) -> bool:
    return any("claims host claimed.example too" in remark for remark in found)


def test_the_loser_of_a_claim_is_told_to_whom_and_the_winner_is_not_bothered() -> None:
    old, young = claiming("old", "2026-01-01T00:00:00Z"), claiming("young", "2026-01-02T00:00:00Z")
    assert of("young", young, old) == [
        "ServiceEntry/default/old claims host claimed.example too, and is older (or first by name): "
        "it gets the routes, except in this one's own namespace"
    ]
    assert of("old", young, old) == []


def test_a_host_that_is_claimed_on_another_port_or_where_nobody_sees_both_is_no_loss() -> None:
    young = claiming("young", "2026-01-02T00:00:00Z")
    assert not lost(of("young", young, claiming("old", "2026-01-01T00:00:00Z", port=443)))
    apart = claiming("old", "2026-01-01T00:00:00Z", namespace="shop", export_to=".")
    own = claiming("young", "2026-01-02T00:00:00Z", export_to=".")
    assert not lost(of("young", own, apart))


def test_a_claim_that_is_lost_to_the_second_oldest_is_told_though_the_oldest_has_no_part_in_it() -> None:
    oldest = claiming("oldest", "2026-01-01T00:00:00Z", port=443)
    second = claiming("second", "2026-01-02T00:00:00Z")
    young = claiming("young", "2026-01-03T00:00:00Z")
    assert lost(of("young", oldest, second, young))


def test_a_claim_that_is_lost_in_a_third_namespace_to_which_both_are_exported_is_told() -> None:
    old = claiming("old", "2026-01-01T00:00:00Z", namespace="one", export_to="shop")
    young = claiming("young", "2026-01-02T00:00:00Z", namespace="two", export_to="shop")
    assert lost(of("young", old, young))


def test_a_tcp_service_that_gets_nothing_of_its_port_is_told_so() -> None:
    old = service("old", TCP, endpoints=[Endpoint("10.0.0.1")], created="2026-01-01T00:00:00Z")
    young = service("young", TCP, endpoints=[Endpoint("10.0.0.2")], created="2026-01-02T00:00:00Z")
    assert of("young", old, young), (
        "without addresses, the two can't be told apart: all connections go to the older one"
    )


def test_of_what_is_not_there_there_is_nothing_to_say() -> None:
    assert remarks(indexed(), W) == remarks(indexed(), WEB) == []


# Obstacles: Envoy's panic mode


def test_draining_the_last_endpoints_of_a_service_is_an_obstacle_until_there_is_another() -> None:
    index = indexed(selecting("web"), workload("w"), workload("v", "10.0.0.2"))
    put(index, drain(workload("w")))
    assert obstacles(index, W) == []
    put(index, drain(workload("v", "10.0.0.2")))
    expected = [
        "every endpoint of ServiceEntry/default/web is draining, and Envoy then uses them all: "
        "add an endpoint, or annotate the ServiceEntry with lastack.io/all-draining: refuse"
    ]
    assert obstacles(index, W) == expected
    assert remarks(index, W) == expected
    put(index, workload("new", "10.0.0.3"))
    assert obstacles(index, W) == []


def test_a_service_that_refuses_rather_than_panic_puts_nothing_in_the_way() -> None:
    refusing = service("web", selector={"app": "web"}, all_draining=AllDraining.REFUSE)
    assert obstacles(indexed(refusing, workload("w", draining=True)), W) == []


def test_one_that_is_gone_is_in_nobodys_way() -> None:
    index = indexed(selecting("web"), workload("w", draining=True))
    assert obstacles(index, W)
    take(index, W)
    assert obstacles(index, W) == []


def test_one_that_is_not_draining_has_no_obstacle_of_its_own() -> None:
    index = indexed(
        selecting("web"),
        service("panics", endpoints=[Endpoint("10.0.0.9", labels=DRAINING)]),
        workload("w"),
    )
    assert obstacles(index, W) == []


def test_inline_endpoints_that_all_drain_are_an_obstacle_to_their_service() -> None:
    entry = service("web", endpoints=[Endpoint("10.0.0.9", labels=DRAINING)])
    assert obstacles(indexed(entry), entry.key)
    mixed = service("web", endpoints=[Endpoint("10.0.0.9", labels=DRAINING), Endpoint("10.0.0.8")])
    assert obstacles(indexed(mixed), mixed.key) == []


def test_a_service_is_in_the_way_of_those_of_its_members_only_that_drain_in_it() -> None:
    index = indexed(
        selecting("panics", app="web"),
        selecting("calm", track="stable"),
        workload("w", app="web", draining=True),
        workload("v", "10.0.0.2", track="stable"),
    )
    assert len(obstacles(index, W)) == 1
    assert obstacles(index, workload("v").key) == []
