"""The objects that the tests apply."""

from collections.abc import Mapping
from dataclasses import replace

from ledger.ids import ObjectKey
from xds.naming import cluster_name
from xds.objects import (
    DRAINING_LABEL,
    Endpoint,
    Location,
    Protocol,
    Resolution,
    ServiceEntry,
    ServicePort,
    WorkloadEntry,
)

HOST = "web.example"
HTTP_PORT = 18080

HTTP = ServicePort(HTTP_PORT, "http", Protocol.HTTP)


def service(
    name: str = "web",
    host: str = "",
    port: ServicePort = HTTP,
    *,
    resolution: Resolution = Resolution.STATIC,
    endpoints: tuple[Endpoint, ...] = (),
    addresses: tuple[str, ...] = (),
    export_to: tuple[str, ...] = ("*",),
    namespace: str = "default",
) -> ServiceEntry:
    """A service `<name>.example`. Without endpoints it selects the workloads that are labelled with its name."""
    return ServiceEntry(
        namespace,
        name,
        (host or f"{name}.example",),
        (port,),
        addresses=addresses,
        location=Location.MESH_INTERNAL,
        resolution=resolution,
        endpoints=endpoints,
        selector=None if endpoints or resolution.is_dns else {"app": name},
        export_to=export_to,
    )


def workload(
    name: str, port: int, app: str = "web", address: str = "127.0.0.1", labels: Mapping[str, str] | None = None
) -> WorkloadEntry:
    """An instance of `app` that listens on the port, whatever the service port's name."""
    ports = {"http": port, "tcp": port, "tls": port, "grpc": port}
    return WorkloadEntry("default", name, Endpoint(address, ports, {"app": app, **(labels or {})}))


def draining(instance: WorkloadEntry) -> WorkloadEntry:
    """The same instance, marked to take no new requests."""
    labels = {**instance.endpoint.labels, DRAINING_LABEL: "true"}
    return replace(instance, endpoint=replace(instance.endpoint, labels=labels))


def cluster_of(entry: ServiceEntry) -> str:
    """The name of the cluster of a service with one port and one host."""
    return cluster_name(entry.key, entry.ports[0].number, entry.hosts[0])


Object = ServiceEntry | WorkloadEntry
Target = Object | ObjectKey
