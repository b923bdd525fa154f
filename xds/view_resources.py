"""Listeners and routes as one view has them."""

from collections.abc import Iterable

from ledger.ids import ResourceName, TypeUrl
from xds.builders.listeners import encode_api_listener, encode_redirect_listener
from xds.builders.routes import encode_api_routes
from xds.index.index import Index
from xds.naming import REDIRECT_LISTENER, api_names, cluster_name, port_listener_name
from xds.objects import ServiceEntry
from xds.port import Ports
from xds.resource import Resource
from xds.types import LDS, RDS
from xds.view import View


class ViewResources:
    """The listeners and routes of one view.

    A port's are built when the view opens and when a service on the port changes; a gRPC client's when first asked for.

    Args:
        ports: what all views have in common.
    """

    def __init__(self, view: View, index: Index, ports: Ports) -> None:
        self._view = view
        self._index = index
        self._ports = ports
        self._resources: dict[TypeUrl, dict[str, Resource]] = {LDS: {}, RDS: {}}
        self._api: dict[str, tuple[Resource, Resource]] = {}
        if view.redirect:
            self._put(Resource(ResourceName(LDS, REDIRECT_LISTENER), encode_redirect_listener()))
        self._rebuild_ports(ports.numbers())

    def get(self, resource: ResourceName) -> Resource | None:
        """A listener or a RouteConfiguration; None if the view has none of that name."""
        if ":" not in resource.name:
            return self._resources[resource.type_url].get(resource.name)
        pair = self._api.get(resource.name) or self._build_api(resource.name)
        if pair is not None:
            self._api[resource.name] = pair  # only what exists is kept: anybody may ask for anything
        return pair[resource.type_url == RDS] if pair is not None else None

    def names(self, type_url: TypeUrl) -> list[str]:
        """What a wildcard subscription covers, in order."""
        return sorted(self._resources[type_url])

    def rebuild(self, entries: Iterable[ServiceEntry]) -> list[ResourceName]:
        """Builds again what these services, old forms and new, have a part in. Returns what changed."""
        entries = list(entries)
        changed = self._rebuild_ports({port.number for entry in entries for port in entry.ports})
        for name in sorted({name for entry in entries for name in api_names(entry)}):
            changed.extend(self._rebuild_api(name))
        return changed

    def _rebuild_api(self, name: str) -> list[ResourceName]:
        old = self._api.pop(name, None)
        if old is None:  # nobody has it; but somebody may have asked for it when there was none
            appears = self._api_cluster(name) is not None
            return [ResourceName(type_url, name) for type_url in (LDS, RDS)] if appears else []
        new = self._build_api(name)
        if new is not None:
            self._api[name] = new
        pairs = zip(old, new or (None, None), strict=True)
        return [before.name for before, after in pairs if after is None or after.version != before.version]

    def _rebuild_ports(self, ports: Iterable[int]) -> list[ResourceName]:
        changed: list[ResourceName] = []
        for number in ports:
            port = self._ports.get(number)
            name = port_listener_name(number)
            listener = port.listener(self._view) if port is not None else None
            routes = port.routes(self._view) if port is not None else None
            for type_url, resource in ((LDS, listener), (RDS, routes)):
                if self._put(resource) if resource is not None else self._drop(ResourceName(type_url, name)):
                    changed.append(ResourceName(type_url, name))
        return changed

    def _build_api(self, name: str) -> tuple[Resource, Resource] | None:
        cluster = self._api_cluster(name)
        if cluster is None:
            return None
        return (
            Resource(ResourceName(LDS, name), encode_api_listener(name)),
            Resource(ResourceName(RDS, name), encode_api_routes(name, cluster)),
        )

    def _api_cluster(self, name: str) -> str | None:
        """Where a gRPC client's target leads; None if there is no such service."""
        host, _, number = name.rpartition(":")
        claiming = [service.entry for service in self._index.with_host(host)]
        for entry in sorted(claiming, key=self._view.claim_rank):
            for port in entry.ports:
                if str(port.number) == number and port.protocol.is_http and self._view.sees(entry):
                    return cluster_name(entry.key, port.number, host)
        return None

    def _put(self, resource: Resource) -> bool:
        resources = self._resources[resource.name.type_url]
        old = resources.get(resource.name.name)
        resources[resource.name.name] = resource
        return old is None or old.version != resource.version

    def _drop(self, resource: ResourceName) -> bool:
        return self._resources[resource.type_url].pop(resource.name, None) is not None
