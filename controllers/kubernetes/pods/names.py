"""What Pods and lastack tell each other by: labels, annotations, conditions and finalizers."""

from controllers.kubernetes.drain import FINALIZER

__all__ = [
    "AT_BOUND",
    "DRAINED",
    "DRAIN_TOKEN",
    "ENROLL",
    "ENTRY",
    "FINALIZER",
    "GROUP",
    "NODE_ID",
    "POD_FINALIZER_WANTED",
    "PREFIX",
    "PUBLISHED",
]

PREFIX = "lastack.io/"

ENROLL = "lastack.io/enroll"
"""Label of a Pod, or of its namespace, whose word holds where the Pod has none: `true` opts in."""

GROUP = "lastack.io/workload-group"
"""Annotation of a Pod: the WorkloadGroup of its namespace that its WorkloadEntry is made by."""

ENTRY = "lastack.io/workload-entry"
"""Annotation of a Pod, instead of `GROUP`: the spec of its WorkloadEntry in JSON, without the address."""

AT_BOUND = "lastack.io/at-bound"
"""Annotation of a Pod: `proceed` (the default) or `hold`, when its grace period ends and it is not CONFIRMED."""

POD_FINALIZER_WANTED = "lastack.io/finalizer"
"""Annotation of a Pod: `true` has the admission webhook give it `FINALIZER`."""

DRAIN_TOKEN = "lastack.io/drain-token"
"""Annotation of a Pod: by which its preStop hook finds it, where its name was not known yet."""

NODE_ID = "lastack.io/node-id"
"""Annotation of a Pod that runs a proxy: its node id, where {name}, {namespace} and {uid} stand for the Pod's own."""

PUBLISHED = "lastack.io/published"
"""Readiness gate and condition of a Pod: every proxy that asks for it has its endpoint."""

DRAINED = "lastack.io/drained"
"""Condition of a Pod that is being deleted: no proxy routes to it any more (`True`), or that was not confirmed within
its grace period (`False`)."""
