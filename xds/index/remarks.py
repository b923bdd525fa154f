"""What an operator should know of an object that is applied: claims that it lost, ties that are missing."""

from ledger.ids import ObjectKey
from xds.index.endpoint_set import MemberKey
from xds.index.index import Index, Service, unusable
from xds.objects import ALL_DRAINING_ANNOTATION, WorkloadEntry


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
                f"{', '.join(sorted(sharing))} gives the same address to {service.entry.key}: it is sent once, and "
                "removing one of them leaves it"
            )
    return found


def _lost_claims(index: Index, service: Service) -> list[str]:
    found = []
    for host in service.entry.hosts:
        first = index.with_host(host)[0]
        if first is not service and _overlap(first, service):
            found.append(
                f"{first.entry.key} claims host {host} too, and is older (or first by name): "
                "it gets the routes, except in this one's own namespace"
            )
    return found


def _missing_endpoints(service: Service) -> list[str]:
    entry = service.entry
    if entry.selector is not None and not service.workloads:
        labels = ", ".join(f"{name}={value}" for name, value in sorted(entry.selector.items()))
        return [f"its selector ({labels}) matches no WorkloadEntry of its namespace"]
    return []


def _overlap(one: Service, other: Service) -> bool:
    ports = {port.number for port in one.entry.ports} & {port.number for port in other.entry.ports}
    everywhere = "*" in one.entry.export_to or "*" in other.entry.export_to
    return bool(ports) and (everywhere or one.entry.namespace == other.entry.namespace)


def _is_draining(index: Index, service: Service, key: ObjectKey) -> bool:
    workload = index.workloads.get(key)
    if workload is not None:
        return workload.endpoint.is_draining
    return any(endpoint.is_draining for endpoint in service.entry.endpoints)
