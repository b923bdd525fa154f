"""Names of the resources that a ServiceEntry gives rise to."""

from ledger.ids import ObjectKey, ResourceName
from xds.objects import Resolution, ServiceEntry, ServicePort
from xds.types import CDS, EDS, FULL_SET, LDS, RDS

REDIRECT_LISTENER = "virtualOutbound"
"""The listener that takes redirected connections and hands them to the one for their original destination."""

PASSTHROUGH_CLUSTER = "PassthroughCluster"
"""Where redirected connections go that no service claims: to wherever they were going."""


def cluster_name(service: ObjectKey, port: int, host: str) -> str:
    """`outbound|80|namespace/name|host`: of a host and port, and of the ServiceEntry that says so.

    Istio's third part names a subset; here it names the object, so that two ServiceEntries which claim one host (each
    perhaps for its own namespace only) have clusters of their own.
    """
    return f"outbound|{port}|{service.namespace}/{service.name}|{host}"


def port_listener_name(port: int) -> str:
    """The listener of a port, and the RouteConfiguration of its HTTP services."""
    return f"0.0.0.0_{port}"


def api_listener_name(host: str, port: int) -> str:
    """The listener that a gRPC client asks for as `xds:///host:port`, and its RouteConfiguration."""
    return f"{host}:{port}"


def by_wildcard(resource: ResourceName) -> bool:
    """Whether a wildcard subscription covers the resource.

    Not a gRPC client's listeners (recognised by their colon): Envoy takes no more than one `api_listener`.
    """
    return resource.type_url != LDS or ":" not in resource.name


def cluster_names(entry: ServiceEntry) -> list[str]:
    """The names of a ServiceEntry's clusters: one for each host and port."""
    return [cluster_name(entry.key, port.number, host) for port in entry.ports for host in entry.hosts]


def endpoint_resources(entry: ServiceEntry, port: ServicePort) -> list[ResourceName]:
    """The resources that hold the endpoints of a port: load assignments, or, found by DNS, the clusters themselves."""
    if entry.resolution is Resolution.NONE:
        return []
    type_url = CDS if entry.resolution.is_dns else EDS
    return [ResourceName(type_url, cluster_name(entry.key, port.number, host)) for host in entry.hosts]


def api_names(entry: ServiceEntry) -> set[str]:
    """The names by which gRPC clients ask for the service."""
    return {
        api_listener_name(host, port.number) for port in entry.ports if port.protocol.is_http for host in entry.hosts
    }


def service_resources(entry: ServiceEntry) -> set[ResourceName]:
    """Every resource that a ServiceEntry has a part in."""
    resources = {ResourceName(CDS, name) for name in cluster_names(entry)}
    for port in entry.ports:
        resources.update(endpoint_resources(entry, port))
        resources.add(ResourceName(LDS, port_listener_name(port.number)))
        if port.protocol.is_http:
            resources.add(ResourceName(RDS, port_listener_name(port.number)))
    for name in api_names(entry):
        resources.add(ResourceName(LDS, name))
        resources.add(ResourceName(RDS, name))
    return resources


def catalogued(entry: ServiceEntry | None) -> set[ResourceName]:
    """The clusters and listeners of a ServiceEntry that wildcard subscriptions cover."""
    resources = service_resources(entry) if entry is not None else set()
    return {resource for resource in resources if resource.type_url in FULL_SET and by_wildcard(resource)}
