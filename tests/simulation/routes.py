"""Where requests may go: by what a proxy holds; and by what it ought to hold, computed without the product's code."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from ledger.ids import ObjectKey
from protos.cluster_pb2 import Cluster
from protos.endpoint_pb2 import DRAINING, ClusterLoadAssignment
from xds.objects import ConfigObject, ServiceEntry, WorkloadEntry


class Route(NamedTuple):
    """A way on which a request may go: an endpoint of a cluster, as given by an object."""

    cluster: str
    object: str
    address: str
    draining: bool


Routes = Mapping[str, frozenset[Route]]
"""The routes by the object that gives them, as `kind/namespace/name`."""


def held_routes(clusters: Mapping[str, bytes], assignments: Mapping[str, bytes]) -> Routes:
    """Every endpoint that a proxy with these encoded clusters and load assignments may send a request to."""
    found: defaultdict[str, set[Route]] = defaultdict(set)
    for name, body in clusters.items():
        cluster = Cluster.FromString(body)
        assignment = cluster.load_assignment
        if cluster.type == Cluster.EDS:
            assignment = ClusterLoadAssignment.FromString(assignments.get(name, b""))
        for locality in assignment.endpoints:
            for endpoint in locality.lb_endpoints:
                about = str(endpoint.metadata.filter_metadata["lastack.io"]["object"])
                address = endpoint.endpoint.address.socket_address
                where = f"{address.address}:{address.port_value}"
                found[about].add(Route(name, about, where, endpoint.health_status == DRAINING))
    return _frozen(found)


def true_routes(objects: Iterable[ConfigObject]) -> Routes:
    """What a proxy that is up to date routes to. Of several workloads with one address in a service, one counts: the
    first by name that is not draining."""
    objects = list(objects)
    workloads = [one for one in objects if isinstance(one, WorkloadEntry)]
    found: defaultdict[str, set[Route]] = defaultdict(set)
    for entry in objects:
        if isinstance(entry, ServiceEntry):
            for port in entry.ports:
                for host in entry.hosts:
                    name = f"outbound|{port.number}|{entry.namespace}/{entry.name}|{host}"
                    for workload in _selected(entry, workloads):
                        where = f"{workload.endpoint.address}:{port.number}"
                        about = str(workload.key)
                        found[about].add(Route(name, about, where, workload.endpoint.is_draining))
    return _frozen(found)


def _selected(entry: ServiceEntry, workloads: Iterable[WorkloadEntry]) -> Iterable[WorkloadEntry]:
    by_address: dict[str, WorkloadEntry] = {}
    for workload in workloads:
        labels = workload.endpoint.labels
        if entry.selector and all(labels.get(name) == value for name, value in entry.selector.items()):
            other = by_address.setdefault(workload.endpoint.address, workload)
            if _rank(workload) < _rank(other):
                by_address[workload.endpoint.address] = workload
    return by_address.values()


def _rank(workload: WorkloadEntry) -> tuple[bool, ObjectKey]:
    return workload.endpoint.is_draining, workload.key


def _frozen(found: Mapping[str, set[Route]]) -> Routes:
    return {about: frozenset(routes) for about, routes in found.items()}
