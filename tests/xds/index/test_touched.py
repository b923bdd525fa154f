"""What each event touches: which receipts it concerns, and what is to be built again."""

import pytest

from ledger.ids import Generation, ObjectKey, ResourceName, TypeUrl
from tests.xds.mesh import HTTP, TCP, Object, cluster_of, drain, indexed, put, selecting, service, take, workload
from xds.index.index import Index, Touched
from xds.objects import AllDraining, Applied, Deleted, Endpoint, Resolution, ServiceEntry, WorkloadEntry
from xds.types import CDS, EDS, LDS, RDS

WEB, API = selecting("web"), selecting("api")
W = workload("w", app="web").key


def of(type_url: TypeUrl, *entries: ServiceEntry) -> set[ResourceName]:
    return {ResourceName(type_url, cluster_of(entry)) for entry in entries}


# Workloads


def test_a_workload_touches_the_assignments_of_its_services_and_awaits_their_clusters() -> None:
    index = indexed(WEB, selecting("also", app="web"), API)
    touched = put(index, workload("w", app="web"))
    assert touched.footprint == of(EDS, WEB, selecting("also", app="web"))
    assert touched.awaited == of(CDS, WEB, selecting("also", app="web"))
    assert touched.endpoints == {(WEB.key, 80), (selecting("also").key, 80)}
    assert not touched.moved
    assert not touched.services


def test_a_workload_that_changes_its_labels_touches_what_it_left_and_what_it_joined() -> None:
    index = indexed(WEB, API, workload("w", app="web"))
    touched = put(index, workload("w", app="api"))
    assert touched.footprint == of(EDS, WEB, API)
    assert touched.awaited == of(CDS, API)
    assert touched.endpoints == {(WEB.key, 80), (API.key, 80)}


def test_a_workload_that_drains_or_goes_awaits_no_cluster() -> None:
    index = indexed(WEB, workload("w"))
    drained = put(index, drain(workload("w")))
    assert (drained.footprint, drained.awaited) == (of(EDS, WEB), set())
    gone = take(index, W)
    assert (gone.footprint, gone.awaited, gone.endpoints) == (of(EDS, WEB), set(), {(WEB.key, 80)})


def test_a_workload_that_nothing_selects_touches_nothing() -> None:
    assert put(indexed(API), workload("w", app="web")) == Touched()
    assert take(indexed(API, workload("w", app="web")), W) == Touched()


def test_where_dns_finds_the_endpoints_the_cluster_is_touched() -> None:
    entry = service("web", resolution=Resolution.DNS, selector={"app": "web"})
    touched = put(indexed(entry), workload("w", "w.example"))
    assert touched.footprint == touched.awaited == of(CDS, entry)


def test_a_change_that_is_not_sent_has_nothing_built_again_and_still_is_looked_for() -> None:
    index = indexed(WEB, workload("w"))
    touched = put(index, workload("w", app="web", track="new"))
    assert touched.endpoints == set()
    assert touched.footprint == of(EDS, WEB)


def test_only_the_ports_whose_endpoints_changed_are_built_again() -> None:
    index = indexed(selecting("web", HTTP, TCP), workload("w", ports={"http": 8080}))
    assert put(index, workload("w", ports={"http": 8081})).endpoints == {(WEB.key, 80)}


# Services


def test_a_service_touches_every_resource_that_it_has_a_part_in() -> None:
    touched = put(indexed(), WEB)
    assert touched.footprint == {
        *of(CDS, WEB),
        *of(EDS, WEB),
        ResourceName(LDS, "0.0.0.0_80"),
        ResourceName(RDS, "0.0.0.0_80"),
        ResourceName(LDS, "web.example:80"),
        ResourceName(RDS, "web.example:80"),
    }
    assert touched.services == [(None, WEB)]
    assert touched.awaited == set()


def test_a_tcp_service_has_no_part_in_routes() -> None:
    entry = selecting("db", TCP)
    assert put(indexed(), entry).footprint == {*of(CDS, entry), *of(EDS, entry), ResourceName(LDS, "0.0.0.0_5432")}


def test_a_service_that_changes_touches_what_it_had_and_what_it_has() -> None:
    old, new = selecting("web", HTTP), selecting("web", TCP)
    touched = put(indexed(old), new)
    assert touched.footprint == put(indexed(), old).footprint | put(indexed(), new).footprint
    assert touched.services == [(old, new)]
    assert touched.endpoints == {(WEB.key, 80), (WEB.key, 5432)}


def test_a_service_that_is_deleted_moves_its_members_out() -> None:
    index = indexed(
        WEB, selecting("also", app="web"), workload("w"), workload("v", "10.0.0.2"), workload("other", app="x")
    )
    touched = take(index, WEB.key)
    assert touched.moved == {W: of(EDS, WEB), workload("v").key: of(EDS, WEB)}
    assert touched.services == [(WEB, None)]


def test_a_service_that_appears_moves_what_it_selects_in() -> None:
    assert put(indexed(workload("w"), workload("x", app="x")), WEB).moved == {W: of(EDS, WEB)}


def test_a_change_of_the_selector_moves_those_that_leave_and_those_that_join_and_no_others() -> None:
    index = indexed(
        selecting("web", track="old"),
        workload("leaves", "10.0.0.1", track="old"),
        workload("joins", "10.0.0.2", track="new", app="web"),
        workload("stays", "10.0.0.3", track="old", app="web"),
    )
    touched = put(index, selecting("web", app="web"))
    assert set(touched.moved) == {workload("leaves").key, workload("joins").key}


def test_a_change_of_ports_moves_members_into_and_out_of_the_ports_resources() -> None:
    index = indexed(selecting("web", HTTP), workload("w"))
    touched = put(index, selecting("web", TCP))
    assert touched.moved == {W: of(EDS, selecting("web", HTTP)) | of(EDS, selecting("web", TCP))}


def test_a_change_of_resolution_moves_members_from_the_assignment_to_the_cluster() -> None:
    index = indexed(WEB, workload("w"))
    touched = put(index, service("web", resolution=Resolution.DNS, selector={"app": "web"}))
    assert touched.moved == {W: of(EDS, WEB) | of(CDS, WEB)}


def test_a_change_that_leaves_members_where_they_are_moves_nobody() -> None:
    index = indexed(WEB, workload("w"))
    assert put(index, service("web", selector={"app": "web"}, sans=["new"])).moved == {}


def test_inline_endpoints_belong_to_their_service_and_are_moved_by_nobody() -> None:
    entry = service("web", endpoints=[Endpoint("10.0.0.1")])
    assert put(indexed(), entry).moved == {}


# The end of Envoy's panic


def panicking(*more: Object) -> Index:
    """A service of which every endpoint drains, so that Envoy uses them all."""
    return indexed(WEB, workload("w", draining=True), workload("v", "10.0.0.2", draining=True), *more)


def everything(entry: ServiceEntry) -> set[ResourceName]:
    return of(CDS, entry) | of(EDS, entry)


@pytest.mark.parametrize(
    "change", [workload("new", "10.0.0.3"), workload("v", "10.0.0.2")], ids=["a new one", "one back"]
)
def test_the_end_of_a_panic_moves_those_that_drain_out_of_use(change: WorkloadEntry) -> None:
    index = panicking()
    assert index.services[WEB.key].panics
    moved = put(index, change).moved
    assert {key: resources for key, resources in moved.items() if key != change.key} == {
        one.key: everything(WEB) for one in (workload("w"), workload("v")) if one.key != change.key
    }


def test_the_end_of_a_panic_by_the_services_policy_moves_them_too() -> None:
    refusing = service("web", selector={"app": "web"}, all_draining=AllDraining.REFUSE)
    assert put(panicking(), refusing).moved == {W: everything(WEB), workload("v").key: everything(WEB)}


def test_one_more_that_drains_does_not_end_a_panic() -> None:
    assert put(panicking(), workload("new", "10.0.0.3", draining=True)).moved == {}


def test_without_a_panic_an_endpoint_that_comes_moves_nobody() -> None:
    index = indexed(WEB, workload("w", draining=True), workload("v", "10.0.0.2"))
    assert put(index, workload("new", "10.0.0.3")).moved == {}


# Other events


def test_the_deletion_of_what_is_not_there_touches_nothing() -> None:
    index = indexed(WEB)
    assert index.apply(Deleted(ObjectKey("ServiceEntry", "default", "nobody"))) == Touched()
    assert index.apply(Deleted(ObjectKey("WorkloadEntry", "default", "web"))) == Touched()
    assert set(index.services) == {WEB.key}


def test_a_workload_and_a_service_of_one_name_are_two_objects() -> None:
    index = indexed(selecting("web"), workload("web"))
    index.apply(Deleted(workload("web").key))
    assert set(index.services) == {WEB.key}
    assert not index.workloads


def test_applying_the_same_again_changes_no_member() -> None:
    index = indexed(WEB, workload("w"))
    touched = index.apply(Applied(WEB, Generation(2), b""))
    assert touched.moved == {}
    assert index.services[WEB.key].workloads == {W: None}
