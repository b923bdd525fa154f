"""RouteConfigurations: which cluster serves a host."""

from collections.abc import Iterable

from google.protobuf.duration_pb2 import Duration
from google.protobuf.wrappers_pb2 import BoolValue

from ledger.ids import ObjectKey
from protos.route_pb2 import Route, RouteAction, RouteConfiguration, RouteMatch, VirtualHost
from xds.naming import PASSTHROUGH_CLUSTER, cluster_name
from xds.objects import ServiceEntry, ServicePort
from xds.wire import embedded

_VIRTUAL_HOSTS = 2  # field number in envoy.config.route.v3.RouteConfiguration


class VirtualHosts:
    """Every virtual host that is in some RouteConfiguration, encoded once for all views.

    A port's RouteConfiguration holds those of all services on it, and changes with each of them.
    """

    def __init__(self) -> None:
        self._built: dict[ObjectKey, dict[tuple[int, str, tuple[str, ...]], bytes]] = {}

    def get(self, key: ObjectKey, number: int, host: str, domains: tuple[str, ...]) -> bytes:
        """That of a service's host on a port, with these domains, as a field of a RouteConfiguration."""
        of_service = self._built.setdefault(key, {})
        found = of_service.get((number, host, domains))
        if found is None:
            found = _virtual_host(f"{host}:{number}", domains, cluster_name(key, number, host))
            of_service[number, host, domains] = found
        return found

    def forget(self, key: ObjectKey) -> None:
        """The service has changed, or is gone."""
        self._built.pop(key, None)


def encode_port_routes(
    name: str, services: Iterable[tuple[ServiceEntry, ServicePort]], passthrough: bool, hosts: VirtualHosts
) -> bytes:
    """The routes of a port's HTTP services.

    Args:
        services: in the order in which claims are settled: a domain goes to the first that claims it, since Envoy
            rejects a RouteConfiguration in which a domain stands twice.
        passthrough: let requests for other hosts go where they were going; else they are answered 404.
    """
    taken: set[str] = set()
    parts = [
        RouteConfiguration(name=name, ignore_port_in_host_matching=True, validate_clusters=BoolValue(value=False))
        .SerializeToString(deterministic=True)
    ]  # fmt: skip
    for entry, port in services:
        for position, host in enumerate(entry.hosts):
            # An address stands for the service, so it leads to its first host.
            claimed = [host, *(_domain(a) for a in entry.addresses if "/" not in a)] if position == 0 else [host]
            domains = tuple(domain for domain in claimed if domain not in taken)
            if domains:
                taken.update(domains)
                parts.append(hosts.get(entry.key, port.number, host, domains))
    if passthrough:
        parts.append(_virtual_host("passthrough", ("*",), PASSTHROUGH_CLUSTER))
    return b"".join(parts)


def encode_api_routes(name: str, cluster: str) -> bytes:
    """The routes of one gRPC target: everything goes to one cluster."""
    return RouteConfiguration(name=name).SerializeToString() + _virtual_host(name, ("*",), cluster)


def encode_empty_routes(name: str) -> bytes:
    """A RouteConfiguration without routes, which stands for one that is gone (rule 25)."""
    return RouteConfiguration(name=name).SerializeToString()


def _domain(address: str) -> str:
    return f"[{address}]" if ":" in address else address


def _virtual_host(name: str, domains: tuple[str, ...], cluster: str) -> bytes:
    # A timeout of 0 is none: how long a request may take is for the application to say, not Envoy's 15 s.
    action = RouteAction(cluster=cluster, timeout=Duration())
    message = VirtualHost(name=name, domains=domains, routes=[Route(match=RouteMatch(prefix="/"), route=action)])
    return embedded(_VIRTUAL_HOSTS, message.SerializeToString(deterministic=True))
