"""RouteConfigurations: which cluster serves a host."""

from google.protobuf.duration_pb2 import Duration
from google.protobuf.wrappers_pb2 import BoolValue

from ledger.ids import ObjectKey
from protos.route_pb2 import Route, RouteAction, RouteConfiguration, RouteMatch, VirtualHost
from xds.naming import PASSTHROUGH_CLUSTER, cluster_name
from xds.objects import ServiceEntry
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


def claims_on_routes(entry: ServiceEntry) -> set[str]:
    """The domains that a service claims on its HTTP ports: Envoy rejects a RouteConfiguration that has one twice."""
    return {domain for position in range(len(entry.hosts)) for domain in _domains(entry, position)}


def hosts_of_service(entry: ServiceEntry, number: int, taken: set[str], hosts: VirtualHosts) -> list[bytes]:
    """A service's virtual hosts on a port, with the domains that are not taken yet; they are from now on."""
    found = []
    for position, host in enumerate(entry.hosts):
        domains = tuple(domain for domain in _domains(entry, position) if domain not in taken)
        if domains:
            taken.update(domains)
            found.append(hosts.get(entry.key, number, host, domains))
    return found


def encode_port_routes(name: str) -> bytes:
    """The RouteConfiguration of a port's HTTP services, to which the virtual hosts are to be appended."""
    message = RouteConfiguration(
        name=name, ignore_port_in_host_matching=True, validate_clusters=BoolValue(value=False)
    )  # fmt: skip
    return message.SerializeToString(deterministic=True)


def passthrough_host() -> bytes:
    """Lets requests for other hosts go where they were going; without it, they are answered 404."""
    return _virtual_host("passthrough", ("*",), PASSTHROUGH_CLUSTER)


def encode_api_routes(name: str, cluster: str) -> bytes:
    """The routes of one gRPC target: everything goes to one cluster."""
    return RouteConfiguration(name=name).SerializeToString() + _virtual_host(name, ("*",), cluster)


def encode_empty_routes(name: str) -> bytes:
    """A RouteConfiguration without routes, which stands for one that is gone (rule 25)."""
    return RouteConfiguration(name=name).SerializeToString()


def _domains(entry: ServiceEntry, position: int) -> list[str]:
    """What a virtual host answers to. An address stands for the service, so it leads to its first host."""
    addresses = entry.addresses if position == 0 else ()
    return [entry.hosts[position], *(_domain(address) for address in addresses if "/" not in address)]


def _domain(address: str) -> str:
    return f"[{address}]" if ":" in address else address


def _virtual_host(name: str, domains: tuple[str, ...], cluster: str) -> bytes:
    # A timeout of 0 is none: how long a request may take is for the application to say, not Envoy's 15 s.
    action = RouteAction(cluster=cluster, timeout=Duration())
    message = VirtualHost(name=name, domains=domains, routes=[Route(match=RouteMatch(prefix="/"), route=action)])
    return embedded(_VIRTUAL_HOSTS, message.SerializeToString(deterministic=True))
