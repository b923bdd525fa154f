"""Objects for tests, as documents and as a source reports them: a service of one port, and instances of it."""

from collections.abc import Mapping

import yaml

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

_INSTANCE_YAML = """\
apiVersion: networking.istio.io/v1
kind: WorkloadEntry
metadata: {{name: pay-{number}, namespace: shop}}
spec: {{address: 10.0.0.{number}, labels: {{{labels}}}}}
"""

_LABELS = {"app": "pay"}


def instance_key(number: int) -> ObjectKey:
    """The WorkloadEntry of that number."""
    return ObjectKey("WorkloadEntry", "shop", f"pay-{number}")


def instance_yaml(number: int, draining: bool = False, labels: Mapping[str, str] = _LABELS) -> str:
    """An instance at 10.0.0.<number>."""
    chosen = {**labels, **({"lastack.io/draining": "true"} if draining else {})}
    return _INSTANCE_YAML.format(number=number, labels=", ".join(f"{name}: '{chosen[name]}'" for name in chosen))


def service() -> Applied:
    """The service has come to be."""
    return _applied(SERVICE_YAML, 1)


def instance(number: int, generation: int = 1, draining: bool = False, labels: Mapping[str, str] = _LABELS) -> Applied:
    """An instance has come to be, or has changed."""
    return _applied(instance_yaml(number, draining, labels), generation)


def gone(number: int) -> Deleted:
    """An instance is no more."""
    return Deleted(instance_key(number))


def _applied(text: str, generation: int) -> Applied:
    parsed = parse(yaml.safe_load(text))
    assert isinstance(parsed, ParsedObject)
    return Applied(parsed.object, Generation(generation), parsed.content)
