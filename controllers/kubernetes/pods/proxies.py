"""Proxies that run in Pods: when a Pod has ended, so has its proxy, and nobody waits for it any more.

Without that, every rollout of the proxies themselves would leave absent ones behind, each of which holds receipts back
until an operator says that it is gone.

A Pod has ended when its kubelet has told that each of its containers has: it does so also of a Pod that is deleted,
before that is gone (Kubernetes 1.27 and later). Its phase alone proves nothing, nor does that it is gone: others set
the one, and delete by force, where a node can't be reached; what is on that may run on.
"""

from collections.abc import Callable, Iterator, Sequence

import structlog

from controllers.kubernetes.backoff import Backoff
from controllers.kubernetes.definitions import POD
from controllers.kubernetes.objects import Change, Object
from controllers.kubernetes.pods.names import NODE_ID
from controllers.kubernetes.pods.pod import Pod
from controllers.kubernetes.source import KubernetesSource
from controllers.kubernetes.worker import Worker
from controllers.runtime import Runtime
from ledger.ids import ProxyId
from ledger.roster import Presence

log = structlog.get_logger("pods")

_CONNECTED_SECONDS = 1.0
"""After which it is looked again at a proxy whose streams are not known to have ended yet."""

_MOST = 10_000
"""Proxies whose Pods have ended that are remembered where nobody looks at them yet, as on a standby."""


def node_of(pod: Pod) -> ProxyId | None:
    """The node id of the Pod's proxy; None if it has none, or one that another Pod may come to have."""
    pattern = pod.annotations.get(NODE_ID, "")
    if "{uid}" not in pattern:  # names are given again: to a StatefulSet's Pod for one, whatever its generateName says
        return None
    for placeholder, value in (("{name}", pod.name), ("{namespace}", pod.namespace), ("{uid}", pod.uid)):
        pattern = pattern.replace(placeholder, value)
    return ProxyId(pattern)


class ProxyController:
    """Tells the runtime which proxies are gone.

    What a kubelet has told is remembered: it takes a Pod away right after it has told that its containers have ended,
    while the proxy's streams may not be known to have ended yet.

    Args:
        source: the cluster; it reads Pods. runtime: knows the proxies.
    """

    def __init__(self, source: KubernetesSource, runtime: Runtime, backoff: Callable[[], Backoff] = Backoff) -> None:
        name = f"proxies {source.name}"
        self.worker: Worker[ProxyId] = Worker(name, runtime.clock, self._step, self._every, backoff)
        self._source = source
        self._runtime = runtime
        self._ended: dict[ProxyId, None] = {}
        """Proxies whose Pods have ended, until nobody waits for them; the first to be forgotten comes first."""
        source.after_change.append(self._changed)

    async def run(self) -> None:
        """Until it is cancelled."""
        await self.worker.run()

    def _changed(self, kind: str, changes: Sequence[Change]) -> None:
        if kind == POD:
            for name, new in changes:
                node = None if new is None else self._remember(name.namespace, new)
                if node is not None:
                    self.worker.add(node)

    def _every(self) -> Iterator[ProxyId]:
        for key, document in self._source.documents(POD):
            self._remember(key.namespace, document)
        yield from list(self._ended)

    def _remember(self, namespace: str, document: Object) -> ProxyId | None:
        """The proxy of a Pod that has ended; None if it has not, or is not ours to look at."""
        pod = Pod(document)
        node = node_of(pod) if pod.has_ended and self._source.labels_of(namespace) is not None else None
        if node is not None:
            self._ended[node] = None
            if len(self._ended) > _MOST:
                del self._ended[next(iter(self._ended))]
        return node

    async def _step(self, node: ProxyId) -> None:
        known = self._runtime.plane.roster.get(node)
        if known is not None and known.presence is Presence.CONNECTED:
            # Its process has ended, and the connection will be seen to have.
            self.worker.add_at(node, self._runtime.clock() + _CONNECTED_SECONDS)
            return
        self._ended.pop(node, None)
        if self._runtime.forget(node):
            log.info("a proxy is gone, as its Pod has ended", proxy=node)
