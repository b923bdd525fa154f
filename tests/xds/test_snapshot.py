"""The snapshot: what is built again, what is told of it, and that it depends on nothing but the objects."""

from itertools import permutations

import pytest

from ledger.ids import ResourceName, TypeUrl
from tests.xds.builders import reference
from tests.xds.mesh import (
    GRPC,
    HTTP,
    REDIRECTED,
    TCP,
    TLS,
    VIEW,
    Mesh,
    Object,
    changed,
    cluster_of,
    drain,
    selecting,
    service,
    workload,
)
from xds.naming import PASSTHROUGH_CLUSTER
from xds.objects import Endpoint, Resolution
from xds.types import CDS, EDS, LDS, RDS
from xds.view import View

WEB, API = selecting("web"), selecting("api")


def names(*resources: tuple[TypeUrl, str]) -> dict[ResourceName, object]:
    """Resources that changed in all views."""
    return {ResourceName(url, name): None for url, name in resources}


# What changes


def test_a_workload_changes_the_assignments_of_its_services_and_nothing_else() -> None:
    mesh = Mesh(WEB, API, selecting("also", app="web"))
    expected = names((EDS, cluster_of(WEB)), (EDS, cluster_of(selecting("also"))))
    assert changed(mesh.apply(workload("w"))) == expected
    assert changed(mesh.apply(drain(workload("w")))) == expected
    assert changed(mesh.delete(workload("w"))) == expected


def test_where_dns_finds_the_endpoints_a_workload_changes_the_cluster() -> None:
    entry = service("web", resolution=Resolution.DNS, selector={"app": "web"})
    assert changed(Mesh(entry).apply(workload("w", "w.example"))) == names((CDS, cluster_of(entry)))


@pytest.mark.parametrize(
    "unsent",
    [workload("w", app="web", track="new"), workload("v", "10.0.0.1"), workload("x", "not-an-ip.example")],
    ids=["a label that nothing selects", "an address that is sent already", "an address that can't be used"],
)
def test_what_changes_nothing_that_is_sent_is_no_change(unsent: Object) -> None:
    mesh = Mesh(WEB, workload("a", "10.0.0.1"), workload("w", "10.0.0.2", app="web"))
    if unsent.name == "w":
        unsent = workload("w", "10.0.0.2", app="web", track="new")
    before = mesh.assignment(WEB)
    assert mesh.apply(unsent) == []
    assert mesh.assignment(WEB) is before


def test_a_service_brings_its_cluster_its_assignment_and_its_port_and_takes_them_away() -> None:
    mesh = Mesh(API)
    tls = service("tls", TLS)
    expected = names((CDS, cluster_of(tls)), (EDS, cluster_of(tls)))
    expected |= {ResourceName(LDS, "0.0.0.0_443"): frozenset({VIEW})}
    assert changed(mesh.apply(tls)) == expected
    assert changed(mesh.delete(tls)) == expected
    assert mesh.find(CDS, cluster_of(tls)) is None
    assert mesh.find(EDS, cluster_of(tls)) is None
    assert mesh.find(LDS, "0.0.0.0_443") is None


def test_a_second_service_on_an_http_port_changes_its_routes_and_not_its_listener() -> None:
    mesh = Mesh(WEB)
    listener = mesh.get(LDS, "0.0.0.0_80")
    found = changed(mesh.apply(API))
    assert ResourceName(RDS, "0.0.0.0_80") in found
    assert ResourceName(LDS, "0.0.0.0_80") not in found
    assert mesh.get(LDS, "0.0.0.0_80").version == listener.version


def test_a_change_of_metadata_changes_the_cluster_alone() -> None:
    mesh = Mesh(WEB)
    again = service("web", selector={"app": "web"}, sans=["new"])
    api_names = {"web.example:80"}
    assert {name for name in changed(mesh.apply(again)) if name.name not in api_names} == {
        ResourceName(CDS, cluster_of(WEB))
    }


def test_a_service_that_is_as_it_was_is_no_change() -> None:
    mesh = Mesh(WEB, workload("w"))
    for target in ("web.example:80",):
        mesh.get(LDS, target)
    assert mesh.apply(WEB) == []


def test_a_change_of_resolution_takes_the_assignment_away_or_brings_it() -> None:
    mesh = Mesh(WEB)
    dns = service("web", resolution=Resolution.DNS, selector={"app": "web"})
    found = changed(mesh.apply(dns))
    assert {ResourceName(CDS, cluster_of(WEB)), ResourceName(EDS, cluster_of(WEB))} <= found.keys()
    assert mesh.find(EDS, cluster_of(WEB)) is None
    mesh.get(CDS, cluster_of(WEB))
    mesh.apply(WEB)
    mesh.get(EDS, cluster_of(WEB))


def test_a_host_that_leaves_a_service_takes_its_cluster_with_it() -> None:
    two, one = service("web", hosts=["a.example", "b.example"]), service("web", hosts=["a.example"])
    mesh = Mesh(two)
    gone = cluster_of(two, host="b.example")
    found = changed(mesh.apply(one))
    assert {ResourceName(CDS, gone), ResourceName(EDS, gone)} <= found.keys()
    assert ResourceName(CDS, cluster_of(one)) not in found
    assert mesh.find(CDS, gone) is None


def test_changes_that_are_applied_as_one_are_told_once_and_only_their_outcome_counts() -> None:
    mesh = Mesh(WEB)
    found = changed(mesh.apply(workload("w"), drain(workload("w")), workload("v", "10.0.0.2")))
    assert found == names((EDS, cluster_of(WEB)))
    before = mesh.everything()
    back_and_forth = [selecting("web", TCP), service("web", GRPC), WEB]
    assert not [name for name in changed(mesh.apply(*back_and_forth)) if name in before]
    assert {name: one.version for name, one in mesh.everything().items()} == {n: r.version for n, r in before.items()}


def test_a_workload_and_its_service_may_change_in_any_order_as_one() -> None:
    objects: list[Object] = [selecting("web", HTTP), selecting("web", TCP), workload("w"), workload("w", "10.0.0.2")]
    for order in permutations(objects):
        mesh = Mesh()
        mesh.apply(*order)
        one_by_one = Mesh()
        for one in order:
            one_by_one.apply(one)
        assert bodies(mesh) == bodies(one_by_one)


# What is built again


def test_what_is_not_touched_is_the_very_same_object() -> None:
    mesh = Mesh(WEB, API, service("db", TCP), workload("w"), workload("a", "10.0.0.2", app="api"))
    before = mesh.everything()
    mesh.apply(workload("w", "10.0.0.9"))
    after = mesh.everything()
    assert {name for name in after if after[name] is not before[name]} == {ResourceName(EDS, cluster_of(WEB))}


def test_a_change_of_a_service_leaves_other_services_and_other_ports_untouched() -> None:
    mesh = Mesh(WEB, API, service("db", TCP))
    before = mesh.everything()
    mesh.apply(service("web", selector={"app": "web"}, sans=["new"]))
    after = mesh.everything()
    for name in (
        ResourceName(CDS, cluster_of(API)),
        ResourceName(EDS, cluster_of(API)),
        ResourceName(LDS, "0.0.0.0_5432"),
    ):
        assert after[name] is before[name]


# Determinism


def bodies(mesh: Mesh, view: View = VIEW) -> dict[ResourceName, tuple[str, bytes]]:
    return {name: (resource.version, resource.body) for name, resource in mesh.everything(view).items()}


OBJECTS: list[Object] = [
    selecting("web", HTTP, TLS),
    service("api", GRPC, endpoints=[Endpoint("10.9.0.1"), Endpoint("10.9.0.2", locality="eu/a")], sans=["b", "a"]),
    service("dns", TCP, resolution=Resolution.DNS, selector={"app": "web"}, addresses=["10.8.0.1"]),
    workload("w", "10.0.0.1", locality="us", app="web", track="stable"),
    workload("v", "10.0.0.1", draining=True, app="web"),
]


@pytest.mark.parametrize("view", [VIEW, REDIRECTED], ids=["bound", "redirected"])
def test_the_same_objects_in_any_order_give_the_same_bytes_and_versions(view: View) -> None:
    expected = bodies(Mesh(*OBJECTS, views=[view]), view)
    for order in permutations(OBJECTS):
        mesh = Mesh(views=[view])
        for one in order:
            mesh.apply(one)
        assert bodies(mesh, view) == expected


def test_the_order_of_maps_in_an_object_does_not_matter() -> None:
    one = Mesh(selecting("web", app="web", track="a"), workload("w", app="web", track="a", ports={"http": 1, "x": 2}))
    other = Mesh(selecting("web", track="a", app="web"), workload("w", track="a", app="web", ports={"x": 2, "http": 1}))
    assert bodies(one) == bodies(other)


def test_what_came_and_went_and_came_again_has_the_version_it_had() -> None:
    mesh = Mesh(*OBJECTS)
    before = bodies(mesh)
    mesh.delete(*OBJECTS)
    assert not mesh.everything()
    mesh.apply(*reversed(OBJECTS))
    assert bodies(mesh) == before


# What a stream asks


def test_a_type_that_is_gone_or_never_was_is_answered_by_an_empty_resource_where_envoy_ignores_deletions() -> None:
    mesh = Mesh()
    empty = mesh.snapshot.get_or_empty(VIEW, ResourceName(EDS, "gone"))
    assert empty is not None
    assert reference.assignment(empty.body).cluster_name == "gone"
    assert reference.assignment(empty.body).endpoints == []
    routes = mesh.snapshot.get_or_empty(VIEW, ResourceName(RDS, "gone"))
    assert routes is not None
    assert reference.routes(routes.body).virtual_hosts == []
    assert mesh.snapshot.get_or_empty(VIEW, ResourceName(CDS, "gone")) is None
    assert mesh.snapshot.get_or_empty(VIEW, ResourceName(LDS, "gone")) is None


def test_what_is_there_is_not_answered_by_an_empty_resource() -> None:
    mesh = Mesh(WEB, workload("w"))
    resource = mesh.assignment(WEB)
    assert mesh.snapshot.get_or_empty(VIEW, resource.name) is resource


def test_proxies_use_the_assignments_of_clusters_and_the_routes_of_listeners() -> None:
    dns = service("dns", resolution=Resolution.DNS)
    mesh = Mesh(WEB, dns, service("grpc", GRPC))
    uses = mesh.snapshot.uses
    assert uses(VIEW, ResourceName(EDS, cluster_of(WEB)))
    assert not uses(VIEW, ResourceName(EDS, cluster_of(dns))), "its cluster holds its endpoints"
    assert uses(VIEW, ResourceName(RDS, "0.0.0.0_80"))
    assert uses(VIEW, ResourceName(RDS, "grpc.example:9090"))
    assert not uses(VIEW, ResourceName(RDS, "0.0.0.0_81"))
    assert not uses(VIEW, ResourceName(CDS, cluster_of(WEB)))


def test_whether_anything_of_a_type_is_used_at_all_is_known() -> None:
    mesh = Mesh(service("dns", TCP, resolution=Resolution.DNS))
    assert not mesh.snapshot.uses_any(VIEW, EDS)
    assert not mesh.snapshot.uses_any(VIEW, RDS)
    mesh.apply(WEB)
    assert mesh.snapshot.uses_any(VIEW, EDS)
    assert mesh.snapshot.uses_any(VIEW, RDS)


def test_the_catalogue_holds_every_cluster_and_listener_that_some_view_has_by_wildcard() -> None:
    mesh = Mesh(WEB, service("db", TCP, export_to=["~"]), service("grpc", GRPC), views=[VIEW, REDIRECTED])
    seen = {
        name
        for view in (VIEW, REDIRECTED)
        for name in mesh.everything(view)
        if name.type_url in (CDS, LDS) and name.name not in (PASSTHROUGH_CLUSTER, "virtualOutbound")
    }
    assert seen <= mesh.snapshot.catalogue()
    assert all(name.type_url in (CDS, LDS) for name in mesh.snapshot.catalogue())
