"""Reads an encoded resource back into the description that `naive_mesh` computes from objects."""

from collections.abc import Iterable

from envoy_data_plane.envoy.extensions.filters.network.http_connection_manager.v3 import HttpConnectionManager
from envoy_data_plane.envoy.extensions.filters.network.tcp_proxy.v3 import TcpProxy
from google.protobuf.message import Message

from protos.cluster_pb2 import Cluster
from protos.endpoint_pb2 import DRAINING, ClusterLoadAssignment
from protos.listener_pb2 import FilterChain, Listener
from protos.route_pb2 import RouteConfiguration
from tests.property.naive_mesh import Description, Target
from xds.resource import Resource
from xds.types import CDS, EDS, LDS

_KINDS = {
    Cluster.EDS: "EDS",
    Cluster.ORIGINAL_DST: "ORIGINAL_DST",
    Cluster.STRICT_DNS: "DNS",
    Cluster.LOGICAL_DNS: "DNS",
}


def read(resource: Resource) -> Description:
    """What matters of it."""
    body = resource.body
    if resource.name.type_url == CDS:
        return _cluster(Cluster.FromString(body))
    if resource.name.type_url == EDS:
        return _endpoints(ClusterLoadAssignment.FromString(body))
    if resource.name.type_url == LDS:
        return _listener(Listener.FromString(body))
    return _routes(RouteConfiguration.FromString(body))


def _cluster(message: Cluster) -> Description:
    about = message.metadata.filter_metadata
    http2 = bool(message.typed_extension_protocol_options)
    owner = about["lastack.io"]["object"] if about else None
    return _KINDS[message.type], http2, owner, _endpoints(message.load_assignment)


def _endpoints(message: ClusterLoadAssignment) -> list[Target]:
    found: list[Target] = []
    for group in message.endpoints:
        locality = "/".join(part for part in (group.locality.region, group.locality.zone) if part)
        assert group.load_balancing_weight.value == sum(one.load_balancing_weight.value for one in group.lb_endpoints)
        for one in group.lb_endpoints:
            address = one.endpoint.address
            pipe = f"unix://{address.pipe.path}" if address.HasField("pipe") else ""
            owner = str(one.metadata.filter_metadata["lastack.io"]["object"])
            number = address.socket_address.port_value
            where = pipe or address.socket_address.address
            found.append(
                (where, number, locality, one.load_balancing_weight.value, one.health_status == DRAINING, owner)
            )
    return found


def _listener(message: Listener) -> Description:
    claims: dict[str, str] = {}
    for chain in message.filter_chains:
        match = chain.filter_chain_match
        blocks = [f"{block.address_prefix}/{block.prefix_len.value}" for block in match.prefix_ranges]
        _claim(claims, [*match.server_names, *blocks], chain)
    if message.HasField("default_filter_chain"):
        _claim(claims, ["rest"], message.default_filter_chain)
    binds = _optional(message, "bind_to_port")
    address = message.address.socket_address
    return address.address, address.port_value, binds, claims, bool(message.listener_filters)


def _claim(claims: dict[str, str], names: Iterable[str], chain: FilterChain) -> None:
    (only,) = chain.filters
    config = only.typed_config
    if config.type_url.endswith("TcpProxy"):
        target = TcpProxy.parse(config.value).cluster or ""
    else:
        rds = HttpConnectionManager.parse(config.value).rds
        target = f"routes {rds.route_config_name}" if rds is not None else ""
    for name in names:
        assert name not in claims, "two chains match the same"
        claims[name] = target


def _routes(message: RouteConfiguration) -> Description:
    claims: dict[str, str] = {}
    for host in message.virtual_hosts:
        (route,) = host.routes
        for domain in host.domains:
            assert domain not in claims, "a domain stands twice"
            claims[domain] = route.route.cluster
    return claims


def _optional(message: Message, field: str) -> bool | None:
    return bool(getattr(message, field).value) if message.HasField(field) else None
