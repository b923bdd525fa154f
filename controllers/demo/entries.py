"""The demo's configuration: a directory with one ServiceEntry and a WorkloadEntry for each instance."""

import os
from pathlib import Path

import yaml

from xds.objects import DRAINING_LABEL, SERVICE_ENTRY, WORKLOAD_ENTRY

NAMESPACE = "demo"
SERVICE = "shop"
HOST = "shop.demo.internal"

_API_VERSION = "networking.istio.io/v1"
_PORT_NAME = "http"
_SELECTED = {"app": SERVICE}


class Entries:
    """Writes the files that the control plane reads. Each is replaced as a whole, so that nobody reads half a file."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        directory.mkdir()

    def write_service(self, port: int) -> None:
        """Writes the service. `port` is where the proxies listen for it."""
        spec = {
            "hosts": [HOST],
            "ports": [{"number": port, "name": _PORT_NAME, "protocol": "HTTP"}],
            "location": "MESH_INTERNAL",
            "resolution": "STATIC",
            "workloadSelector": {"labels": _SELECTED},
        }
        self._write(SERVICE_ENTRY, SERVICE, spec)

    def write_instance(self, name: str, address: str, port: int, draining: bool = False) -> None:
        """Writes an instance's entry, or writes it anew to mark it as draining."""
        labels = _SELECTED | ({DRAINING_LABEL: "true"} if draining else {})
        self._write(WORKLOAD_ENTRY, name, {"address": address, "ports": {_PORT_NAME: port}, "labels": labels})

    def remove_instance(self, name: str) -> None:
        """Removes an instance's entry."""
        self._path(name).unlink()

    def _path(self, name: str) -> Path:
        return self.directory / f"{name}.yaml"

    def _write(self, kind: str, name: str, spec: dict[str, object]) -> None:
        document = {
            "apiVersion": _API_VERSION,
            "kind": kind,
            "metadata": {"namespace": NAMESPACE, "name": name},
            "spec": spec,
        }
        draft = self.directory / f".{name}.draft"
        draft.write_text(yaml.safe_dump(document, sort_keys=False))
        os.replace(draft, self._path(name))
