"""What lastack may do for its webhook's certificates is what it does, to the objects by name."""

import re

import yaml

from controllers.kubernetes.api import Api
from controllers.kubernetes.webhook.rotation import OVERLAP_SECONDS
from controllers.kubernetes.webhook.self_made import SelfMade
from controllers.kubernetes.webhook.serving_tls import ServingTls
from controllers.kubernetes.webhook.wiring import SECRET
from tests.kubernetes.cluster import Cluster
from tests.kubernetes.documents import namespace
from tests.kubernetes.suite.webhooks import MANIFEST

Permission = tuple[str, str, str, str, str]
"""Group, namespace, resource, verb, name; what has none is empty."""

_REQUEST = re.compile(
    r"(?P<method>[A-Z]+) /(?:api|apis/(?P<group>[^/]+))/v1(?:/namespaces/(?P<namespace>[^/]+))?"
    r"/(?P<resource>[^/?]+)(?:/(?P<name>[^/?]+))?(?:\?|$)"
)
_VERBS = {"GET": "get", "POST": "create", "PATCH": "patch"}


def permission(request: str) -> Permission:
    found = _REQUEST.match(request)
    assert found is not None, request
    part = found.groupdict(default="")
    return part["group"], part["namespace"], part["resource"], _VERBS[part["method"]], part["name"]


def allowed() -> set[Permission]:
    every: set[Permission] = set()
    for role in yaml.safe_load_all(MANIFEST.read_text()):
        if role["kind"] in ("Role", "ClusterRole"):
            within = role["metadata"].get("namespace", "")
            every |= {
                (group, within, resource, verb, name)
                for rule in role["rules"]
                for group in rule["apiGroups"]
                for resource in rule["resources"]
                for verb in rule["verbs"]
                for name in rule.get("resourceNames", [""])
            }
    return every


async def test_nothing_is_missing_from_the_roles_and_nothing_unused(cluster: Cluster) -> None:
    service, configuration, *_ = yaml.safe_load_all(MANIFEST.read_text())
    await cluster.server.apply("namespaces", namespace("lastack"))
    await cluster.server.apply("mutatingwebhookconfigurations", configuration)
    now = 1_800_000_000.0
    times = iter([now, now, now, *[now + 61 * 86400.0] * 3, *[now + 61 * 86400.0 + OVERLAP_SECONDS] * 3])
    api = Api(cluster.configuration(), "test")
    place = ("lastack", SECRET.format(service["metadata"]["name"]))
    names = ["lastack-webhook.lastack.svc"]
    made = SelfMade(api, place, configuration["metadata"]["name"], names, ServingTls(), lambda: next(times))
    for _ in range(3):
        await made.look()
    await api.close()
    assert next(times, None) is None, "it was begun, prepared and switched"
    assert {permission(request) for request in cluster.server.requests} == allowed()
