"""The objects that are measured: services of no, two, four and ten instances, two on average."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import count

from ledger.ids import Generation
from xds.index.index import Index
from xds.objects import (
    Applied,
    ConfigObject,
    Endpoint,
    Location,
    Protocol,
    Resolution,
    ServiceEntry,
    ServicePort,
    WorkloadEntry,
)
from xds.plane import Plane
from xds.snapshot import Snapshot

NAMESPACE = "default"
_SIZES = (10, 4, 2, 2, 2, 0, 0, 0, 0, 0)
"""Instances of one service and the next, again and again: twice as many as services. Half of a mesh's services have
none at the moment, so that those with some have two to ten."""

_generations = count(1)


def service(number: int) -> ServiceEntry:
    return ServiceEntry(
        NAMESPACE,
        f"service-{number}",
        (f"service-{number}.example",),
        (ServicePort(8080, "http", Protocol.HTTP),),
        location=Location.MESH_INTERNAL,
        resolution=Resolution.STATIC,
        selector={"app": f"service-{number}"},
    )


def instance(number: int, of: int) -> WorkloadEntry:
    """An instance of a service: one of at most 65,536."""
    endpoint = Endpoint(
        f"10.0.{number >> 8 & 255}.{number & 255}",
        labels={"app": f"service-{of}", "version": "v1", "pod": f"instance-{number}"},
        locality="region/zone",
    )
    return WorkloadEntry(NAMESPACE, f"instance-{number}", endpoint)


def services(size: int) -> list[ServiceEntry]:
    return [service(number) for number in range(size)]


def instances(of: int) -> list[WorkloadEntry]:
    """The instances of so many services: twice as many."""
    owners = (number for number in range(of) for _ in range(_SIZES[number % len(_SIZES)]))
    return [instance(number, owner) for number, owner in enumerate(owners)]


def applied(entry: ConfigObject) -> Applied:
    """The event by which a source would report it, of a generation never used before."""
    generation = next(_generations)
    return Applied(entry, Generation(generation), generation.to_bytes(8))


def changes(entries: list[WorkloadEntry]) -> Iterator[WorkloadEntry]:
    """The same instances in another form each time, over and over."""
    for turn in count(2):
        for entry in entries:
            yield replace(entry, endpoint=replace(entry.endpoint, weight=turn))


class Indexed:
    """An index and its snapshot, alone."""

    def __init__(self, objects: list[ConfigObject]) -> None:
        self.index = Index()
        self.snapshot = Snapshot(self.index)
        self.snapshot.update([self.index.apply(applied(entry)) for entry in objects])

    def apply(self, event: Applied) -> int:
        """One change, down to the new bytes. Returns how many resources have changed."""
        return len(self.snapshot.update([self.index.apply(event)]))


def serving(objects: list[ConfigObject]) -> Plane:
    """A whole core that has loaded them."""
    plane = Plane()
    plane.apply([applied(entry) for entry in objects], 0.0)
    plane.start(0.0, roster_known=True)
    return plane
