"""Listeners: one for each port, bound or (where traffic is redirected) not; and gRPC clients' API listeners."""

from ipaddress import IPv4Network, IPv6Network, ip_network

from google.protobuf.wrappers_pb2 import BoolValue, UInt32Value

from protos.base_pb2 import OUTBOUND, Address, CidrRange, SocketAddress
from protos.listener_pb2 import ApiListener, Filter, FilterChain, FilterChainMatch, Listener, ListenerFilter
from xds.builders.filters import http_connection_manager, tcp_proxy, tls_inspector
from xds.naming import PASSTHROUGH_CLUSTER, REDIRECT_LISTENER, cluster_name, port_listener_name
from xds.objects import ServiceEntry, ServicePort
from xds.view import DEFAULT_BIND_ADDRESS, View
from xds.wire import embedded

_FILTER_CHAINS = 3  # field number in envoy.config.listener.v3.Listener

REDIRECT_PORT = 15001
"""Where redirected connections arrive; Istio's number, so that its redirection rules fit."""


def claims_on_listener(entry: ServiceEntry, port: ServicePort) -> set[str]:
    """The server names or addresses that a TLS or TCP service claims on a port: Envoy rejects a listener in which two
    chains match the same."""
    return set(entry.hosts) if port.protocol.is_tls else {str(_network(address)) for address in entry.addresses}


def chains_of_service(entry: ServiceEntry, port: ServicePort, taken: set[str]) -> list[bytes]:
    """A service's filter chains, each as a field of a Listener, for what is not taken yet; it is from now on.

    TLS connections are told apart by server name, TCP connections by the address they go to.
    """
    matches: list[tuple[str, FilterChainMatch]] = []
    if port.protocol.is_tls:
        names = [host for host in dict.fromkeys(entry.hosts) if host not in taken]
        taken.update(names)
        matches = [(name, FilterChainMatch(server_names=[name], transport_protocol="tls")) for name in names]
    elif not port.protocol.is_http:
        networks = [network for network in map(_network, entry.addresses) if str(network) not in taken]
        taken.update(map(str, networks))
        if networks:
            matches = [(entry.hosts[0], FilterChainMatch(prefix_ranges=map(_range, networks)))]
    chains = [_tcp_chain(cluster_name(entry.key, port.number, host), match) for host, match in matches]
    return [embedded(_FILTER_CHAINS, chain.SerializeToString(deterministic=True)) for chain in chains]


def rest_of_service(entry: ServiceEntry, port: ServicePort) -> FilterChain | None:
    """The chain of what no address or server name tells apart: HTTP, or one TCP service without addresses."""
    if port.protocol.is_http:
        return http_chain(port_listener_name(port.number))
    if port.protocol.is_tls or entry.addresses:
        return None
    return _tcp_chain(cluster_name(entry.key, port.number, entry.hosts[0]), None)


def http_chain(name: str) -> FilterChain:
    """The chain of a port's HTTP services; `name` is that of the listener, and of the RouteConfiguration."""
    return FilterChain(name="http", filters=[_http_filter(name, name)])


def encode_port_listener(port: int, view: View, rest: FilterChain | None, tells_by_name: bool) -> bytes:
    """The listener of a port, to which the chains of services are to be appended.

    Args:
        rest: the default chain.
        tells_by_name: some chain is for a server name.
    """
    if rest is None and view.redirect:
        rest = _tcp_chain(PASSTHROUGH_CLUSTER, None)
    message = Listener(
        name=port_listener_name(port),
        address=_address(DEFAULT_BIND_ADDRESS if view.redirect else view.bind_address, port),
        default_filter_chain=rest,
        traffic_direction=OUTBOUND,
    )
    if tells_by_name:
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
