"""What the control plane under attack serves: services with one instance each, in a directory that it watches."""

from pathlib import Path

from ledger.ids import ObjectKey
from xds.naming import cluster_name
from xds.objects import SERVICE_ENTRY

_PORT = 8080

_SERVICE = """\
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {{name: service-{number}}}
spec:
  hosts: [service-{number}.example]
  ports: [{{number: {port}, name: http, protocol: HTTP}}]
  location: MESH_INTERNAL
  resolution: STATIC
  workloadSelector: {{labels: {{app: service-{number}}}}}
"""

_INSTANCE = """\
apiVersion: networking.istio.io/v1
kind: WorkloadEntry
metadata: {{name: instance-{number}}}
spec: {{address: 10.{form}.0.1, labels: {{app: service-{number}}}}}
"""

FORMS = 250
"""In which an instance can be."""


def cluster_of(number: int) -> str:
    """The name of a service's cluster and load assignment."""
    return cluster_name(ObjectKey(SERVICE_ENTRY, "default", f"service-{number}"), _PORT, f"service-{number}.example")


class Mesh:
    """Files in a directory.

    Args:
        directory: an empty one.
        size: how many services.
    """

    def __init__(self, directory: Path, size: int) -> None:
        self._directory = directory
        self.clusters = [cluster_of(number) for number in range(size)]
        (directory / "services.yaml").write_text(
            "---\n".join(_SERVICE.format(number=number, port=_PORT) for number in range(size))
        )
        for number in range(size):
            self.change(number, 0)

    def change(self, number: int, form: int) -> None:
        """Gives the instance of a service another address."""
        path = self._path(number)
        written = path.with_suffix(".new")
        written.write_text(_INSTANCE.format(number=number, form=form))
        written.replace(path)

    def remove(self, number: int) -> None:
        """Takes the instance of a service away."""
        self._path(number).unlink()

    def path_of(self, number: int) -> str:
        """The instance, as the status API has it."""
        return f"we/default/instance-{number}"

    def _path(self, number: int) -> Path:
        return self._directory / f"instance-{number}.yaml"
