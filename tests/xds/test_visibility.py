"""Who sees what, and who is told when that changes."""

import pytest

from ledger.ids import ResourceName
from tests.xds.mesh import HTTP, REDIRECTED, TCP, TLS, VIEW, Mesh, changed, cluster_of, selecting, service, workload
from xds.naming import PASSTHROUGH_CLUSTER
from xds.objects import ServiceEntry
from xds.types import CDS, EDS, LDS, RDS
from xds.view import View, sees

SHOP, MINE, OTHER = View("shop"), View("mine"), View("other")
VIEWS = [SHOP, MINE, OTHER]


def exported(*to: str, name: str = "web", namespace: str = "mine", sans: tuple[str, ...] = ()) -> ServiceEntry:
    return service(name, TLS, namespace=namespace, selector={"app": "web"}, export_to=to, sans=sans)


EXPORTS: list[tuple[tuple[str, ...], set[View]]] = [
    (("*",), {SHOP, MINE, OTHER}),
    ((".",), {MINE}),
    (("~",), set()),
    (("shop",), {SHOP}),
    (("shop", "other"), {SHOP, OTHER}),
    (("shop", "."), {SHOP, MINE}),
    (("mine",), {MINE}),
]


@pytest.mark.parametrize(("to", "seen_by"), EXPORTS, ids=[",".join(to) for to, _ in EXPORTS])
def test_a_service_is_seen_where_it_is_exported_to_and_nowhere_else(to: tuple[str, ...], seen_by: set[View]) -> None:
    mesh = Mesh(exported(*to), views=VIEWS)
    for view in VIEWS:
        expected = view in seen_by
        assert sees(view.namespace, exported(*to)) is expected
        assert bool(mesh.everything(view)) is expected
        for resource in (
            ResourceName(CDS, cluster_of(exported())),
            ResourceName(EDS, cluster_of(exported())),
            ResourceName(LDS, "0.0.0.0_443"),
        ):
            assert (mesh.snapshot.get(view, resource) is not None) is expected
        assert mesh.snapshot.uses(view, ResourceName(EDS, cluster_of(exported()))) is expected
        assert mesh.snapshot.uses_any(view, EDS) is expected


def told(mesh: Mesh, entry: ServiceEntry) -> dict[str, object]:
    """Applies the service. By type, in which views its cluster, assignment and listener changed."""
    found = changed(mesh.apply(entry))
    return {name.type_url: views for name, views in found.items() if ":" not in name.name}


EVERYWHERE, NOWHERE = None, frozenset[object]()


@pytest.mark.parametrize(
    ("before", "after", "cluster", "listener"),
    [
        (("*",), ("*",), "none", "none"),
        (("*",), ("shop",), {MINE, OTHER}, {MINE, OTHER}),
        (("shop",), ("*",), {MINE, OTHER}, {MINE, OTHER}),
        (("shop",), ("other",), {SHOP, OTHER}, {SHOP, OTHER}),
        (("shop",), ("shop", "other"), {OTHER}, {OTHER}),
        (("shop",), (".",), {SHOP, MINE}, {SHOP, MINE}),
        (("*",), ("~",), {SHOP, MINE, OTHER}, {SHOP, MINE, OTHER}),
        (("~",), ("shop",), {SHOP}, {SHOP}),
        ((".",), ("mine",), "none", "none"),
    ],
)
def test_when_a_service_is_exported_elsewhere_those_are_told_that_gain_or_lose_it(
    before: tuple[str, ...], after: tuple[str, ...], cluster: object, listener: object
) -> None:
    mesh = Mesh(exported(*before), views=VIEWS)
    found = told(mesh, exported(*after))
    expected: dict[str, object] = {}
    if cluster != "none":
        expected |= {CDS: cluster, EDS: cluster}
    if listener != "none":
        expected[LDS] = listener
    assert found == expected


def test_when_a_service_changes_and_is_exported_elsewhere_all_are_told_that_had_it_or_have_it() -> None:
    mesh = Mesh(exported("shop"), views=VIEWS)
    found = told(mesh, exported("other", sans=("new",)))
    assert found[CDS] == {SHOP, OTHER}
    assert found[EDS] == {SHOP, OTHER}, "the assignment is as it was, and moved"


def test_a_change_of_a_service_that_is_seen_everywhere_is_told_to_all() -> None:
    mesh = Mesh(exported("*"), views=VIEWS)
    assert told(mesh, exported("*", sans=("new",))) == {CDS: EVERYWHERE}


def test_a_change_of_a_service_that_nobody_sees_is_told_to_nobody() -> None:
    mesh = Mesh(exported("~"), views=VIEWS)
    assert told(mesh, exported("~", sans=("new",))) == {CDS: NOWHERE}


def test_a_workload_is_told_to_those_that_see_its_service() -> None:
    mesh = Mesh(exported("shop", "."), views=VIEWS)
    found = changed(mesh.apply(workload("w", namespace="mine")))
    assert found == {ResourceName(EDS, cluster_of(exported())): {SHOP, MINE}}


def test_a_service_that_is_deleted_is_told_to_those_that_saw_it() -> None:
    mesh = Mesh(exported("shop"), views=VIEWS)
    found = changed(mesh.delete(exported()))
    assert found[ResourceName(CDS, cluster_of(exported()))] == {SHOP}
    assert found[ResourceName(LDS, "0.0.0.0_443")] == {SHOP}


def test_of_a_port_with_several_services_each_view_has_those_that_it_sees() -> None:
    hidden = service("hidden", TLS, namespace="mine", export_to=["."], hosts=["h"], created="2020-01-01T00:00:00Z")
    open_ = service("open", TLS, namespace="shop", hosts=["h"])
    mesh = Mesh(hidden, open_, views=VIEWS)
    with_hidden, without = mesh.get(LDS, "0.0.0.0_443", MINE), mesh.get(LDS, "0.0.0.0_443", OTHER)
    assert b"mine/hidden" in with_hidden.body
    assert b"mine/hidden" not in without.body
    assert b"shop/open" in without.body
    found = changed(mesh.delete(hidden))
    assert found[ResourceName(LDS, "0.0.0.0_443")] == {MINE}


def test_two_services_of_one_host_have_clusters_of_their_own_for_whoever_sees_them() -> None:
    one = service("web", namespace="shop", hosts=["h"], export_to=["."])
    two = service("web", namespace="mine", hosts=["h"], export_to=["."])
    mesh = Mesh(one, two, views=VIEWS)
    assert mesh.snapshot.names(SHOP, CDS) == ["outbound|80|shop/web|h"]
    assert mesh.snapshot.names(MINE, CDS) == ["outbound|80|mine/web|h"]
    assert mesh.snapshot.names(OTHER, CDS) == []
    assert mesh.get(RDS, "0.0.0.0_80", SHOP).version != mesh.get(RDS, "0.0.0.0_80", MINE).version


# Views that come and go


def test_a_view_that_opens_late_has_everything() -> None:
    mesh = Mesh(selecting("web", HTTP, TCP), workload("w"), views=[])
    assert mesh.snapshot.views() == set()
    mesh.snapshot.add_view(VIEW)
    early = Mesh(selecting("web", HTTP, TCP), workload("w"))
    assert {n: r.body for n, r in mesh.everything().items()} == {n: r.body for n, r in early.everything().items()}


def test_a_view_that_opens_again_keeps_what_it_has_and_one_that_is_dropped_is_kept_up_no_more() -> None:
    mesh = Mesh(selecting("web"), views=[VIEW, OTHER])
    listener = mesh.get(LDS, "0.0.0.0_80")
    mesh.snapshot.add_view(VIEW)
    assert mesh.get(LDS, "0.0.0.0_80") is listener
    mesh.snapshot.drop_view(OTHER)
    mesh.snapshot.drop_view(OTHER)
    assert mesh.snapshot.views() == {VIEW}
    found = changed(mesh.apply(service("db", TCP)))
    assert found[ResourceName(LDS, "0.0.0.0_5432")] == {VIEW}
    mesh.snapshot.add_view(OTHER)
    assert mesh.everything(OTHER).keys() == mesh.everything(VIEW).keys()


def test_views_that_differ_in_their_listeners_share_clusters_and_assignments() -> None:
    bound = View(bind_address="127.0.0.2")
    mesh = Mesh(selecting("web"), workload("w"), views=[VIEW, bound, REDIRECTED])
    for type_url in (CDS, EDS):
        assert mesh.get(type_url, cluster_of(selecting("web")), VIEW) is mesh.get(
            type_url, cluster_of(selecting("web")), bound
        )
    versions = {mesh.get(LDS, "0.0.0.0_80", view).version for view in (VIEW, bound, REDIRECTED)}
    assert len(versions) == 3


def test_the_passthrough_cluster_is_there_where_traffic_is_redirected_only() -> None:
    mesh = Mesh(selecting("web"), views=[VIEW, REDIRECTED])
    assert mesh.snapshot.names(VIEW, CDS) == [cluster_of(selecting("web"))]
    assert mesh.snapshot.names(REDIRECTED, CDS) == [PASSTHROUGH_CLUSTER, cluster_of(selecting("web"))]
    assert mesh.find(CDS, PASSTHROUGH_CLUSTER, VIEW) is None
