"""What the index is compared with: on every change, everything is matched with everything and built again.

It has the same semantics for what is measured, selectors and load assignments, and is written to be simple. Istio 1.7
went through every WorkloadEntry for every ServiceEntry in this way.
"""

from ledger.ids import ResourceName
from tests.bench.mesh import Indexed
from xds.naming import cluster_names
from xds.objects import ServiceEntry, WorkloadEntry
from xds.types import EDS
from xds.view import View


class FullScan:
    """Services and instances, and what was built of them last."""

    def __init__(self, services: list[ServiceEntry], instances: list[WorkloadEntry]) -> None:
        self._services = services
        self._instances = {entry.key: entry for entry in instances}
        self._built: dict[str, bytes] = {}

    def apply(self, entry: WorkloadEntry) -> dict[str, bytes]:
        """One change, down to the new bytes. Returns the load assignments that have changed."""
        self._instances[entry.key] = entry
        before, self._built = self._built, self._build()
        return {name: body for name, body in self._built.items() if before.get(name) != body}

    def _build(self) -> dict[str, bytes]:
        built: dict[str, bytes] = {}
        for service in self._services:
            wanted = (service.selector or {}).items()
            chosen = [entry for entry in self._instances.values() if wanted <= entry.endpoint.labels.items()]
            built.update(assignments(Indexed([service, *chosen]), service))
        return built


def assignments(indexed: Indexed, service: ServiceEntry) -> dict[str, bytes]:
    """A service's load assignments, by name."""
    view = View.of_node("node", {})
    indexed.snapshot.add_view(view)
    found = {name: indexed.snapshot.get(view, ResourceName(EDS, name)) for name in cluster_names(service)}
    return {name: resource.any_field for name, resource in found.items() if resource is not None}
