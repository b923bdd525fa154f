"""The index: services, workloads, and which belongs to which."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeVar

from ledger.ids import ObjectKey, ResourceName
from xds.builders.endpoints import encode_endpoint
from xds.index.endpoint_set import EndpointSet, Member, MemberKey
from xds.index.selectors import Selectors
from xds.naming import cluster_names, endpoint_resources, service_resources
from xds.objects import (
    AllDraining,
    Applied,
    Deleted,
    Endpoint,
    Event,
    Resolution,
    ServiceEntry,
    ServicePort,
    WorkloadEntry,
)
from xds.parsing.addresses import is_ip
from xds.types import CDS

_K = TypeVar("_K")


@dataclass(slots=True)
class Service:
    """A ServiceEntry and its endpoints. `endpoints`: by port number; `workloads`: the WorkloadEntries selected."""

    entry: ServiceEntry
    endpoints: dict[int, EndpointSet]
    workloads: dict[ObjectKey, None] = field(default_factory=dict)

    @property
    def panics(self) -> bool:
        """Whether Envoy would use draining endpoints, since no other is left and the service's policy allows it."""
        return self.entry.all_draining is AllDraining.SERVE and any(s.all_draining for s in self.endpoints.values())


@dataclass(slots=True)
class Touched:
    """What one event has touched.

    footprint: the resources that the object contributed to before or after. awaited: resources that must be ACKed
    before proxies ask for the footprint's at all: an instance is not published to a proxy that has yet to take its
    cluster. moved: other objects that this one's change moved into or out of resources, or out of use. services: the
    ServiceEntries added, changed or removed, old form and new. endpoints: the (service, port number) whose endpoints
    changed.
    """

    footprint: set[ResourceName] = field(default_factory=set)
    awaited: set[ResourceName] = field(default_factory=set)
    moved: dict[ObjectKey, set[ResourceName]] = field(default_factory=dict)
    services: list[tuple[ServiceEntry | None, ServiceEntry | None]] = field(default_factory=list)
    endpoints: set[tuple[ObjectKey, int]] = field(default_factory=set)


class Index:
    """Services and workloads by key, and the ties between them."""

    def __init__(self) -> None:
        self.services: dict[ObjectKey, Service] = {}
        self.workloads: dict[ObjectKey, WorkloadEntry] = {}
        self._services_of: dict[ObjectKey, tuple[ObjectKey, ...]] = {}
        self._selectors: dict[str, Selectors] = {}
        self._by_port: dict[int, dict[ObjectKey, Service]] = {}
        self._by_host: dict[str, dict[ObjectKey, Service]] = {}

    def apply(self, event: Event) -> Touched:
        """Takes in one event."""
        match event:
            case Applied(object=ServiceEntry() as entry):
                return self._put_service(entry.key, entry)
            case Applied(object=WorkloadEntry() as workload):
                return self._put_workload(workload.key, workload)
            case Deleted(key=key) if key in self.services:
                return self._put_service(key, None)
            case Deleted(key=key) if key in self.workloads:
                return self._put_workload(key, None)
        return Touched()

    # What is asked of it

    def services_of(self, key: ObjectKey) -> list[Service]:
        """The services that a WorkloadEntry is an endpoint of; for a ServiceEntry, itself."""
        service = self.services.get(key)
        if service is not None:
            return [service]
        return [self.services[name] for name in sorted(self._services_of.get(key, ()))]

    def on_port(self, port: int) -> list[Service]:
        """The services with that port, in the order in which claims are settled: the oldest first, then by name."""
        return sorted(self._by_port.get(port, {}).values(), key=_claim_rank)

    def ports(self) -> list[int]:
        """Every port that a service has."""
        return sorted(self._by_port)

    def with_host(self, host: str) -> list[Service]:
        """The services with that host, in the order in which claims are settled."""
        return sorted(self._by_host.get(host, {}).values(), key=_claim_rank)

    # Services

    def _put_service(self, key: ObjectKey, entry: ServiceEntry | None) -> Touched:
        old = self.services.pop(key, None)
        before = self._places(old)
        if old is not None:
            self._unfile(old)
        new = None
        if entry is not None:
            new = self.services[key] = self._build(entry)
            self._file(new)
        after = self._places(new)
        touched = Touched(services=[(old.entry if old else None, entry)])
        for service in (old, new):
            if service is not None:
                touched.footprint |= service_resources(service.entry)
                touched.endpoints.update((key, port.number) for port in service.entry.ports)
        for workload in before.keys() | after.keys():
            moved = before.get(workload, frozenset()) ^ after.get(workload, frozenset())
            if moved:
                touched.moved[workload] = set(moved)
        if old is not None and old.panics and new is not None:
            self._panic_ends(new, touched)
        return touched

    def _build(self, entry: ServiceEntry) -> Service:
        service = Service(entry, {port.number: EndpointSet() for port in entry.ports})
        for position, endpoint in enumerate(entry.endpoints):
            _join(service, MemberKey(entry.key, position), endpoint)
        if entry.selector is not None:
            for key in self._selectors_of(entry.namespace).matching_labels(entry.selector):
                service.workloads[key] = None
                _join(service, MemberKey(key), self.workloads[key].endpoint)
        return service

    def _file(self, service: Service) -> None:
        entry, key = service.entry, service.entry.key
        for port in entry.ports:
            self._by_port.setdefault(port.number, {})[key] = service
        for host in entry.hosts:
            self._by_host.setdefault(host, {})[key] = service
        if entry.selector is not None:
            self._selectors_of(entry.namespace).set_selector(key, entry.selector)
        for workload in service.workloads:
            self._services_of[workload] = (*self._services_of.get(workload, ()), key)

    def _unfile(self, service: Service) -> None:
        entry, key = service.entry, service.entry.key
        for port in entry.ports:
            _discard(self._by_port, port.number, key)
        for host in entry.hosts:
            _discard(self._by_host, host, key)
        if entry.selector is not None:
            self._selectors_of(entry.namespace).drop_selector(key)
            self._tidy(entry.namespace)
        for workload in service.workloads:
            self._services_of[workload] = tuple(other for other in self._services_of[workload] if other != key)

    def _places(self, service: Service | None) -> dict[ObjectKey, frozenset[ResourceName]]:
        if service is None or not service.workloads:
            return {}
        resources = frozenset(_endpoint_resources(service))
        return dict.fromkeys(service.workloads, resources)

    # Workloads

    def _put_workload(self, key: ObjectKey, workload: WorkloadEntry | None) -> Touched:
        selectors = self._selectors_of(key.namespace)
        before = self._services_of.pop(key, ())
        if workload is None:
            del self.workloads[key]
            selectors.drop_labels(key)
            after: tuple[ObjectKey, ...] = ()
        else:
            self.workloads[key] = workload
            selectors.set_labels(key, workload.endpoint.labels)
            after = tuple(selectors.matching_selectors(workload.endpoint.labels))
            self._services_of[key] = after
        touched = Touched()
        member = MemberKey(key)
        for owner in dict.fromkeys((*before, *after)):
            service = self.services[owner]
            panicked = service.panics
            touched.footprint.update(_endpoint_resources(service))
            if workload is not None and owner in after:
                service.workloads[key] = None
                changed = _join(service, member, workload.endpoint)
                if not workload.endpoint.is_draining:
                    touched.awaited.update(ResourceName(CDS, name) for name in cluster_names(service.entry))
            else:
                service.workloads.pop(key, None)
                changed = {number for number, endpoints in service.endpoints.items() if endpoints.remove(member)}
            touched.endpoints.update((owner, number) for number in changed)
            if panicked:
                self._panic_ends(service, touched)
        self._tidy(key.namespace)
        return touched

    def _panic_ends(self, service: Service, touched: Touched) -> None:
        """If Envoy need not use the service's draining endpoints any more: it goes on until it has heard of that."""
        if service.panics:
            return
        resources = {ResourceName(CDS, name) for name in cluster_names(service.entry)}
        resources.update(_endpoint_resources(service))
        for key in service.workloads:
            if self.workloads[key].endpoint.is_draining:
                touched.moved.setdefault(key, set()).update(resources)

    def _selectors_of(self, namespace: str) -> Selectors:
        return self._selectors.setdefault(namespace, Selectors())

    def _tidy(self, namespace: str) -> None:
        if not self._selectors[namespace]:
            del self._selectors[namespace]


def unusable(service: ServiceEntry, endpoint: Endpoint) -> str | None:
    """Why an endpoint can't be one of the service's; None if it can."""
    if service.resolution is Resolution.NONE:
        return f"{service.key} has resolution NONE: it forwards to the address that was asked for, and has no endpoints"
    if service.resolution.is_dns:
        if endpoint.address.startswith("unix://"):
            return f"{service.key} is resolved by DNS, which a unix socket can't be"
    elif not endpoint.address.startswith("unix://") and not is_ip(endpoint.address):
        return (
            f"{service.key} has resolution STATIC, and {endpoint.address} is not an IP address: "
            "give the IP address, or set the resolution to DNS"
        )
    return None


def endpoint_port(port: ServicePort, endpoint: Endpoint) -> int:
    """The port of the instance: its own for that name, else the service's target port, else the port's number."""
    return endpoint.ports.get(port.name, port.target_port or port.number)


def _join(service: Service, key: MemberKey, endpoint: Endpoint) -> set[int]:
    """Makes the endpoint a member on every port. Returns the ports where what is sent may have changed."""
    if unusable(service.entry, endpoint) is not None:
        return {number for number, endpoints in service.endpoints.items() if endpoints.remove(key)}
    changed = set()
    for port in service.entry.ports:
        number = endpoint_port(port, endpoint)
        member = Member(
            key,
            endpoint.address,
            number,
            endpoint.locality,
            endpoint.weight,
            endpoint.is_draining,
            encode_endpoint(key.key, endpoint, number),
        )
        if service.endpoints[port.number].put(member):
            changed.add(port.number)
    return changed


def _endpoint_resources(service: Service) -> Iterator[ResourceName]:
    for port in service.entry.ports:
        yield from endpoint_resources(service.entry, port)


def _claim_rank(service: Service) -> tuple[str, ObjectKey]:
    return service.entry.claim_rank


def _discard(filed: dict[_K, dict[ObjectKey, Service]], where: _K, key: ObjectKey) -> None:
    services = filed[where]
    del services[key]
    if not services:
        del filed[where]
