"""What a resource says about which object, so that two forms of it can be compared object by object."""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

from ledger.ids import ObjectKey, ResourceName, TypeUrl
from protos.base_pb2 import Metadata
from protos.cluster_pb2 import Cluster
from protos.endpoint_pb2 import DRAINING, ClusterLoadAssignment
from xds.naming import cluster_name
from xds.objects import Resolution, ServiceEntry, WorkloadEntry
from xds.types import CDS, EDS
from xds.view import sees

_OWN = "lastack.io"


class Fact(NamedTuple):
    """Something that proxies do because of an object, said in a resource."""

    object: ObjectKey
    detail: str


Form = frozenset[Fact]
"""Everything that one form of a resource says."""

NOTHING: Form = frozenset()
"""What a resource says that is empty, or is not there."""


@lru_cache(maxsize=4096)
def said_by(type_url: TypeUrl, body: bytes) -> Form:
    """What an encoded cluster or load assignment says."""
    if type_url == EDS:
        return frozenset(_endpoints(ClusterLoadAssignment.FromString(body)))
    if type_url != CDS:
        return NOTHING
    cluster = Cluster.FromString(body)
    facts = set(_endpoints(cluster.load_assignment))
    owner, names = _about(cluster.metadata)
    if owner:
        facts.add(Fact(ObjectKey.parse(owner), names))
    return frozenset(facts)


def truth(
    services: Iterable[ServiceEntry], workloads: Iterable[WorkloadEntry], namespace: str
) -> dict[ResourceName, Form]:
    """What the clusters and load assignments of a namespace have to say, by the objects; computed without builders.

    Of services with a selector, of which none has a port name or target of its own, and workloads that share no
    address.
    """
    found: dict[ResourceName, Form] = {}
    workloads = list(workloads)
    for entry in services:
        if not sees(namespace, entry):
            continue
        selector = entry.selector or {}
        mine = [one for one in workloads if selector.items() <= one.endpoint.labels.items()]
        for port in entry.ports:
            endpoints = frozenset(
                Fact(one.key, _where(one.endpoint.address, port.number, one.endpoint.is_draining)) for one in mine
            )
            for host in entry.hosts:
                name = cluster_name(entry.key, port.number, host)
                itself = frozenset({Fact(entry.key, ",".join(entry.subject_alt_names))})
                found[ResourceName(CDS, name)] = itself | endpoints if entry.resolution.is_dns else itself
                if entry.resolution is Resolution.STATIC:
                    found[ResourceName(EDS, name)] = endpoints
    return found


def _endpoints(assignment: ClusterLoadAssignment) -> Iterator[Fact]:
    for locality in assignment.endpoints:
        for one in locality.lb_endpoints:
            address = one.endpoint.address.socket_address
            where = _where(address.address, address.port_value, one.health_status == DRAINING)
            yield Fact(ObjectKey.parse(_about(one.metadata)[0]), where)


def _where(address: str, port: int, draining: bool) -> str:
    return f"{address}:{port}{' draining' if draining else ''}"


def _about(metadata: Metadata) -> tuple[str, str]:
    """The object that gave rise to it, and the names that its certificate may have."""
    if _OWN not in metadata.filter_metadata:
        return "", ""
    about = metadata.filter_metadata[_OWN].fields
    names = about["subject_alt_names"].list_value.values if "subject_alt_names" in about else ()
    return about["object"].string_value, ",".join(name.string_value for name in names)
