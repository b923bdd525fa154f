"""The snapshot: every resource in its newest form, as each view has it."""

from collections.abc import Iterable, Mapping

from ledger.deliveries import ResourceChange
from ledger.ids import ObjectKey, ResourceName, TypeUrl, Version
from xds.builders.assignments import encode_assignment
from xds.builders.clusters import encode_cluster, passthrough_cluster
from xds.builders.routes import encode_empty_routes
from xds.index.index import Index, Service, Touched
from xds.naming import PASSTHROUGH_CLUSTER, by_wildcard, cluster_name, cluster_names, port_listener_name
from xds.objects import Resolution, ServiceEntry
from xds.port import Ports
from xds.resource import FullSet, Resource
from xds.types import CDS, EDS, FULL_SET, LDS, RDS, TYPES
from xds.view import View
from xds.view_resources import ViewResources


class Snapshot:
    """Clusters and load assignments, which are the same for all that may see them, and the views' own resources.

    After `update` everything is as the index has it; only what the update touched is built again.
    """

    def __init__(self, index: Index) -> None:
        self._index = index
        self._resources: dict[TypeUrl, dict[str, Resource]] = {CDS: {}, EDS: {}}
        self._owner: dict[str, ObjectKey] = {}
        self._views: dict[View, ViewResources] = {}
        self._ports = Ports()
        self._full_sets: dict[tuple[View, TypeUrl], FullSet] = {}
        self._versions: dict[tuple[View, TypeUrl], dict[str, Version]] = {}
        self._passthrough = Resource(ResourceName(CDS, PASSTHROUGH_CLUSTER), passthrough_cluster())

    @property
    def size(self) -> int:
        """How many clusters and load assignments there are."""
        return sum(map(len, self._resources.values()))

    # Views

    def add_view(self, view: View) -> None:
        """A stream with this view has opened."""
        if view not in self._views:
            self._views[view] = ViewResources(view, self._index, self._ports)

    def drop_view(self, view: View) -> None:
        """No stream has this view any more."""
        self._views.pop(view, None)
        for type_url in FULL_SET:
            self._full_sets.pop((view, type_url), None)
        for type_url in TYPES:
            self._versions.pop((view, type_url), None)

    def views(self) -> set[View]:
        """The views that are kept up to date."""
        return set(self._views)

    # What a stream asks

    def get(self, view: View, resource: ResourceName) -> Resource | None:
        """The resource as the view has it; None if it does not exist there."""
        if resource.type_url in (LDS, RDS):
            return self._views[view].get(resource)
        if resource == self._passthrough.name:
            return self._passthrough if view.redirect else None
        found = self._resources.get(resource.type_url, {}).get(resource.name)
        return found if found is not None and self._visible(view, resource.name) else None

    def get_or_empty(self, view: View, resource: ResourceName) -> Resource | None:
        """As `get`, but an empty resource where the type is one of which Envoy ignores a deletion (rule 25)."""
        found = self.get(view, resource)
        if found is None and resource.type_url == EDS:
            return Resource(resource, encode_assignment(resource.name, None))
        if found is None and resource.type_url == RDS:
            return Resource(resource, encode_empty_routes(resource.name))
        return found

    def names(self, view: View, type_url: TypeUrl) -> list[str]:
        """What a wildcard subscription covers, in order."""
        if type_url in (LDS, RDS):
            return self._views[view].names(type_url)
        names = [name for name in self._resources.get(type_url, ()) if self._visible(view, name)]
        if type_url == CDS and view.redirect:
            names.append(PASSTHROUGH_CLUSTER)
        return sorted(names)

    def catalogue(self) -> set[ResourceName]:
        """Every cluster and listener of a service that some wildcard subscription covers."""
        names = {ResourceName(CDS, name) for name in self._resources[CDS]}
        names.update(ResourceName(LDS, port_listener_name(port)) for port in self._ports.numbers())
        return names

    def full_set(self, view: View, type_url: TypeUrl) -> FullSet:
        """Everything that a wildcard subscription covers; one object for all streams, until something changes."""
        found = self._full_sets.get((view, type_url))
        if found is None:
            resources = {name: self.get(view, ResourceName(type_url, name)) for name in self.names(view, type_url)}
            found = FullSet({name: resource for name, resource in resources.items() if resource is not None})
            self._full_sets[view, type_url] = found
        return found

    def versions(self, view: View, type_url: TypeUrl) -> Mapping[str, Version]:
        """The version of everything that the view has, but for gRPC clients' own listeners and routes.

        One object for all streams, until something changes: what a thousand proxies claim is compared with it.
        """
        found = self._versions.get((view, type_url))
        if found is None:
            if type_url == EDS:
                names: Iterable[str] = (name for name in self._resources[EDS] if self._visible(view, name))
            else:
                names = self.names(view, type_url)
            resources = ((name, self.get(view, ResourceName(type_url, name))) for name in names)
            found = {name: resource.version for name, resource in resources if resource is not None}
            self._versions[view, type_url] = found
        return found

    def uses(self, view: View, resource: ResourceName) -> bool:
        """Whether the view has a resource that makes proxies ask for this one: an EDS cluster, or a listener."""
        if resource.type_url == EDS:
            return resource.name in self._resources[EDS] and self._visible(view, resource.name)
        if resource.type_url == RDS:
            return self._views[view].get(ResourceName(RDS, resource.name)) is not None
        return False

    def uses_any(self, view: View, type_url: TypeUrl) -> bool:
        """Whether the view has any resource that makes proxies ask for resources of this type."""
        if type_url == EDS:
            return any(self._visible(view, name) for name in self._resources[EDS])
        return bool(self._views[view].names(type_url))

    # What the index has changed

    def update(self, touched: Iterable[Touched]) -> list[ResourceChange]:
        """Builds again what was touched. Returns the resources that changed, each once."""
        changes: dict[ResourceName, ResourceChange] = {}
        services: dict[ObjectKey, list[ServiceEntry]] = {}
        endpoints: set[tuple[ObjectKey, int]] = set()
        for one in touched:
            endpoints |= one.endpoints
            for old, new in one.services:
                self._ports.change(old, new)
                for entry in (old, new):
                    if entry is not None:
                        services.setdefault(entry.key, []).append(entry)
        for key, forms in services.items():
            self._rebuild_service(key, forms, changes)
        for key, port in endpoints:
            service = self._index.services.get(key)
            if service is not None and key not in services:
                self._rebuild_endpoints(service, port, changes)
        if services:
            entries = [entry for forms in services.values() for entry in forms]
            self._rebuild_views(entries, changes)
        for view in self._views:
            for type_url in {change.name.type_url for change in changes.values() if change.wildcard} & FULL_SET:
                self._full_sets.pop((view, type_url), None)
            for type_url in {change.name.type_url for change in changes.values()}:
                self._versions.pop((view, type_url), None)
        return list(changes.values())

    def _rebuild_service(
        self, key: ObjectKey, forms: list[ServiceEntry], changes: dict[ResourceName, ResourceChange]
    ) -> None:
        service = self._index.services.get(key)
        appears_or_vanishes = frozenset(view for view in self._views if len({view.sees(entry) for entry in forms}) > 1)
        fresh: dict[ResourceName, Resource] = {}
        for entry_port in service.entry.ports if service else ():
            for resource in self._build(service, entry_port.number, with_clusters=True) if service else ():
                fresh[resource.name] = resource
        stale = {
            ResourceName(type_url, name)
            for entry in forms
            for port in entry.ports
            for name in (cluster_name(key, port.number, host) for host in entry.hosts)
            for type_url in (CDS, EDS)
        } - fresh.keys()
        for gone in sorted(stale):
            self._owner.pop(gone.name, None)
            if self._resources[gone.type_url].pop(gone.name, None) is not None:
                changes[gone] = ResourceChange(gone, self._seen_by(_having(forms, gone)), True)
        for name, resource in fresh.items():
            self._owner[name.name] = key
            old = self._resources[name.type_url].get(name.name)
            self._resources[name.type_url][name.name] = resource
            if old is None or old.version != resource.version:
                views = self._seen_by(_having(forms, name))
                changes[name] = ResourceChange(name, views, True, appears=old is None or bool(appears_or_vanishes))
            elif appears_or_vanishes:
                changes[name] = ResourceChange(name, appears_or_vanishes, True, appears=True)

    def _rebuild_endpoints(self, service: Service, port: int, changes: dict[ResourceName, ResourceChange]) -> None:
        views = self._seen_by([service.entry])
        for resource in self._build(service, port, with_clusters=service.entry.resolution.is_dns):
            resources = self._resources[resource.name.type_url]
            if resources[resource.name.name].version != resource.version:
                resources[resource.name.name] = resource
                changes[resource.name] = ResourceChange(resource.name, views, True)

    def _build(self, service: Service, number: int, with_clusters: bool) -> Iterable[Resource]:
        entry = service.entry
        port = next(port for port in entry.ports if port.number == number)
        endpoints = service.endpoints[number]
        for host in entry.hosts:
            name = cluster_name(entry.key, number, host)
            if with_clusters:
                yield Resource(ResourceName(CDS, name), encode_cluster(name, host, entry, port, endpoints))
            if entry.resolution is Resolution.STATIC:
                yield Resource(ResourceName(EDS, name), encode_assignment(name, endpoints))

    def _rebuild_views(self, entries: list[ServiceEntry], changes: dict[ResourceName, ResourceChange]) -> None:
        changed: dict[ResourceName, set[View]] = {}
        for view, resources in self._views.items():
            for name in resources.rebuild(entries):
                changed.setdefault(name, set()).add(view)
        for name, views in changed.items():
            changes[name] = ResourceChange(name, frozenset(views), by_wildcard(name))

    def _seen_by(self, forms: Iterable[ServiceEntry]) -> frozenset[View] | None:
        forms = list(forms)
        if all("*" in entry.export_to for entry in forms):
            return None
        return frozenset(view for view in self._views if any(view.sees(entry) for entry in forms))

    def _visible(self, view: View, name: str) -> bool:
        owner = self._owner.get(name)
        service = self._index.services.get(owner) if owner is not None else None
        return service is not None and view.sees(service.entry)


def _having(forms: Iterable[ServiceEntry], resource: ResourceName) -> list[ServiceEntry]:
    """The forms that have the cluster (or load assignment): no view hears of one by a form that has it not."""
    return [entry for entry in forms if resource.name in cluster_names(entry)]
