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
from controllers.kubernetes.pods.names import NODE_ID
from controllers.kubernetes.pods.pod import Pod
from controllers.kubernetes.reflector import Change, Name
from controllers.kubernetes.source import KubernetesSource
from controllers.kubernetes.worker import Worker
from controllers.runtime import Runtime
from ledger.ids import ObjectKey, ProxyId
from ledger.roster import Presence

log = structlog.get_logger("pods")

_CONNECTED_SECONDS = 1.0
"""After which it is looked again at a proxy whose streams are not known to have ended yet."""


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

    Args:
        source: the cluster; it reads Pods. runtime: knows the proxies.
    """

    def __init__(self, source: KubernetesSource, runtime: Runtime, backoff: Callable[[], Backoff] = Backoff) -> None:
        self.worker: Worker[Name] = Worker(f"proxies {source.name}", runtime.clock, self._step, self._every, backoff)
        self._source = source
        self._runtime = runtime
        source.after_change.append(self._changed)

    async def run(self) -> None:
        """Until it is cancelled."""
        await self.worker.run()

    def _changed(self, kind: str, changes: Sequence[Change]) -> None:
        if kind == POD:
            for name, new in changes:
                if new is not None and Pod(new).has_ended:
                    self.worker.add(name)

    def _every(self) -> Iterator[Name]:
        for key, document in self._source.documents(POD):
            if Pod(document).has_ended:
                yield Name(key.namespace, key.name)

    async def _step(self, name: Name) -> None:
        document = self._source.document(ObjectKey(POD, *name))
        node = node_of(Pod(document)) if document is not None and Pod(document).has_ended else None
        known = None if node is None else self._runtime.plane.roster.get(node)
        if node is None or known is None or known.presence is Presence.GONE:
            return
        if known.presence is Presence.CONNECTED:  # its process has ended, and the connection will be seen to have
            self.worker.add_at(name, self._runtime.clock() + _CONNECTED_SECONDS)
            return
        if self._runtime.forget(node):
            log.info("a proxy is gone, as its Pod has ended", proxy=node)
