"""A cluster: its source, and the controllers that act on it."""

from collections.abc import Awaitable, Callable

from controllers.generations import Counts
from controllers.journal import Journal
from controllers.kubernetes.api import Api
from controllers.kubernetes.definitions import POD, WORKLOAD_GROUP
from controllers.kubernetes.drain_controller import DrainController
from controllers.kubernetes.pods.controller import PodController
from controllers.kubernetes.pods.pod import lean
from controllers.kubernetes.pods.proxies import ProxyController
from controllers.kubernetes.reading import Reading
from controllers.kubernetes.source import KubernetesSource
from controllers.kubernetes.status_controller import StatusController
from controllers.runtime import Runtime
from controllers.settings import Settings
from controllers.source import ClusterSink
from xds.objects import SERVICE_ENTRY, WORKLOAD_ENTRY

Controller = DrainController | PodController | ProxyController | StatusController

_PODS = {POD: lean, WORKLOAD_GROUP: lambda document: document}
"""What is read beside the configuration where Pods are instances, and how much of it."""


class Cluster:
    """One of the clusters of a replica.

    Args:
        name: see `KubernetesSource`, as for `generations`, `save`, `journal` and `connect`.
        sink: where its objects go.
        runtime: gives the receipts that its controllers wait for.
        is_first: the configuration is in the first one; the others have instances.
        may_be_away: see `Reading`.
    """

    def __init__(
        self,
        name: str,
        sink: ClusterSink,
        runtime: Runtime,
        settings: Settings,
        counts: Counts,
        journal: Journal | None,
        connect: Callable[[str], Awaitable[Api]],
        *,
        is_first: bool,
        may_be_away: bool,
    ) -> None:
        self.may_be_away = may_be_away
        kinds = (SERVICE_ENTRY, WORKLOAD_ENTRY) if is_first else (WORKLOAD_ENTRY,)
        beside = _PODS if settings.pods else {}
        self.source = KubernetesSource(
            name,
            sink,
            counts.generations,
            save=counts.save,
            journal=journal,
            connect=connect,
            reading=Reading(settings.namespace_selector, kinds, beside, may_be_away),
        )
        drain = DrainController(self.source, runtime, settings.longest_request)
        self.controllers: list[Controller] = [drain]
        if settings.pods:
            pods = PodController(self.source, runtime, settings.longest_request)
            drain.after_release.append(pods.released)
            self.controllers += [pods, ProxyController(self.source, runtime)]
        if settings.status_conditions:
            self.controllers.append(StatusController(self.source, runtime))
