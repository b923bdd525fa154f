"""What a gRPC client asks for as `xds:///host:port`."""

import pytest
from envoy_data_plane.envoy.config.core.v3 import AggregatedConfigSource, ApiVersion, ConfigSource
from envoy_data_plane.envoy.config.listener.v3 import ApiListener, Listener
from envoy_data_plane.envoy.config.route.v3 import Route, RouteAction, RouteConfiguration, RouteMatch, VirtualHost
from envoy_data_plane.envoy.extensions.filters.http.router.v3 import Router
from envoy_data_plane.envoy.extensions.filters.network.http_connection_manager.v3 import (
    HttpConnectionManager,
    HttpFilter,
    Rds,
)

from tests.xds.builders.reference import NO_TIMEOUT, listener, routes, unpack
from tests.xds.mesh import GRPC, HTTP, HTTP2, REDIRECTED, TCP, TLS, VIEW, Mesh, changed, cluster_of, service
from xds.objects import ServicePort
from xds.types import LDS, RDS
from xds.view import View

TARGET = "web.example:9090"
HCM_TYPE = "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"


def test_a_target_is_a_listener_without_a_socket_that_fetches_the_routes_of_its_name() -> None:  # rule 32
    found = listener(Mesh(service("web", GRPC)).get(LDS, TARGET).body)
    assert found.api_listener is not None
    manager = unpack(found.api_listener.api_listener, HttpConnectionManager, HCM_TYPE)
    (router,) = manager.http_filters
    assert unpack(router.typed_config, Router, "envoy.extensions.filters.http.router.v3.Router") == Router()
    source = ConfigSource(ads=AggregatedConfigSource(), resource_api_version=ApiVersion.V3)
    assert manager == HttpConnectionManager(
        stat_prefix=TARGET,
        rds=Rds(config_source=source, route_config_name=TARGET),
        http_filters=[HttpFilter(name="envoy.filters.http.router", typed_config=router.typed_config)],
    )
    assert found == Listener(name=TARGET, api_listener=ApiListener(api_listener=found.api_listener.api_listener))


def test_the_routes_of_a_target_lead_everything_to_its_cluster() -> None:
    entry = service("web", GRPC)
    action = RouteAction(cluster=cluster_of(entry), timeout=NO_TIMEOUT)
    everything = VirtualHost(name=TARGET, domains=["*"], routes=[Route(match=RouteMatch(prefix="/"), route=action)])
    assert routes(Mesh(entry).get(RDS, TARGET).body) == RouteConfiguration(name=TARGET, virtual_hosts=[everything])


@pytest.mark.parametrize("port", [HTTP, HTTP2, GRPC], ids=lambda port: str(port.protocol))
def test_every_http_port_of_every_host_is_a_target(port: ServicePort) -> None:
    mesh = Mesh(service("web", port, hosts=["a.example", "b.example"]))
    for host in ("a.example", "b.example"):
        for type_url in (LDS, RDS):
            mesh.get(type_url, f"{host}:{port.number}")


@pytest.mark.parametrize(
    "name",
    [
        "other.example:9090",
        "web.example:9091",
        "web.example:5432",
        "web.example:443",
        "web.example:",
        ":9090",
        ":",
        "web.example:09090",
        "web.example:9090:9090",
        "[::1]:9090",
    ],
)
def test_what_no_http_service_has_is_no_target(name: str) -> None:
    mesh = Mesh(service("web", GRPC, TCP, TLS))
    assert mesh.find(LDS, name) is None
    assert mesh.find(RDS, name) is None


def test_wildcard_subscriptions_do_not_cover_targets() -> None:
    mesh = Mesh(service("web", GRPC))
    mesh.get(LDS, TARGET)
    assert mesh.snapshot.names(VIEW, LDS) == ["0.0.0.0_9090"]
    assert set(mesh.snapshot.full_set(VIEW, LDS).resources) == {"0.0.0.0_9090"}
    assert {c.name.name: c.wildcard for c in mesh.apply(service("web", GRPC, TCP)) if c.name.type_url == LDS} == {
        "0.0.0.0_5432": True
    }
    appeared = [c for c in mesh.apply(service("web", GRPC, HTTP2)) if c.name.name == "web.example:8082"]
    assert {(c.name.type_url, c.wildcard) for c in appeared if c.name.type_url == LDS} == {(LDS, False)}


def test_a_target_that_several_claim_goes_to_the_oldest_or_to_the_clients_own_namespace() -> None:
    old = service("old", GRPC, namespace="shop", hosts=["web.example"], created="2026-01-01T00:00:00Z")
    own = service("own", GRPC, namespace="mine", hosts=["web.example"])
    for view, winner in ((View("other"), old), (View("mine"), own)):
        mesh = Mesh(old, own, views=[view])
        found = routes(mesh.get(RDS, TARGET, view).body)
        assert found.virtual_hosts[0].routes[0].route == RouteAction(cluster=cluster_of(winner), timeout=NO_TIMEOUT)


def test_a_target_is_there_for_those_only_to_whom_the_service_is_exported() -> None:
    views = [View("mine"), View("other")]
    mesh = Mesh(service("web", GRPC, namespace="mine", export_to=["."]), views=views)
    assert mesh.find(LDS, TARGET, views[0]) is not None
    assert mesh.find(LDS, TARGET, views[1]) is None


def test_a_target_comes_goes_and_changes_with_its_service_as_those_that_ask_for_it_are_told() -> None:
    mesh = Mesh()
    assert mesh.find(LDS, TARGET) is None

    def told(name: str = TARGET) -> set[str]:
        return {resource.type_url for resource in changed(changes) if resource.name == name}

    changes = mesh.apply(service("web", GRPC))
    assert told() == {LDS, RDS}
    mesh.get(LDS, TARGET)
    changes = mesh.apply(service("web", GRPC, sans=["new"]))
    assert told() == set(), "its cluster's name is as it was"
    changes = mesh.apply(service("also", GRPC, hosts=["web.example"], created="2020-01-01T00:00:00Z"))
    assert told() == {RDS}, "an older one claims it"
    changes = mesh.delete(service("also"))
    assert told() == {RDS}
    changes = mesh.apply(service("web", TCP))
    assert told() == {LDS, RDS}
    assert mesh.find(LDS, TARGET) is None


def test_asking_for_what_does_not_exist_leaves_nothing_behind() -> None:
    mesh = Mesh(service("web", GRPC))
    before = held(mesh)
    for number in range(100):
        mesh.find(LDS, f"nobody.example:{number}")
        mesh.find(RDS, f"nobody-{number}")
    assert held(mesh) == before


def test_a_target_is_kept_when_somebody_asked_for_it_and_not_before() -> None:
    mesh = Mesh(service("web", GRPC))
    before = held(mesh)
    mesh.apply(service("web", GRPC, sans=["new"]))
    assert held(mesh) == before
    mesh.get(LDS, TARGET)
    mesh.apply(service("web", GRPC))
    assert held(mesh) == before + 1
    mesh.delete(service("web"))
    assert held(mesh) == before


def held(mesh: Mesh) -> int:
    """How many targets the view keeps."""
    return sum(len(resources._api) for resources in mesh.snapshot._views.values())


def test_a_target_is_the_same_where_traffic_is_redirected() -> None:
    mesh = Mesh(service("web", GRPC), views=[VIEW, REDIRECTED])
    for type_url in (LDS, RDS):
        assert mesh.get(type_url, TARGET).version == mesh.get(type_url, TARGET, REDIRECTED).version
