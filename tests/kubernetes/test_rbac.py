"""What lastack may do in a cluster is what it does."""

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import yaml

from controllers.kubernetes.drain import FINALIZER
from controllers.kubernetes.pods.names import PUBLISHED
from tests.controllers.proxy import FakeProxy
from tests.kubernetes.cluster import Cluster
from tests.kubernetes.documents import Document, service, service_key
from tests.kubernetes.replicas import replica
from tests.kubernetes.suite.conftest import lab
from tests.kubernetes.suite.lab import Lab
from tests.kubernetes.suite.lives import begun, condition, controlled, let_go
from tests.kubernetes.suite.test_status import told

__all__ = ["lab"]

RBAC = Path(__file__).parents[2] / "deploy" / "kubernetes" / "rbac.yaml"


def permission(request: str) -> tuple[str, str, str] | None:
    """The API group, resource and verb of a request; None for what tells the versions of a group."""
    method, _, text = request.partition(" ")
    url = urlsplit(text)
    match url.path.strip("/").split("/"):
        case ["apis", _]:
            return None
        case ["apis", group, _, *rest]:
            pass
        case ["api", "v1", *rest]:
            group = ""
    if rest[:1] == ["namespaces"] and len(rest) > 2:
        rest = rest[2:]
    resource, named, parts = rest[0], len(rest) > 1, rest[2:]
    verbs = {"POST": "create", "PATCH": "patch", "DELETE": "delete"}
    if method != "GET":
        return group, "/".join([resource, *parts]), verbs[method]
    return group, resource, "get" if named else "watch" if "watch" in parse_qs(url.query) else "list"


async def test_nothing_is_missing_from_the_role_and_nothing_unused(lab: Lab) -> None:
    async with controlled(lab, status=True) as control:
        await begun(lab, finalizers=[FINALIZER])
        await condition(lab, PUBLISHED)
        await lab.delete("pods", "p")
        await let_go(lab)
        await control.source.catch_up(service_key(namespace=lab.namespace))
        await forced_away(lab)
        await told(lab, "serviceentries", "web")
        asked = {found for request in control.requests if (found := permission(request))}
    assert asked == allowed("ClusterRole")


async def forced_away(lab: Lab) -> None:
    """Whether a Pod is gone is asked for."""
    await begun(lab, "q", "10.0.0.9")
    await condition(lab, PUBLISHED, name="q")
    await lab.delete("pods", "q", gracePeriodSeconds=0)
    await lab.until_gone("workloadentries", "q")


async def test_what_a_lease_needs_is_all_that_is_allowed_in_our_own_namespace(cluster: Cluster, tmp_path: Path) -> None:
    await cluster.server.apply("serviceentries", service())
    async with replica(cluster.server.port, tmp_path, "one") as one:
        await one.served.serving()
        proxy = FakeProxy(one.served.ads, "edge")
        await proxy.sync()
        await proxy.leave()
    asked = {found for request in cluster.server.requests if (found := permission(request))}
    everywhere = allowed("ClusterRole") - {("", "pods", "patch")}  # there it is for our finalizer
    assert asked - everywhere == allowed("Role")


def allowed(kind: str) -> set[tuple[str, str, str]]:
    (role,) = (found for found in documents() if found["kind"] == kind)
    return {
        (group, resource, verb)
        for rule in role["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }


def documents() -> list[Document]:
    return list(yaml.safe_load_all(RBAC.read_text()))
