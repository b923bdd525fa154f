"""Clusters as Envoy reads them."""

from dataclasses import replace
from datetime import timedelta
from itertools import product

import pytest
from envoy_data_plane.envoy.config.cluster.v3 import (
    CircuitBreakers,
    CircuitBreakersThresholds,
    Cluster,
    ClusterCommonLbConfig,
    ClusterDiscoveryType,
    ClusterDnsLookupFamily,
    ClusterEdsClusterConfig,
    ClusterLbPolicy,
)
from envoy_data_plane.envoy.config.core.v3 import (
    AggregatedConfigSource,
    ApiVersion,
    ConfigSource,
    HealthStatus,
    Http2ProtocolOptions,
    Locality,
)
from envoy_data_plane.envoy.config.endpoint.v3 import ClusterLoadAssignment, LbEndpoint, LocalityLbEndpoints
from envoy_data_plane.envoy.config.endpoint.v3 import Endpoint as ReferenceEndpoint
from envoy_data_plane.envoy.extensions.upstreams.http.v3 import (
    HttpProtocolOptions,
    HttpProtocolOptionsExplicitHttpConfig,
)
from envoy_data_plane.envoy.type.v3 import Percent

from tests.xds.builders.reference import about, cluster, socket, unpack
from tests.xds.mesh import (
    DRAINING,
    HTTP,
    REDIRECTED,
    TCP,
    Mesh,
    cluster_of,
    drain,
    service,
    workload,
)
from xds.naming import PASSTHROUGH_CLUSTER
from xds.objects import AllDraining, Endpoint, Location, Protocol, Resolution, ServiceEntry, ServicePort
from xds.types import CDS, EDS

HTTP_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
BREAKERS = CircuitBreakers(thresholds=[CircuitBreakersThresholds(max_retries=1024)])


def of(entry: ServiceEntry, *more: ServiceEntry) -> Cluster:
    return cluster(Mesh(entry, *more).cluster(entry).body)


def expected(entry: ServiceEntry, **fields: object) -> Cluster:
    """What all clusters of services have in common, and these fields."""
    common = Cluster(
        name=cluster_of(entry),
        connect_timeout=timedelta(seconds=5),
        circuit_breakers=BREAKERS,
        metadata=about(object=str(entry.key), location=str(entry.location)),
        ignore_health_on_host_removal=True,
        common_lb_config=ClusterCommonLbConfig(update_merge_window=timedelta()),
    )
    return replace(common, **fields)  # type: ignore[arg-type]


def eds() -> ClusterEdsClusterConfig:
    source = ConfigSource(
        ads=AggregatedConfigSource(), initial_fetch_timeout=timedelta(seconds=2), resource_api_version=ApiVersion.V3
    )
    return ClusterEdsClusterConfig(eds_config=source)


def assignment(entry: ServiceEntry, *endpoints: LbEndpoint) -> ClusterLoadAssignment:
    groups = [
        LocalityLbEndpoints(locality=Locality(), lb_endpoints=list(endpoints), load_balancing_weight=len(endpoints))
    ]
    return ClusterLoadAssignment(cluster_name=cluster_of(entry), endpoints=groups if endpoints else [])


def inline(
    entry: ServiceEntry, address: str, port: int = 80, health: HealthStatus = HealthStatus.UNKNOWN
) -> LbEndpoint:
    return LbEndpoint(
        endpoint=ReferenceEndpoint(address=socket(address, port)),
        health_status=health,
        metadata=about(object=str(entry.key)),
        load_balancing_weight=1,
    )


BY_RESOLUTION: dict[Resolution, dict[str, object]] = {
    Resolution.NONE: {"type": ClusterDiscoveryType.ORIGINAL_DST, "lb_policy": ClusterLbPolicy.CLUSTER_PROVIDED},
    Resolution.STATIC: {"type": ClusterDiscoveryType.EDS, "eds_cluster_config": eds()},
    Resolution.DNS: {
        "type": ClusterDiscoveryType.STRICT_DNS,
        "dns_lookup_family": ClusterDnsLookupFamily.V4_PREFERRED,
    },
    Resolution.DNS_ROUND_ROBIN: {
        "type": ClusterDiscoveryType.LOGICAL_DNS,
        "dns_lookup_family": ClusterDnsLookupFamily.V4_PREFERRED,
    },
}


@pytest.mark.parametrize(
    ("resolution", "protocol", "location"),
    list(product(Resolution, Protocol, Location)),
    ids=lambda value: str(value),
)
def test_a_cluster_of_every_kind_is_as_it_should_be(
    resolution: Resolution, protocol: Protocol, location: Location
) -> None:
    entry = service("web", ServicePort(80, "p", protocol), resolution=resolution, location=location)
    fields = dict(BY_RESOLUTION[resolution])
    if resolution.is_dns:
        fields["load_assignment"] = assignment(entry, inline(entry, "web.example"))
    found = of(entry)
    options = found.typed_extension_protocol_options
    if protocol in (Protocol.HTTP2, Protocol.GRPC):
        assert list(options) == [HTTP_OPTIONS]
        assert unpack(options[HTTP_OPTIONS], HttpProtocolOptions, HTTP_OPTIONS) == HttpProtocolOptions(
            explicit_http_config=HttpProtocolOptionsExplicitHttpConfig(http2_protocol_options=Http2ProtocolOptions())
        )
        found = replace(found, typed_extension_protocol_options={})
    assert found == expected(entry, **fields)


def test_a_cluster_tells_by_which_names_its_instances_are_known() -> None:
    entry = service("web", sans=["spiffe://mesh/web", "web.example"])
    metadata = about(
        object="ServiceEntry/default/web",
        location="MESH_INTERNAL",
        subject_alt_names=["spiffe://mesh/web", "web.example"],
    )
    assert of(entry) == expected(entry, metadata=metadata, **BY_RESOLUTION[Resolution.STATIC])


def test_a_service_that_refuses_rather_than_panic_has_no_panic_threshold() -> None:
    entry = service("web", all_draining=AllDraining.REFUSE)
    config = ClusterCommonLbConfig(healthy_panic_threshold=Percent(value=0.0), update_merge_window=timedelta())
    assert of(entry) == expected(entry, common_lb_config=config, **BY_RESOLUTION[Resolution.STATIC])


def test_every_host_and_port_has_a_cluster_and_an_assignment_of_one_name() -> None:
    entry = service("web", HTTP, TCP, hosts=["a.example", "*.b.example"])
    mesh = Mesh(entry)
    names = [
        "outbound|5432|default/web|*.b.example",
        "outbound|5432|default/web|a.example",
        "outbound|80|default/web|*.b.example",
        "outbound|80|default/web|a.example",
    ]
    assert mesh.snapshot.names(next(iter(mesh.snapshot.views())), CDS) == names
    assert mesh.snapshot.names(next(iter(mesh.snapshot.views())), EDS) == names


# Where DNS finds the endpoints


def test_a_dns_cluster_holds_its_endpoints_and_has_no_assignment_of_its_own() -> None:
    entry = service("web", resolution=Resolution.DNS, endpoints=[Endpoint("a.example"), Endpoint("10.0.0.1")])
    mesh = Mesh(entry)
    found = cluster(mesh.cluster(entry).body)
    assert found.load_assignment == assignment(entry, inline(entry, "a.example"), inline(entry, "10.0.0.1"))
    assert mesh.find(EDS, cluster_of(entry)) is None


@pytest.mark.parametrize("resolution", [Resolution.DNS, Resolution.DNS_ROUND_ROBIN])
def test_without_endpoints_the_host_itself_is_resolved_on_the_target_port(resolution: Resolution) -> None:
    port = ServicePort(80, "http", Protocol.HTTP, 8080)
    entry = service("web", port, resolution=resolution, hosts=["a.example", "b.example"])
    mesh = Mesh(entry)
    for host in entry.hosts:
        found = cluster(mesh.get(CDS, cluster_of(entry, host=host)).body)
        assert found.load_assignment == replace(
            assignment(entry, inline(entry, host, 8080)), cluster_name=cluster_of(entry, host=host)
        )


def test_a_dns_cluster_follows_its_workloads_and_shows_which_drain() -> None:
    entry = service("web", resolution=Resolution.DNS, selector={"app": "web"})
    mesh = Mesh(entry)
    assert cluster(mesh.cluster(entry).body).load_assignment == assignment(entry)
    mesh.apply(workload("w", "w.example"))
    mesh.apply(drain(workload("w", "w.example")))
    found = cluster(mesh.cluster(entry).body).load_assignment
    assert found is not None
    assert [one.health_status for one in found.endpoints[0].lb_endpoints] == [HealthStatus.DRAINING]


def test_a_round_robin_cluster_resolves_one_endpoint_and_rather_one_that_does_not_drain() -> None:
    ends = [Endpoint("a.example", labels=DRAINING), Endpoint("b.example"), Endpoint("c.example")]
    entry = service("web", resolution=Resolution.DNS_ROUND_ROBIN, endpoints=ends)
    assert of(entry).load_assignment == assignment(entry, inline(entry, "b.example"))
    drained = service("web", resolution=Resolution.DNS_ROUND_ROBIN, endpoints=ends[:1])
    assert of(drained).load_assignment == assignment(
        drained, inline(drained, "a.example", health=HealthStatus.DRAINING)
    )


@pytest.mark.parametrize("selected", [(), ("unix:///run/web",)], ids=["nothing", "nothing usable"])
def test_a_round_robin_cluster_that_selects_nothing_is_one_that_envoy_takes(selected: tuple[str, ...]) -> None:
    """Envoy 1.40: "LOGICAL_DNS clusters must have a single locality_lb_endpoint and a single lb_endpoint"."""
    entry = service("web", resolution=Resolution.DNS_ROUND_ROBIN, selector={"app": "web"})
    mesh = Mesh(entry, *(workload("w", address) for address in selected))
    found = cluster(mesh.cluster(entry).body)
    endpoints = found.load_assignment.endpoints if found.load_assignment else []
    assert found.type is not ClusterDiscoveryType.LOGICAL_DNS or len(endpoints) == 1


# The passthrough cluster


def test_what_no_service_claims_goes_where_it_was_going_where_traffic_is_redirected() -> None:
    mesh = Mesh(views=[REDIRECTED])
    assert cluster(mesh.get(CDS, PASSTHROUGH_CLUSTER, REDIRECTED).body) == Cluster(
        name="PassthroughCluster",
        type=ClusterDiscoveryType.ORIGINAL_DST,
        lb_policy=ClusterLbPolicy.CLUSTER_PROVIDED,
        connect_timeout=timedelta(seconds=5),
        circuit_breakers=BREAKERS,
    )
    assert mesh.snapshot.names(REDIRECTED, CDS) == [PASSTHROUGH_CLUSTER]
    assert Mesh().find(CDS, PASSTHROUGH_CLUSTER) is None
