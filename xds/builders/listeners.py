"""Listeners: one for each port, bound or (where traffic is redirected) not; and gRPC clients' API listeners."""

from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network, ip_network

from google.protobuf.wrappers_pb2 import BoolValue, UInt32Value

from protos.base_pb2 import OUTBOUND, Address, CidrRange, SocketAddress
from protos.listener_pb2 import ApiListener, Filter, FilterChain, FilterChainMatch, Listener, ListenerFilter
from xds.builders.filters import http_connection_manager, tcp_proxy, tls_inspector
from xds.naming import PASSTHROUGH_CLUSTER, REDIRECT_LISTENER, cluster_name, port_listener_name
from xds.objects import ServiceEntry, ServicePort
from xds.view import DEFAULT_BIND_ADDRESS, View

REDIRECT_PORT = 15001
"""Where redirected connections arrive; Istio's number, so that its redirection rules fit."""


def encode_port_listener(port: int, services: Iterable[tuple[ServiceEntry, ServicePort]], view: View) -> bytes:
    """The listener of a port.

    TLS connections are told apart by server name, TCP connections by the address they go to; one protocol, HTTP or one
    TCP service without addresses, has the rest.

    Args:
        services: in the order in which claims are settled: a server name, an address, or the rest, goes to the first
            that claims it, since Envoy rejects a listener in which two chains match the same.
    """
    name = port_listener_name(port)
    taken: set[str] = set()
    chains: list[FilterChain] = []
    rest: FilterChain | None = None
    for entry, service_port in services:
        if service_port.protocol.is_tls:
            for host in entry.hosts:
                if host not in taken:
                    taken.add(host)
                    match = FilterChainMatch(server_names=[host], transport_protocol="tls")
                    chains.append(_tcp_chain(cluster_name(entry.key, port, host), match))
        elif service_port.protocol.is_http:
            rest = rest or FilterChain(name="http", filters=[_http_filter(name, name)])
        else:
            cluster = cluster_name(entry.key, port, entry.hosts[0])
            networks = [network for network in map(_network, entry.addresses) if str(network) not in taken]
            if networks:
                taken.update(map(str, networks))
                chains.append(_tcp_chain(cluster, FilterChainMatch(prefix_ranges=map(_range, networks))))
            elif not entry.addresses:
                rest = rest or _tcp_chain(cluster, None)
    if rest is None and view.redirect:
        rest = _tcp_chain(PASSTHROUGH_CLUSTER, None)
    message = Listener(
        name=name,
        address=_address(DEFAULT_BIND_ADDRESS if view.redirect else view.bind_address, port),
        filter_chains=chains,
        traffic_direction=OUTBOUND,
    )
    if rest is not None:
        message.default_filter_chain.CopyFrom(rest)
    if any(chain.filter_chain_match.server_names for chain in chains):
        inspector = ListenerFilter(name="envoy.filters.listener.tls_inspector", typed_config=tls_inspector())
        message.listener_filters.append(inspector)
        # A protocol where the server speaks first would else wait for bytes that never come.
        message.continue_on_listener_filters_timeout = True
    if view.redirect:
        message.bind_to_port.CopyFrom(BoolValue(value=False))
    return message.SerializeToString(deterministic=True)


def encode_redirect_listener() -> bytes:
    """The listener for redirected connections. What no other listener takes goes where it was going."""
    return Listener(
        name=REDIRECT_LISTENER,
        address=_address(DEFAULT_BIND_ADDRESS, REDIRECT_PORT),
        use_original_dst=BoolValue(value=True),
        default_filter_chain=_tcp_chain(PASSTHROUGH_CLUSTER, None),
        traffic_direction=OUTBOUND,
    ).SerializeToString(deterministic=True)


def encode_api_listener(name: str) -> bytes:
    """A gRPC client's listener: an HttpConnectionManager that fetches the RouteConfiguration of its name (rule 32)."""
    manager = http_connection_manager(name, name)
    return Listener(name=name, api_listener=ApiListener(api_listener=manager)).SerializeToString(deterministic=True)


def _http_filter(stat_prefix: str, routes: str) -> Filter:
    manager = http_connection_manager(stat_prefix, routes)
    return Filter(name="envoy.filters.network.http_connection_manager", typed_config=manager)


def _tcp_chain(cluster: str, match: FilterChainMatch | None) -> FilterChain:
    proxy = Filter(name="envoy.filters.network.tcp_proxy", typed_config=tcp_proxy(cluster))
    return FilterChain(name=cluster, filters=[proxy], filter_chain_match=match)


def _network(address: str) -> IPv4Network | IPv6Network:
    return ip_network(address, strict=False)


def _range(network: IPv4Network | IPv6Network) -> CidrRange:
    return CidrRange(address_prefix=str(network.network_address), prefix_len=UInt32Value(value=network.prefixlen))


def _address(address: str, port: int) -> Address:
    return Address(socket_address=SocketAddress(address=address, port_value=port))
