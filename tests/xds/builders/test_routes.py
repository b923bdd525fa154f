"""RouteConfigurations as Envoy reads them."""

from itertools import permutations

import pytest
from envoy_data_plane.envoy.config.route.v3 import (
    Route,
    RouteAction,
    RouteConfiguration,
    RouteMatch,
    VirtualHost,
)

from tests.xds.builders.reference import NO_TIMEOUT, routes
from tests.xds.mesh import GRPC, HTTP, REDIRECTED, TCP, TLS, VIEW, Mesh, cluster_of, service
from xds.builders.routes import encode_empty_routes
from xds.naming import PASSTHROUGH_CLUSTER
from xds.objects import ServiceEntry, ServicePort
from xds.types import RDS
from xds.view import View

NAME = "0.0.0.0_80"


def of(*entries: ServiceEntry, view: View = VIEW) -> RouteConfiguration:
    return routes(Mesh(*entries, views=[view]).get(RDS, NAME, view).body)


def host(name: str, domains: list[str], cluster: str) -> VirtualHost:
    action = RouteAction(cluster=cluster, timeout=NO_TIMEOUT)
    return VirtualHost(name=name, domains=domains, routes=[Route(match=RouteMatch(prefix="/"), route=action)])


def configuration(*hosts: VirtualHost) -> RouteConfiguration:
    return RouteConfiguration(
        name=NAME, virtual_hosts=list(hosts), validate_clusters=False, ignore_port_in_host_matching=True
    )


def domains(found: RouteConfiguration) -> list[tuple[str, str]]:
    """Each domain with the namespace and name of the service that has it, in order."""
    return [
        (domain, one.routes[0].route.cluster.split("|")[2])
        for one in found.virtual_hosts
        for domain in one.domains
        if one.routes[0].route is not None and one.routes[0].route.cluster is not None
    ]


def test_a_host_leads_to_its_cluster_without_a_timeout() -> None:
    entry = service("web")
    assert of(entry) == configuration(host("web.example:80", ["web.example"], cluster_of(entry)))


def test_every_host_of_a_service_leads_to_its_own_cluster() -> None:
    entry = service("web", hosts=["a.example", "*.b.example"])
    assert of(entry) == configuration(
        host("a.example:80", ["a.example"], cluster_of(entry, host="a.example")),
        host("*.b.example:80", ["*.b.example"], cluster_of(entry, host="*.b.example")),
    )


def test_an_address_leads_to_the_first_host_and_a_block_of_addresses_is_no_domain() -> None:
    entry = service("web", hosts=["a.example", "b.example"], addresses=["10.9.0.1", "2001:db8::1", "10.8.0.0/16"])
    assert of(entry) == configuration(
        host("a.example:80", ["a.example", "10.9.0.1", "[2001:db8::1]"], cluster_of(entry, host="a.example")),
        host("b.example:80", ["b.example"], cluster_of(entry, host="b.example")),
    )


def test_only_http_services_are_routed_by_host() -> None:
    both = service("web", HTTP, GRPC, TLS, TCP)
    mesh = Mesh(both, service("db", ServicePort(80, "tcp", TCP.protocol)))
    assert mesh.snapshot.names(VIEW, RDS) == ["0.0.0.0_80", "0.0.0.0_9090"]
    assert domains(routes(mesh.get(RDS, NAME).body)) == [("web.example", "default/web")]


CLAIMS = [
    service("old", hosts=["h", "old.example"], addresses=["10.9.0.1"], created="2026-01-01T00:00:00Z"),
    service("young", hosts=["young.example", "h"], addresses=["10.9.0.1"], created="2026-01-02T00:00:00Z"),
    service("ageless", hosts=["h"], addresses=["10.9.0.2"]),
]


@pytest.mark.parametrize("entries", list(permutations(CLAIMS)))
def test_a_domain_that_several_claim_goes_to_the_oldest_and_stands_once(entries: tuple[ServiceEntry, ...]) -> None:
    found = domains(of(*entries))
    assert found == [
        ("h", "default/old"),
        ("10.9.0.1", "default/old"),
        ("old.example", "default/old"),
        ("young.example", "default/young"),
        ("10.9.0.2", "default/ageless"),
    ]
    assert len({domain for domain, _ in found}) == len(found)


def test_a_service_of_the_proxys_own_namespace_comes_first_whatever_its_age() -> None:
    old = service("old", namespace="shop", hosts=["h"], created="2026-01-01T00:00:00Z")
    own = service("own", namespace="mine", hosts=["h"])
    assert domains(of(old, own, view=View(namespace="mine"))) == [("h", "mine/own")]
    assert domains(of(old, own, view=View(namespace="other"))) == [("h", "shop/old")]


def test_one_that_all_its_claims_were_lost_has_no_virtual_host() -> None:
    old = service("old", hosts=["h"], created="2026-01-01T00:00:00Z")
    assert domains(of(old, service("young", hosts=["h"]))) == [("h", "default/old")]


def test_where_traffic_is_redirected_other_hosts_go_where_they_were_going() -> None:
    entry = service("web")
    assert of(entry, view=REDIRECTED) == configuration(
        host("web.example:80", ["web.example"], cluster_of(entry)),
        host("passthrough", ["*"], PASSTHROUGH_CLUSTER),
    )


def test_what_is_gone_is_an_empty_configuration() -> None:  # rule 25
    assert routes(encode_empty_routes("gone")) == RouteConfiguration(name="gone")
