"""Listeners as Envoy reads them: what they listen to, and who gets which connection."""

from itertools import permutations

import pytest
from envoy_data_plane.envoy.config.core.v3 import (
    AggregatedConfigSource,
    ApiVersion,
    CidrRange,
    ConfigSource,
    TrafficDirection,
)
from envoy_data_plane.envoy.config.listener.v3 import Filter, FilterChain, FilterChainMatch, Listener, ListenerFilter
from envoy_data_plane.envoy.extensions.filters.http.router.v3 import Router
from envoy_data_plane.envoy.extensions.filters.listener.tls_inspector.v3 import TlsInspector
from envoy_data_plane.envoy.extensions.filters.network.http_connection_manager.v3 import HttpConnectionManager
from envoy_data_plane.envoy.extensions.filters.network.tcp_proxy.v3 import TcpProxy

from tests.xds.builders.reference import listener, socket, unpack
from tests.xds.mesh import HTTP, HTTPS, REDIRECTED, TCP, TLS, VIEW, Mesh, cluster_of, service
from xds.naming import PASSTHROUGH_CLUSTER, REDIRECT_LISTENER
from xds.objects import Protocol, ServiceEntry, ServicePort
from xds.types import LDS
from xds.view import View

HCM_TYPE = "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
TCP_TYPE = "envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy"
ROUTER_TYPE = "envoy.extensions.filters.http.router.v3.Router"
INSPECTOR_TYPE = "envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector"


def of(*entries: ServiceEntry, port: int = 0, view: View = VIEW) -> Listener:
    """The listener of the first service's first port, or of the port given."""
    name = f"0.0.0.0_{port or entries[0].ports[0].number}"
    return listener(Mesh(*entries, views=[view]).get(LDS, name, view).body)


def on(number: int, protocol: Protocol) -> ServicePort:
    return ServicePort(number, "p", protocol)


def without_filters(chain: FilterChain | None) -> FilterChain:
    assert chain is not None
    return FilterChain(name=chain.name, filter_chain_match=chain.filter_chain_match)


def tcp_target(chain: FilterChain | None) -> str:
    """Where the connections of a chain go; checks that it is all the chain does."""
    assert chain is not None
    (only,) = chain.filters
    assert only.name == "envoy.filters.network.tcp_proxy"
    proxy = unpack(only.typed_config, TcpProxy, TCP_TYPE)
    assert proxy == TcpProxy(stat_prefix=proxy.cluster or "", cluster=proxy.cluster)
    assert proxy.cluster == chain.name
    return proxy.cluster or ""


def http_routes(chain: FilterChain | None) -> str:
    """The RouteConfiguration of an HTTP chain; checks that it is all the chain does."""
    assert chain is not None
    (only,) = chain.filters
    assert only.name == "envoy.filters.network.http_connection_manager"
    manager = unpack(only.typed_config, HttpConnectionManager, HCM_TYPE)
    assert manager.rds is not None
    assert manager.rds.config_source == ConfigSource(ads=AggregatedConfigSource(), resource_api_version=ApiVersion.V3)
    (router,) = manager.http_filters
    assert router.name == "envoy.filters.http.router"
    assert unpack(router.typed_config, Router, ROUTER_TYPE) == Router()
    assert manager.stat_prefix == manager.rds.route_config_name
    return manager.rds.route_config_name


def targets(found: Listener) -> dict[str, str]:
    """By server name or address block, where connections go; `rest` is where all others go."""
    claims: dict[str, str] = {}
    for chain in found.filter_chains:
        match = chain.filter_chain_match or FilterChainMatch()
        blocks = [f"{one.address_prefix}/{one.prefix_len}" for one in match.prefix_ranges]
        assert bool(blocks) != bool(match.server_names), "told apart by one thing"
        for claim in [*match.server_names, *blocks]:
            assert claim not in claims, "Envoy rejects a listener in which two chains match the same"
            claims[claim] = tcp_target(chain)
    if found.default_filter_chain is not None:
        rest = found.default_filter_chain
        claims["rest"] = http_routes(rest) if rest.name == "http" else tcp_target(rest)
    return claims


# One service


@pytest.mark.parametrize("protocol", [Protocol.HTTP, Protocol.HTTP2, Protocol.GRPC])
def test_an_http_port_takes_every_connection_and_routes_by_request(protocol: Protocol) -> None:
    found = of(service("web", on(80, protocol)))
    assert http_routes(found.default_filter_chain) == "0.0.0.0_80"
    found.default_filter_chain = without_filters(found.default_filter_chain)
    assert found == Listener(
        name="0.0.0.0_80",
        address=socket("0.0.0.0", 80),
        default_filter_chain=FilterChain(name="http"),
        traffic_direction=TrafficDirection.OUTBOUND,
    )


def test_a_tcp_port_takes_every_connection_to_the_first_host() -> None:
    entry = service("db", TCP, hosts=["a.example", "b.example"])
    found = of(entry)
    assert tcp_target(found.default_filter_chain) == cluster_of(entry, host="a.example")
    found.default_filter_chain = None
    assert found == Listener(
        name="0.0.0.0_5432", address=socket("0.0.0.0", 5432), traffic_direction=TrafficDirection.OUTBOUND
    )


def test_a_tcp_service_with_addresses_takes_connections_to_them_and_no_others() -> None:
    entry = service("db", TCP, addresses=["10.9.0.1", "10.8.0.0/16", "2001:db8::1", "2001:db8:1::/48"])
    found = of(entry)
    (chain,) = found.filter_chains
    assert without_filters(chain).filter_chain_match == FilterChainMatch(
        prefix_ranges=[
            CidrRange(address_prefix="10.9.0.1", prefix_len=32),
            CidrRange(address_prefix="10.8.0.0", prefix_len=16),
            CidrRange(address_prefix="2001:db8::1", prefix_len=128),
            CidrRange(address_prefix="2001:db8:1::", prefix_len=48),
        ]
    )
    assert tcp_target(chain) == cluster_of(entry)
    assert found.default_filter_chain is None
    assert found.listener_filters == []


@pytest.mark.parametrize("protocol", [Protocol.TLS, Protocol.HTTPS])
def test_a_tls_port_tells_connections_apart_by_server_name(protocol: Protocol) -> None:
    entry = service("web", on(443, protocol), hosts=["a.example", "*.b.example"], addresses=["10.9.0.1"])
    found = of(entry)
    assert targets(found) == {host: cluster_of(entry, host=host) for host in entry.hosts}
    (inspector,) = found.listener_filters
    assert unpack(inspector.typed_config, TlsInspector, INSPECTOR_TYPE) == TlsInspector()
    found.filter_chains = [without_filters(chain) for chain in found.filter_chains]
    found.listener_filters = [ListenerFilter(name=inspector.name)]
    assert found == Listener(
        name="0.0.0.0_443",
        address=socket("0.0.0.0", 443),
        filter_chains=[
            FilterChain(
                name=cluster_of(entry, host=host),
                filter_chain_match=FilterChainMatch(server_names=[host], transport_protocol="tls"),
            )
            for host in entry.hosts
        ],
        listener_filters=[ListenerFilter(name="envoy.filters.listener.tls_inspector")],
        continue_on_listener_filters_timeout=True,
        traffic_direction=TrafficDirection.OUTBOUND,
    )


# Several services on a port


def test_a_server_name_that_several_claim_goes_to_the_oldest() -> None:
    old = service("old", TLS, hosts=["h", "old.example"], created="2026-01-01T00:00:00Z")
    young = service("young", TLS, hosts=["h", "young.example"], created="2026-01-02T00:00:00Z")
    for order in permutations([old, young]):
        assert targets(of(*order)) == {
            "h": cluster_of(old),
            "old.example": cluster_of(old, host="old.example"),
            "young.example": cluster_of(young, host="young.example"),
        }


def test_an_address_that_several_claim_goes_to_the_oldest() -> None:
    old = service("old", TCP, addresses=["10.9.0.1"], created="2026-01-01T00:00:00Z")
    young = service("young", TCP, addresses=["10.9.0.1", "10.9.0.2"])
    lost = service("zz-lost", TCP, addresses=["10.9.0.2"])
    for order in permutations([old, young, lost]):
        assert targets(of(*order)) == {"10.9.0.1/32": cluster_of(old), "10.9.0.2/32": cluster_of(young)}


def test_an_address_within_anothers_block_is_claimed_beside_it() -> None:
    block, one = service("block", TCP, addresses=["10.9.0.0/16"]), service("one", TCP, addresses=["10.9.0.1"])
    assert targets(of(block, one)) == {"10.9.0.0/16": cluster_of(block), "10.9.0.1/32": cluster_of(one)}


@pytest.mark.parametrize(
    ("first", "second", "rest"),
    [
        (Protocol.HTTP, Protocol.TCP, "0.0.0.0_80"),
        (Protocol.TCP, Protocol.HTTP, "outbound|80|default/old|old.example"),
        (Protocol.TCP, Protocol.TCP, "outbound|80|default/old|old.example"),
        (Protocol.HTTP, Protocol.GRPC, "0.0.0.0_80"),
    ],
)
def test_what_has_neither_name_nor_address_to_go_by_goes_to_the_oldest(
    first: Protocol, second: Protocol, rest: str
) -> None:
    old = service("old", on(80, first), created="2026-01-01T00:00:00Z")
    young = service("young", on(80, second), created="2026-01-02T00:00:00Z")
    for order in permutations([old, young]):
        assert targets(of(*order)) == {"rest": rest}


def test_tls_names_addresses_and_http_share_a_port() -> None:
    tls = service("tls", on(80, Protocol.TLS))
    tcp = service("tcp", on(80, Protocol.TCP), addresses=["10.9.0.1"])
    http = service("http", on(80, Protocol.HTTP))
    found = of(tls, tcp, http)
    assert targets(found) == {
        "tls.example": cluster_of(tls),
        "10.9.0.1/32": cluster_of(tcp),
        "rest": "0.0.0.0_80",
    }
    assert len(found.listener_filters) == 1


def test_a_service_of_the_proxys_own_namespace_comes_first_whatever_its_age() -> None:
    old = service("old", TLS, namespace="shop", hosts=["h"], created="2026-01-01T00:00:00Z")
    own = service("own", TLS, namespace="mine", hosts=["h"])
    assert targets(of(old, own, view=View(namespace="mine"))) == {"h": cluster_of(own)}
    assert targets(of(old, own, view=View(namespace="other"))) == {"h": cluster_of(old)}


# Views


def test_a_listener_binds_the_address_that_the_proxy_asks_for_and_keeps_its_name() -> None:
    found = of(service("web"), view=View(bind_address="127.0.0.2"))
    assert (found.name, found.address) == ("0.0.0.0_80", socket("127.0.0.2", 80))
    assert found.bind_to_port is None


@pytest.mark.parametrize("port", [HTTP, TCP, TLS, HTTPS], ids=lambda port: str(port.protocol))
def test_where_traffic_is_redirected_listeners_do_not_bind_and_what_nobody_claims_goes_on(port: ServicePort) -> None:
    entry = service("web", port)
    found = of(entry, view=View(redirect=True, bind_address="127.0.0.2"))
    assert found.bind_to_port is False
    assert found.address == socket("0.0.0.0", port.number), "redirected traffic is matched by its own destination"
    bound = targets(of(entry))
    assert targets(found) == {"rest": PASSTHROUGH_CLUSTER, **bound}


def test_redirected_connections_arrive_at_one_listener_that_hands_them_on() -> None:
    mesh = Mesh(views=[REDIRECTED])
    found = listener(mesh.get(LDS, REDIRECT_LISTENER, REDIRECTED).body)
    assert tcp_target(found.default_filter_chain) == PASSTHROUGH_CLUSTER
    found.default_filter_chain = None
    assert found == Listener(
        name="virtualOutbound",
        address=socket("0.0.0.0", 15001),
        use_original_dst=True,
        traffic_direction=TrafficDirection.OUTBOUND,
    )
    assert mesh.snapshot.names(REDIRECTED, LDS) == [REDIRECT_LISTENER]
    assert Mesh().find(LDS, REDIRECT_LISTENER) is None


def test_no_two_listeners_of_a_view_have_one_address() -> None:
    """Envoy 1.40: "'virtualOutbound' has duplicate address '0.0.0.0:15001' as existing listener"."""
    mesh = Mesh(service("web", on(15001, Protocol.TCP)), views=[REDIRECTED])
    found = [listener(mesh.get(LDS, name, REDIRECTED).body).address for name in mesh.snapshot.names(REDIRECTED, LDS)]
    assert all(one not in found[:position] for position, one in enumerate(found))


def test_filters_have_the_names_that_envoy_registers() -> None:
    chains = [of(service("web")).default_filter_chain, of(service("db", TCP)).default_filter_chain]
    filters = [one for chain in chains if chain is not None for one in chain.filters]
    assert [one.name for one in filters if isinstance(one, Filter)] == [
        "envoy.filters.network.http_connection_manager",
        "envoy.filters.network.tcp_proxy",
    ]
