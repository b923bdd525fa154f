"""Pods, and what their kubelet says of them."""

from typing import Any

from tests.kubernetes.store import Document

NODE = "lastack-test"
"""No such node is there: the suite is its kubelet."""


def pod(name: str, app: str = "web", *, grace: int = 30, enrolled: bool = True, **metadata: Any) -> Document:
    """enrolled: whether it opts in by itself. metadata: more of it, such as `annotations`."""
    labels = {"app": app, **({"lastack.io/enroll": "true"} if enrolled else {})}
    container = {"name": "main", "image": "registry.invalid/main"}
    return {
        "metadata": {"name": name, "labels": labels, **metadata},
        "spec": {"nodeName": NODE, "terminationGracePeriodSeconds": grace, "containers": [container]},
    }


def running(address: str, *, ready: bool = True) -> Document:
    """The status of a Pod whose containers run. ready: whether they say that they are."""
    condition = {"type": "ContainersReady", "status": "True" if ready else "False"}
    return {"phase": "Running", "podIP": address, "podIPs": [{"ip": address}], "conditions": [condition]}
