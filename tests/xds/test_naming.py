"""The names of resources."""

from ledger.ids import ResourceName
from tests.xds.mesh import GRPC, HTTP, TCP, Mesh, service
from xds.naming import (
    api_names,
    by_wildcard,
    catalogued,
    cluster_name,
    cluster_names,
    endpoint_resources,
    service_resources,
)
from xds.objects import Resolution
from xds.types import CDS, EDS, LDS, RDS


def test_a_cluster_is_named_by_port_object_and_host() -> None:
    assert cluster_name(service("web", namespace="shop").key, 80, "a.example") == "outbound|80|shop/web|a.example"


def test_a_service_has_a_cluster_for_every_port_and_host() -> None:
    entry = service("web", HTTP, TCP, hosts=["a", "b"])
    assert cluster_names(entry) == [
        "outbound|80|default/web|a",
        "outbound|80|default/web|b",
        "outbound|5432|default/web|a",
        "outbound|5432|default/web|b",
    ]


def test_endpoints_are_in_assignments_or_in_clusters_or_nowhere() -> None:
    def types(resolution: Resolution) -> set[str]:
        return {name.type_url for name in endpoint_resources(service("web", resolution=resolution), HTTP)}

    assert types(Resolution.STATIC) == {EDS}
    assert types(Resolution.DNS) == types(Resolution.DNS_ROUND_ROBIN) == {CDS}
    assert types(Resolution.NONE) == set()


def test_grpc_clients_ask_for_the_http_ports_of_a_service() -> None:
    assert api_names(service("web", HTTP, GRPC, TCP, hosts=["a", "b"])) == {"a:80", "a:9090", "b:80", "b:9090"}


def test_wildcards_cover_everything_but_grpc_clients_listeners() -> None:
    assert by_wildcard(ResourceName(LDS, "0.0.0.0_80"))
    assert by_wildcard(ResourceName(LDS, "virtualOutbound"))
    assert by_wildcard(ResourceName(CDS, "outbound|80|default/web|a"))
    assert not by_wildcard(ResourceName(LDS, "a.example:80"))


def test_a_service_has_a_part_in_every_resource_that_it_brings() -> None:
    for resolution in Resolution:
        entry = service("web", HTTP, TCP, GRPC, hosts=["a", "b"], resolution=resolution)
        mesh = Mesh(entry)
        brought = set(mesh.everything())
        for name in api_names(entry):
            brought |= {mesh.get(LDS, name).name, mesh.get(RDS, name).name}
        assert brought == service_resources(entry)


def test_of_a_service_its_clusters_and_the_listeners_of_its_ports_are_catalogued() -> None:
    entry = service("web", HTTP, hosts=["a"])
    assert catalogued(entry) == {ResourceName(CDS, "outbound|80|default/web|a"), ResourceName(LDS, "0.0.0.0_80")}
    assert catalogued(None) == set()
    assert catalogued(entry) <= Mesh(entry).snapshot.catalogue()
