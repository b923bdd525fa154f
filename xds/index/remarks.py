"""What an operator should know of an object that is applied: claims that it lost, ties that are missing."""

from ledger.ids import ObjectKey
from xds.index.endpoint_set import MemberKey
from xds.index.index import Index, Service, unusable
from xds.objects import ALL_DRAINING_ANNOTATION, ServiceEntry, ServicePort, WorkloadEntry
from xds.wording import few, shortened


def obstacles(index: Index, key: ObjectKey) -> list[str]:
    """Why proxies use the object's endpoints although they ACKed that these are draining (Envoy's panic mode)."""
    return [
        f"every endpoint of {service.entry.key} is draining, and Envoy then uses them all: "
        f"add an endpoint, or annotate the ServiceEntry with {ALL_DRAINING_ANNOTATION}: refuse"
        for service in index.services_of(key)
        if service.panics and _is_draining(index, service, key)
    ]


def remarks(index: Index, key: ObjectKey) -> list[str]:
    """What is noteworthy about an applied object, each as a sentence; in a fixed order."""
    workload = index.workloads.get(key)
    if workload is not None:
        return [*_of_workload(index, workload), *obstacles(index, key)]
    service = index.services.get(key)
    if service is None:
        return []
    return [*_lost_claims(index, service), *_missing_endpoints(service), *obstacles(index, key)]


def _of_workload(index: Index, workload: WorkloadEntry) -> list[str]:
    services = index.services_of(workload.key)
    if not services:
        return ["no ServiceEntry of its namespace selects its labels"]
    found = []
    for service in services:
        why = unusable(service.entry, workload.endpoint)
        if why is not None:
            found.append(f"not an endpoint of {service.entry.key}: {why}")
        sharing = {
            str(other.key)
            for endpoints in service.endpoints.values()
            for other in endpoints.sharing(MemberKey(workload.key))
        }
        if sharing:
            found.append(
                f"{few(sorted(sharing))} gives the same address to {service.entry.key}: it is sent once, and "
                "removing one of them leaves it"
            )
    return found


def _lost_claims(index: Index, service: Service) -> list[str]:
    found = []
    for host in service.entry.hosts:
        for first in index.with_host(host):
            if first is service:
                break
            if _share_a_port(first, service) and _seen_together(first, service):
                found.append(
                    f"{first.entry.key} claims host {host} too, and is older (or first by name): "
                    "it gets the routes, except in this one's own namespace"
                )
                break
    for port in service.entry.ports:
        holder = _has_the_rest(index, service, port)
        if holder is not None:
            found.append(
                f"{holder} has what no address or server name tells apart of port {port.number}, since it is older (or "
                "first by name): give this one addresses, or another port"
            )
    return found


def _has_the_rest(index: Index, service: Service, port: ServicePort) -> ObjectKey | None:
    """Who else has the port's default chain, which is for HTTP or for one TCP service; None if nobody, or this one."""
    if not _takes_the_rest(service.entry, port):
        return None
    for first in index.on_port(port.number):
        if first is service:
            break
        other = next(other for other in first.entry.ports if other.number == port.number)
        both_http = other.protocol.is_http and port.protocol.is_http
        if _takes_the_rest(first.entry, other) and not both_http and _seen_together(first, service):
            return first.entry.key
    return None


def _takes_the_rest(entry: ServiceEntry, port: ServicePort) -> bool:
    return port.protocol.is_http or not (port.protocol.is_tls or entry.addresses)


def _missing_endpoints(service: Service) -> list[str]:
    entry = service.entry
    if entry.selector is not None and not service.workloads:
        labels = [f"{shortened(name)}={shortened(value)}" for name, value in sorted(entry.selector.items())]
        return [f"its selector ({few(labels)}) matches no WorkloadEntry of its namespace"]
    return []


def _share_a_port(one: Service, other: Service) -> bool:
    return bool({port.number for port in one.entry.ports} & {port.number for port in other.entry.ports})


def _seen_together(one: Service, other: Service) -> bool:
    """Whether there may be a proxy that sees both."""
    namespaces = _exported_to(one.entry), _exported_to(other.entry)
    everywhere = [exported is None for exported in namespaces]
    if any(everywhere):
        return all(exported is None or bool(exported) for exported in namespaces)
    return bool((namespaces[0] or set()) & (namespaces[1] or set()))


def _exported_to(entry: ServiceEntry) -> set[str] | None:
    """The namespaces that see the service; None for all."""
    if "*" in entry.export_to:
        return None
    return {entry.namespace if name == "." else name for name in entry.export_to} - {"~"}


def _is_draining(index: Index, service: Service, key: ObjectKey) -> bool:
    workload = index.workloads.get(key)
    if workload is not None:
        return workload.endpoint.is_draining
    return any(endpoint.is_draining for endpoint in service.entry.endpoints)
