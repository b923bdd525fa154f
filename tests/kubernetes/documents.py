"""Objects as an API server has them."""

from collections.abc import Mapping
from typing import Any

from ledger.ids import ObjectKey
from xds.objects import SERVICE_ENTRY, WORKLOAD_ENTRY

Document = dict[str, Any]


def namespace(name: str = "default", **labels: str) -> Document:
    return {"metadata": {"name": name, "labels": labels}}


def service(name: str = "web", namespace: str = "default", **spec: Any) -> Document:
    """A service that selects the workloads of its name."""
    port = {"number": 80, "name": "http", "protocol": "HTTP"}
    chosen = {"workloadSelector": {"labels": {"app": name}}, "resolution": "STATIC", "location": "MESH_INTERNAL"}
    return {
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"hosts": [f"{name}.example"], "ports": [port], **chosen, **spec},
    }


def workload(name: str = "w", address: str = "10.0.0.1", app: str = "web", namespace: str = "default") -> Document:
    return {
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"address": address, "labels": {"app": app}},
    }


def numbered(name: str, version: int, namespace: str = "default", **more: Mapping[str, Any]) -> Document:
    """Any object at a resource version."""
    return {"metadata": {"name": name, "namespace": namespace, "resourceVersion": str(version)}, **more}


def service_key(name: str = "web", namespace: str = "default") -> ObjectKey:
    return ObjectKey(SERVICE_ENTRY, namespace, name)


def workload_key(name: str = "w", namespace: str = "default") -> ObjectKey:
    return ObjectKey(WORKLOAD_ENTRY, namespace, name)
