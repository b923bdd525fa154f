"""What a gRPC client (`xds:///host:port`) asks for, and what it needs in the answers (rule 32).

That grpcio makes calls with them is shown in `tests/grpc_client`.
"""

from envoy_data_plane.envoy.extensions.filters.network.http_connection_manager.v3 import HttpConnectionManager

from protos.cluster_pb2 import Cluster
from protos.endpoint_pb2 import ClusterLoadAssignment, LbEndpoint
from protos.listener_pb2 import Listener
from protos.route_pb2 import RouteConfiguration
from tests.conformance.bench import Bench
from tests.conformance.client import Client
from tests.conformance.rules import on, rule
from tests.conformance.samples import api_of, cluster_of, service, workload
from tests.conformance.transports import Kind
from xds.types import CDS, EDS, LDS, RDS

WEB, SHOP = service(), service("shop", 81)
HCM = "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
ROUTER = "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"


async def call(bench: Bench, kind: Kind) -> tuple[Client, ClusterLoadAssignment]:
    """A client resolves `WEB`, step by step as gRPC does. Returns the endpoints that it has in the end."""
    target, cluster = api_of(WEB), cluster_of(WEB)
    client = await bench.asking(kind, LDS, target)
    listener = Listener.FromString((await client.accept(LDS)).resources[target])
    manager = HttpConnectionManager.parse(listener.api_listener.api_listener.value)
    assert listener.api_listener.api_listener.type_url == HCM
    assert manager.rds is not None
    await client.ask(RDS, manager.rds.route_config_name)
    routes = RouteConfiguration.FromString((await client.accept(RDS)).resources[manager.rds.route_config_name])
    assert {route.route.cluster for host in routes.virtual_hosts for route in host.routes} == {cluster}
    await client.ask(CDS, cluster)
    clusters = await client.accept(CDS)
    assert clusters.names == [cluster]
    found = Cluster.FromString(clusters.resources[cluster])
    assert found.type == Cluster.EDS
    assert found.eds_cluster_config.eds_config.HasField("ads")
    await client.ask(EDS, found.eds_cluster_config.service_name or cluster)
    assignment = ClusterLoadAssignment.FromString((await client.accept(EDS)).resources[cluster])
    await client.silent()
    return client, assignment


def endpoints(assignment: ClusterLoadAssignment) -> list[LbEndpoint]:
    """All of them."""
    return [endpoint for locality in assignment.endpoints for endpoint in locality.lb_endpoints]


@rule(32)
@on(Kind.ADS_SOTW)
async def test_a_client_that_asks_by_names_all_the_way_gets_what_it_asked_for_and_no_more(
    bench: Bench, kind: Kind
) -> None:
    await bench.put(WEB, SHOP, workload("first"), workload("other", "shop", "10.0.0.9"))
    _, assignment = await call(bench, kind)
    assert [e.endpoint.address.socket_address.address for e in endpoints(assignment)] == ["10.0.0.1"]
    for item in (WEB, workload("first")):
        assert bench.outcome(item) == "CONFIRMED"


@rule(32)
@on(Kind.ADS_SOTW)
async def test_its_listener_has_a_connection_manager_with_rds_and_the_router(bench: Bench, kind: Kind) -> None:
    await bench.put(WEB)
    client = await bench.asking(kind, LDS, api_of(WEB))
    listener = Listener.FromString((await client.accept(LDS)).resources[api_of(WEB)])
    manager = HttpConnectionManager.parse(listener.api_listener.api_listener.value)
    assert manager.rds is not None
    assert manager.rds.config_source is not None
    assert manager.rds.config_source.ads is not None
    filters = [one.typed_config.type_url for one in manager.http_filters if one.typed_config is not None]
    assert filters == [ROUTER]
    assert not listener.filter_chains
    assert not listener.HasField("default_filter_chain")


@rule(32)
@on(Kind.ADS_SOTW)
async def test_localities_have_a_locality_and_weights_and_no_endpoint_comes_twice(bench: Bench, kind: Kind) -> None:
    """Without the former every call fails although the answer is ACKed; the latter is NACKed."""
    same = (workload("first"), workload("twin"))
    await bench.put(WEB, *same, workload("second", address="10.0.0.2"))
    _, assignment = await call(bench, kind)
    for locality in assignment.endpoints:
        assert locality.HasField("locality")
        assert locality.load_balancing_weight.value > 0
    assert all(endpoint.load_balancing_weight.value > 0 for endpoint in endpoints(assignment))
    addresses = [e.endpoint.address.socket_address.address for e in endpoints(assignment)]
    assert sorted(addresses) == ["10.0.0.1", "10.0.0.2"]


@rule(32, 26)
@on(Kind.ADS_SOTW)
async def test_a_client_that_has_moved_to_another_cluster_is_obliged_for_the_one_it_left_no_more(
    bench: Bench, kind: Kind
) -> None:
    first = workload("first")
    await bench.put(WEB, SHOP, first)
    client, _ = await call(bench, kind)
    await bench.remove(first)
    await client.expect(EDS)
    await client.ask(EDS, cluster_of(SHOP))
    assert bench.outcome(first) == "PENDING"  # it has the cluster, and so may use the endpoints
    await client.ask(CDS, cluster_of(SHOP))
    await client.accept(CDS)
    assert bench.outcome(first) == "CONFIRMED"


@rule(32, 26)
@on(Kind.ADS_SOTW)
async def test_a_client_that_gives_up_its_last_cluster_after_the_endpoints_is_obliged_for_nothing(
    bench: Bench, kind: Kind
) -> None:
    """It drops the cluster, endpoints and all; and there is no response, so no ACK will ever come."""
    first = workload("first")
    await bench.put(WEB, first)
    client, _ = await call(bench, kind)
    await bench.remove(first)
    await client.expect(EDS)
    await client.ask(EDS)
    await client.ask(CDS)
    assert bench.outcome(first) == "CONFIRMED"


@rule(32, 9)
@on(Kind.ADS_SOTW)
async def test_a_target_that_does_not_exist_yet_is_answered_when_it_does(bench: Bench, kind: Kind) -> None:
    client = await bench.asking(kind, LDS, api_of(WEB))
    assert (await client.accept(LDS)).names == []
    await bench.put(WEB)
    assert (await client.accept(LDS)).names == [api_of(WEB)]
