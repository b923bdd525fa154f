"""Full sets: everything that a wildcard subscription covers, shared until something changes."""

from tests.xds.mesh import REDIRECTED, TCP, VIEW, Mesh, cluster_of, drain, selecting, service, workload
from xds.naming import PASSTHROUGH_CLUSTER, REDIRECT_LISTENER
from xds.objects import Resolution
from xds.types import CDS, LDS
from xds.view import View

WEB = selecting("web")
OTHER = View("other")


def test_a_full_set_holds_what_the_view_has_of_the_type() -> None:
    mesh = Mesh(WEB, service("db", TCP, export_to=["other"]), views=[VIEW, OTHER, REDIRECTED])
    clusters = mesh.snapshot.full_set(VIEW, CDS).resources
    assert dict(clusters) == {cluster_of(WEB): mesh.cluster(WEB)}
    assert len(mesh.snapshot.full_set(OTHER, CDS).resources) == 2
    assert set(mesh.snapshot.full_set(REDIRECTED, CDS).resources) == {cluster_of(WEB), PASSTHROUGH_CLUSTER}
    assert set(mesh.snapshot.full_set(REDIRECTED, LDS).resources) == {"0.0.0.0_80", REDIRECT_LISTENER}


def test_a_full_set_is_one_object_for_all_streams_while_nothing_of_its_type_changes() -> None:
    mesh = Mesh(WEB, workload("w"))
    clusters, listeners = mesh.snapshot.full_set(VIEW, CDS), mesh.snapshot.full_set(VIEW, LDS)
    mesh.apply(drain(workload("w")))
    mesh.apply(workload("v", "10.0.0.2"))
    mesh.apply(WEB)
    assert mesh.snapshot.full_set(VIEW, CDS) is clusters
    assert mesh.snapshot.full_set(VIEW, LDS) is listeners


def test_a_full_set_follows_every_change_of_its_type() -> None:
    mesh = Mesh(WEB)
    versions = [mesh.snapshot.full_set(VIEW, CDS).version]

    def follows() -> bool:
        versions.append(mesh.snapshot.full_set(VIEW, CDS).version)
        full = mesh.snapshot.full_set(VIEW, CDS)
        assert list(full.resources) == mesh.snapshot.names(VIEW, CDS)
        assert all(resource is mesh.get(CDS, name) for name, resource in full.resources.items())
        return versions[-1] != versions[-2]

    mesh.apply(service("web", selector={"app": "web"}, sans=["new"]))
    assert follows(), "a cluster changed"
    mesh.apply(service("db", TCP, export_to=["other"]))
    assert not follows(), "one came that the view does not see"
    mesh.apply(service("db", TCP))
    assert follows(), "it sees it now"
    mesh.apply(service("db", TCP, export_to=["~"]))
    assert follows(), "and sees it no more"
    mesh.apply(service("dns", TCP, resolution=Resolution.DNS, selector={"app": "web"}))
    assert follows(), "one came"
    mesh.apply(workload("w", "w.example"))
    assert follows(), "its endpoints, which it holds itself, changed"
    mesh.delete(service("dns"))
    assert follows(), "it is gone"


def test_full_sets_of_equal_content_have_equal_versions_on_every_replica() -> None:
    one, other = Mesh(WEB, selecting("api")), Mesh(selecting("api"), WEB)
    for type_url in (CDS, LDS):
        assert one.snapshot.full_set(VIEW, type_url).version == other.snapshot.full_set(VIEW, type_url).version


def test_nothing_is_kept_of_the_full_sets_of_a_view_that_is_dropped() -> None:
    mesh = Mesh(WEB, views=[VIEW, OTHER])
    for view in (VIEW, OTHER):
        for type_url in (CDS, LDS):
            mesh.snapshot.full_set(view, type_url)
    mesh.snapshot.drop_view(OTHER)
    assert {view for view, _ in mesh.snapshot._full_sets} == {VIEW}
