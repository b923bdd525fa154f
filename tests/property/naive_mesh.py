"""What proxies should get, computed from all objects anew: slow, simple, and sharing no code with `xds`.

A resource is described by what matters of it, as plain values, so that a description can be computed from objects here
and read from an encoded resource in `reading`.
"""

from collections.abc import Collection, Iterable
from ipaddress import ip_network

from ledger.ids import ObjectKey
from xds.objects import AllDraining, Endpoint, Protocol, Resolution, ServiceEntry, ServicePort, WorkloadEntry
from xds.view import View

Object = ServiceEntry | WorkloadEntry
Description = object
Described = dict[tuple[str, str], Description]
"""By (short type, name)."""

Target = tuple[str, int, str, int, bool, str]
"""Of an endpoint: address, port, locality, weight, whether it is draining, and the object that gives it."""

HTTP = (Protocol.HTTP, Protocol.HTTP2, Protocol.GRPC)
TLS = (Protocol.TLS, Protocol.HTTPS)
DNS = (Resolution.DNS, Resolution.DNS_ROUND_ROBIN)


def described(objects: Collection[Object], view: View) -> Described:
    """Everything that the view has."""
    services = [one for one in objects if isinstance(one, ServiceEntry) and sees(view, one)]
    services.sort(key=lambda one: (one.namespace != view.namespace, one.created or "~", one.key))
    found: Described = {}
    for service in services:
        for port in service.ports:
            sent = endpoints(service, port, objects)
            for host in service.hosts:
                name = cluster(service, port, host)
                found["Cluster", name] = describe_cluster(service, port, host, sent)
                if service.resolution is Resolution.STATIC:
                    found["ClusterLoadAssignment", name] = sent
    for number in {port.number for service in services for port in service.ports}:
        on_port = [(one, port) for one in services for port in one.ports if port.number == number]
        found["Listener", f"0.0.0.0_{number}"] = describe_listener(number, on_port, view)
        http = [(one, port) for one, port in on_port if port.protocol in HTTP]
        if http:
            found["RouteConfiguration", f"0.0.0.0_{number}"] = describe_routes(http, view)
    if view.redirect:
        found["Cluster", "PassthroughCluster"] = ("ORIGINAL_DST", False, None, [])
        rest = "PassthroughCluster"
        found["Listener", "virtualOutbound"] = ("0.0.0.0", 15001, None, {"rest": rest}, False)
    return found


def grpc_target(objects: Collection[Object], view: View, host: str, number: int) -> str | None:
    """The cluster of `xds:///host:number`; None if there is no such target."""
    services = [one for one in objects if isinstance(one, ServiceEntry) and sees(view, one) and host in one.hosts]
    services.sort(key=lambda one: (one.namespace != view.namespace, one.created or "~", one.key))
    for service in services:
        for port in service.ports:
            if port.number == number and port.protocol in HTTP:
                return cluster(service, port, host)
    return None


def sees(view: View, service: ServiceEntry) -> bool:
    for to in service.export_to:
        if to == "*" or to == view.namespace or (to == "." and view.namespace == service.namespace):
            return True
    return False


def cluster(service: ServiceEntry, port: ServicePort, host: str) -> str:
    return f"outbound|{port.number}|{service.namespace}/{service.name}|{host}"


def endpoints(service: ServiceEntry, port: ServicePort, objects: Collection[Object]) -> list[Target]:
    """The endpoints of a port that are sent, by locality and then by object."""
    candidates = [(service.key, position, endpoint) for position, endpoint in enumerate(service.endpoints)]
    for one in objects:
        if isinstance(one, WorkloadEntry) and selects(service, one):
            candidates.append((one.key, -1, one.endpoint))
    by_address: dict[tuple[str, int], list[tuple[bool, ObjectKey, int, Endpoint]]] = {}
    for key, position, endpoint in candidates:
        if usable(service, endpoint):
            number = endpoint.ports.get(port.name) or port.target_port or port.number
            if endpoint.address.startswith("unix:"):
                number = 0
            rank = (draining(endpoint), key, position, endpoint)
            by_address.setdefault((endpoint.address, number), []).append(rank)
    sent = []
    for (address, number), sharing in by_address.items():
        drains, key, position, endpoint = min(sharing, key=lambda rank: rank[:3])
        target = (address, number, endpoint.locality, endpoint.weight, drains, str(key))
        sent.append((endpoint.locality, key, position, target))
    return [target for *_, target in sorted(sent, key=lambda one: one[:3])]


def selects(service: ServiceEntry, workload: WorkloadEntry) -> bool:
    if service.selector is None or service.namespace != workload.namespace:
        return False
    return all(workload.endpoint.labels.get(name) == value for name, value in service.selector.items())


def memberships(objects: Collection[Object], key: ObjectKey) -> set[tuple[str, str]]:
    """The resources that would show a workload, if its address can be used; none where it is not there."""
    found = set()
    for workload in objects:
        if isinstance(workload, WorkloadEntry) and workload.key == key:
            for service in objects:
                if isinstance(service, ServiceEntry) and selects(service, workload):
                    found |= shown_in(service)
    return found


def shown_in(service: ServiceEntry) -> set[tuple[str, str]]:
    """The resources that show a service's endpoints."""
    if service.resolution is Resolution.NONE:
        return set()
    kind = "Cluster" if service.resolution in DNS else "ClusterLoadAssignment"
    return {(kind, cluster(service, port, host)) for port in service.ports for host in service.hosts}


def panics(service: ServiceEntry, objects: Collection[Object]) -> bool:
    """Whether Envoy uses draining endpoints of the service, since it has no others."""
    for port in service.ports:
        sent = endpoints(service, port, objects)
        if sent and all(draining for _, _, _, _, draining, _ in sent):
            return service.all_draining is AllDraining.SERVE
    return False


def usable(service: ServiceEntry, endpoint: Endpoint) -> bool:
    is_socket = endpoint.address.startswith("unix:")
    is_name = endpoint.address.endswith(".example")
    if service.resolution is Resolution.NONE:
        return False
    return not is_socket if service.resolution in DNS else not is_name


def draining(endpoint: Endpoint) -> bool:
    return endpoint.labels.get("lastack.io/draining", "false") != "false"


def describe_cluster(service: ServiceEntry, port: ServicePort, host: str, sent: list[Target]) -> Description:
    """Its kind, whether it speaks HTTP/2, whose it is, and the endpoints that it holds itself."""
    http2 = port.protocol in (Protocol.HTTP2, Protocol.GRPC)
    if service.resolution is Resolution.NONE:
        return "ORIGINAL_DST", http2, str(service.key), []
    if service.resolution is Resolution.STATIC:
        return "EDS", http2, str(service.key), []
    if not service.endpoints and service.selector is None:
        sent = [(host, port.target_port or port.number, "", 1, False, str(service.key))]
    elif service.resolution is Resolution.DNS_ROUND_ROBIN:
        sent = one_of(service, sent)
    return "DNS", http2, str(service.key), sent


def one_of(service: ServiceEntry, sent: list[Target]) -> list[Target]:
    """The endpoint that a round-robin cluster has: the first, and rather one that does not drain."""
    if service.endpoints:
        order = [(endpoint.address, endpoint.locality) for endpoint in service.endpoints]
        return sorted(sent, key=lambda target: (target[4], order.index((target[0], target[2]))))[:1]
    return sorted(sent, key=lambda target: (target[4], target[5]))[:1]


def describe_listener(number: int, services: Iterable[tuple[ServiceEntry, ServicePort]], view: View) -> Description:
    """Its address and port, whether it binds, who gets which connection, and whether it looks at server names."""
    claims: dict[str, str] = {}
    for service, port in services:
        if port.protocol in TLS:
            for host in service.hosts:
                claims.setdefault(host, cluster(service, port, host))
        elif port.protocol in HTTP:
            claims.setdefault("rest", f"routes 0.0.0.0_{number}")
        elif service.addresses:
            for address in service.addresses:
                claims.setdefault(str(ip_network(address)), cluster(service, port, service.hosts[0]))
        else:
            claims.setdefault("rest", cluster(service, port, service.hosts[0]))
    if view.redirect:
        claims.setdefault("rest", "PassthroughCluster")
    looks = any(claim.endswith(".example") for claim in claims)
    if view.redirect:
        return "0.0.0.0", number, False, claims, looks
    return view.bind_address, number, None, claims, looks


def describe_routes(services: Iterable[tuple[ServiceEntry, ServicePort]], view: View) -> Description:
    """By domain, the cluster."""
    claims: dict[str, str] = {}
    for service, port in services:
        for host in service.hosts:
            claims.setdefault(host, cluster(service, port, host))
            if host == service.hosts[0]:
                for address in service.addresses:
                    if "/" not in address:
                        domain = f"[{address}]" if ":" in address else address
                        claims.setdefault(domain, cluster(service, port, host))
    if view.redirect:
        claims["*"] = "PassthroughCluster"
    return claims
