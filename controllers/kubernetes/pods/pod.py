"""What a Pod says of itself, as far as lastack needs it."""

from collections.abc import Mapping
from math import inf
from typing import Any

from controllers.kubernetes.objects import Object
from controllers.kubernetes.pods.names import AT_BOUND, ENROLL, FINALIZER, PREFIX, PUBLISHED
from controllers.kubernetes.times import seconds_of

DEFAULT_GRACE_SECONDS = 30
"""Kubernetes' own, of Pods that say nothing."""

_OVER = ("Succeeded", "Failed")
_METADATA = ("name", "namespace", "uid", "resourceVersion", "labels", "finalizers", "deletionTimestamp")
_SPEC = ("readinessGates", "serviceAccountName", "terminationGracePeriodSeconds", "hostNetwork")
_STATUS = ("phase", "podIP", "conditions")
_CONTAINERS = ("containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses")

_GATES = "ReadinessGatesNotReady"
"""A kubelet's reason why a Pod is not ready whose containers are."""

_ENDED = "lastack.io/ended"
"""In the status of a Pod that `lean` gave: its kubelet has told that every container has ended."""


def lean(document: Object) -> Object:
    """A Pod without what is not looked at: a cluster has many."""
    metadata = {name: value for name, value in document["metadata"].items() if name in _METADATA}
    annotations = document["metadata"].get("annotations") or {}
    metadata["annotations"] = {name: value for name, value in annotations.items() if name.startswith(PREFIX)}
    return {
        "metadata": metadata,
        "spec": {name: value for name, value in (document.get("spec") or {}).items() if name in _SPEC},
        "status": _lean_status(document.get("status") or {}),
    }


def _lean_status(status: Mapping[str, Any]) -> dict[str, Any]:
    states = [one.get("state") or {} for kind in _CONTAINERS for one in status.get(kind) or ()]
    kept = {name: value for name, value in status.items() if name in _STATUS}
    return {**kept, _ENDED: bool(states) and all("terminated" in state for state in states)}


class Pod:
    """A Pod as it was told of."""

    def __init__(self, document: Object) -> None:
        self.document = document
        self.metadata: Mapping[str, Any] = document["metadata"]
        self.annotations: Mapping[str, str] = self.metadata.get("annotations") or {}
        self.labels: Mapping[str, str] = self.metadata.get("labels") or {}
        self.spec: Mapping[str, Any] = document.get("spec") or {}
        self.status: Mapping[str, Any] = document.get("status") or {}
        self.name: str = self.metadata["name"]
        self.namespace: str = self.metadata["namespace"]
        self.uid: str = self.metadata["uid"]

    def is_enrolled(self, of_namespace: Mapping[str, str] | None) -> bool:
        """Whether it has opted in. of_namespace: the labels of its namespace; None: that one is not selected."""
        if of_namespace is None:
            return False
        return self.labels.get(ENROLL, of_namespace.get(ENROLL)) == "true"

    @property
    def address(self) -> str:
        """Empty until it has one."""
        return str(self.status.get("podIP") or "")

    @property
    def is_terminating(self) -> bool:
        return "deletionTimestamp" in self.metadata

    @property
    def is_over(self) -> bool:
        """Whether its containers have ended, and won't begin again."""
        return self.status.get("phase") in _OVER

    @property
    def has_ended(self) -> bool:
        """Whether nothing of it can run any more, as its kubelet says.

        Others set its phase as well: podgc has Pods fail whose node is no more in the API, whatever runs there.
        """
        by_others = self.condition("DisruptionTarget").get("reason") == "DeletionByPodGC"
        return self.is_over and bool(self.status.get(_ENDED)) and not by_others

    @property
    def is_on_node_network(self) -> bool:
        return bool(self.spec.get("hostNetwork"))

    @property
    def is_ready(self) -> bool:
        """Whether its containers say so: its own readiness waits for what is done with them.

        But when its node is not heard of any more, others say of the Pod itself that it is not, for no reason.
        """
        own = self.condition("Ready")
        is_lost = own.get("status") == "False" and own.get("reason") != _GATES
        return self.are_containers_ready and not is_lost

    @property
    def are_containers_ready(self) -> bool:
        """As its kubelet said last."""
        return self.condition("ContainersReady").get("status") == "True"

    @property
    def were_containers_ready_until(self) -> float:
        """By their kubelet's clock; infinity while they are, or where that is not said. Of those that never were: when
        it first said so."""
        told = self.condition("ContainersReady")
        changed = seconds_of(told.get("lastTransitionTime"))
        if not told:
            return -inf
        return inf if told.get("status") == "True" or changed is None else changed

    @property
    def has_finalizer(self) -> bool:
        return FINALIZER in (self.metadata.get("finalizers") or ())

    @property
    def holds(self) -> bool:
        """Whether it is to wait beyond its grace period."""
        return self.annotations.get(AT_BOUND) == "hold"

    @property
    def is_gated(self) -> bool:
        """Whether its readiness waits for `PUBLISHED`."""
        return any(gate.get("conditionType") == PUBLISHED for gate in self.spec.get("readinessGates") or ())

    @property
    def grace(self) -> float:
        """Seconds that it is given to end."""
        given = self.spec.get("terminationGracePeriodSeconds")
        return float(DEFAULT_GRACE_SECONDS if given is None else given)

    @property
    def killed_at(self) -> float | None:
        """When its grace period ends, in seconds since the epoch; None while it is not being deleted."""
        return seconds_of(self.metadata["deletionTimestamp"]) if self.is_terminating else None

    def condition(self, kind: str) -> Mapping[str, Any]:
        """A condition; empty if it has none of that type."""
        return next((found for found in self.status.get("conditions") or () if found.get("type") == kind), {})

    def with_condition(self, condition: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        """Its conditions, with this one in the place of any of the same type."""
        others = [found for found in self.status.get("conditions") or () if found.get("type") != condition["type"]]
        return [*others, condition]
