"""Objects for tests: a service of one port, and instances of it."""

from ledger.ids import Generation, ObjectKey
from xds.objects import Applied, Deleted
from xds.parsing import ParsedObject, parse

SERVICE = ObjectKey("ServiceEntry", "shop", "pay")
CLUSTER = "outbound|8080|shop/pay|pay.example.com"

SERVICE_YAML = """\
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: pay, namespace: shop}
spec:
  hosts: [pay.example.com]
  ports: [{number: 8080, name: http, protocol: HTTP}]
  location: MESH_INTERNAL
  resolution: STATIC
  workloadSelector: {labels: {app: pay}}
"""


def instance_key(number: int) -> ObjectKey:
    """The WorkloadEntry of that number."""
    return ObjectKey("WorkloadEntry", "shop", f"pay-{number}")


def instance_yaml(number: int, draining: bool = False) -> str:
    """An instance at 10.0.0.<number>."""
    labels = "{app: pay, lastack.io/draining: 'true'}" if draining else "{app: pay}"
    return (
        "apiVersion: networking.istio.io/v1\n"
        "kind: WorkloadEntry\n"
        f"metadata: {{name: pay-{number}, namespace: shop}}\n"
        f"spec: {{address: 10.0.0.{number}, labels: {labels}}}\n"
    )


def service(generation: int = 1) -> Applied:
    """The service has come to be."""
    document = {
        "apiVersion": "networking.istio.io/v1",
        "kind": "ServiceEntry",
        "metadata": {"name": "pay", "namespace": "shop"},
        "spec": {
            "hosts": ["pay.example.com"],
            "ports": [{"number": 8080, "name": "http", "protocol": "HTTP"}],
            "resolution": "STATIC",
            "workloadSelector": {"labels": {"app": "pay"}},
        },
    }
    return _applied(document, generation)


def instance(number: int, generation: int = 1, draining: bool = False, labels: dict[str, str] | None = None) -> Applied:
    """An instance has come to be, or has changed."""
    chosen = {"app": "pay"} if labels is None else dict(labels)
    if draining:
        chosen["lastack.io/draining"] = "true"
    document = {
        "apiVersion": "networking.istio.io/v1",
        "kind": "WorkloadEntry",
        "metadata": {"name": f"pay-{number}", "namespace": "shop"},
        "spec": {"address": f"10.0.0.{number}", "labels": chosen},
    }
    return _applied(document, generation)


def gone(number: int) -> Deleted:
    """An instance is no more."""
    return Deleted(instance_key(number))


def _applied(document: dict[str, object], generation: int) -> Applied:
    parsed = parse(document)
    assert isinstance(parsed, ParsedObject)
    return Applied(parsed.object, Generation(generation), parsed.content)
