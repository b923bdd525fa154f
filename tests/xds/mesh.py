"""Objects in few words, and a small mesh to apply them to."""

from collections.abc import Iterable, Mapping

from ledger.deliveries import ResourceChange
from ledger.ids import Generation, ObjectKey, ResourceName, TypeUrl
from xds.index.index import Index, Touched
from xds.naming import cluster_name
from xds.objects import (
    DRAINING_LABEL,
    AllDraining,
    Applied,
    Deleted,
    Endpoint,
    Location,
    Protocol,
    Resolution,
    ServiceEntry,
    ServicePort,
    WorkloadEntry,
)
from xds.resource import Resource
from xds.snapshot import Snapshot
from xds.types import CDS, EDS, LDS, RDS
from xds.view import View

VIEW = View()
REDIRECTED = View(redirect=True)

HTTP = ServicePort(80, "http", Protocol.HTTP)
HTTP2 = ServicePort(8082, "http2", Protocol.HTTP2)
GRPC = ServicePort(9090, "grpc", Protocol.GRPC)
TCP = ServicePort(5432, "tcp", Protocol.TCP)
TLS = ServicePort(443, "tls", Protocol.TLS)
HTTPS = ServicePort(8443, "https", Protocol.HTTPS)

DRAINING = {DRAINING_LABEL: "true"}

Object = ServiceEntry | WorkloadEntry


def service(
    name: str = "web",
    *ports: ServicePort,
    namespace: str = "default",
    hosts: Iterable[str] = (),
    addresses: Iterable[str] = (),
    location: Location = Location.MESH_INTERNAL,
    resolution: Resolution = Resolution.STATIC,
    endpoints: Iterable[Endpoint] = (),
    selector: Mapping[str, str] | None = None,
    export_to: Iterable[str] = ("*",),
    sans: Iterable[str] = (),
    all_draining: AllDraining = AllDraining.SERVE,
    created: str = "",
) -> ServiceEntry:
    """A service `<name>.example`, with one HTTP port unless ports are given; it has the endpoints or selector given."""
    return ServiceEntry(
        namespace,
        name,
        tuple(hosts) or (f"{name}.example",),
        ports or (HTTP,),
        tuple(addresses),
        location,
        resolution,
        tuple(endpoints),
        selector,
        tuple(export_to),
        tuple(sans),
        all_draining,
        created,
    )


def selecting(name: str = "web", *ports: ServicePort, namespace: str = "default", **labels: str) -> ServiceEntry:
    """A service that selects workloads by these labels; without any, by its name (`app`)."""
    return service(name, *ports, namespace=namespace, selector=labels or {"app": name})


def workload(
    name: str = "w",
    address: str = "10.0.0.1",
    *,
    namespace: str = "default",
    draining: bool = False,
    ports: Mapping[str, int] | None = None,
    locality: str = "",
    weight: int = 1,
    **labels: str,
) -> WorkloadEntry:
    """An instance with these labels; without any, one of `web`."""
    marks = DRAINING if draining else {}
    endpoint = Endpoint(address, ports or {}, {**(labels or {"app": "web"}), **marks}, locality, "", weight)
    return WorkloadEntry(namespace, name, endpoint)


def drain(instance: WorkloadEntry) -> WorkloadEntry:
    """The same instance, marked to take no new requests."""
    old = instance.endpoint
    endpoint = Endpoint(old.address, old.ports, {**old.labels, **DRAINING}, old.locality, old.network, old.weight)
    return WorkloadEntry(instance.namespace, instance.name, endpoint)


def cluster_of(entry: ServiceEntry, port: ServicePort | None = None, host: str = "") -> str:
    return cluster_name(entry.key, (port or entry.ports[0]).number, host or entry.hosts[0])


def put(index: Index, *objects: Object) -> Touched:
    """Applies the objects one by one. Returns what the last one touched."""
    touched = Touched()
    for one in objects:
        touched = index.apply(Applied(one, Generation(1), b""))
    return touched


def take(index: Index, key: ObjectKey) -> Touched:
    return index.apply(Deleted(key))


def indexed(*objects: Object) -> Index:
    index = Index()
    put(index, *objects)
    return index


class Mesh:
    """An index and a snapshot with some views."""

    def __init__(self, *objects: Object, views: Iterable[View] = (VIEW,)) -> None:
        self.index = Index()
        self.snapshot = Snapshot(self.index)
        for view in views:
            self.snapshot.add_view(view)
        self.apply(*objects)

    def apply(self, *objects: Object) -> list[ResourceChange]:
        """Applies objects as one change."""
        return self.snapshot.update([put(self.index, one) for one in objects])

    def delete(self, *objects: Object) -> list[ResourceChange]:
        """Deletes objects as one change."""
        return self.snapshot.update([take(self.index, one.key) for one in objects])

    def find(self, type_url: TypeUrl, name: str, view: View = VIEW) -> Resource | None:
        return self.snapshot.get(view, ResourceName(type_url, name))

    def get(self, type_url: TypeUrl, name: str, view: View = VIEW) -> Resource:
        """A resource that the view must have."""
        found = self.find(type_url, name, view)
        assert found is not None, f"{view} has no {name}"
        assert found.name == ResourceName(type_url, name)
        return found

    def cluster(self, entry: ServiceEntry, view: View = VIEW) -> Resource:
        return self.get(CDS, cluster_of(entry), view)

    def assignment(self, entry: ServiceEntry, view: View = VIEW) -> Resource:
        return self.get(EDS, cluster_of(entry), view)

    def everything(self, view: View = VIEW) -> dict[ResourceName, Resource]:
        """All that a view has by wildcard, of every type."""
        names = [ResourceName(url, name) for url in (CDS, EDS, LDS, RDS) for name in self.snapshot.names(view, url)]
        return {name: self.get(name.type_url, name.name, view) for name in names}


def changed(changes: Iterable[ResourceChange]) -> dict[ResourceName, object]:
    """Each changed resource, once, with the views in which it changed; None: in all."""
    found: dict[ResourceName, object] = {}
    for change in changes:
        assert change.name not in found, f"{change.name} is named twice"
        found[change.name] = change.views
    return found
