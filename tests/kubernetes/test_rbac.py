"""What lastack may do in a cluster is what it does."""

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import yaml

from tests.kubernetes.documents import service_key
from tests.kubernetes.test_drain_controller import Drained, drained

__all__ = ["drained"]

RBAC = Path(__file__).parents[2] / "deploy" / "kubernetes" / "rbac.yaml"


def permission(request: str) -> tuple[str, str, str] | None:
    """The API group, resource and verb of a request; None for what tells the versions of a group."""
    method, _, url = request.partition(" ")
    parts = urlsplit(url)
    match parts.path.strip("/").split("/"):
        case ["apis", _]:
            return None
        case ["apis", group, _, *rest]:
            pass
        case ["api", "v1", *rest]:
            group = ""
    named = len(rest) == 4 or (len(rest) == 2 and rest[0] == "namespaces")
    resource = rest[2] if len(rest) >= 3 else rest[0]
    if method != "GET":
        return group, resource, method.lower()
    return group, resource, "get" if named else "watch" if "watch" in parse_qs(parts.query) else "list"


async def test_nothing_is_missing_from_the_role_and_nothing_unused(drained: Drained) -> None:
    drained.start()
    await drained.source.catch_up(service_key())
    await drained.cluster.server.delete("workloadentries", "w")
    await drained.until_marked()
    drained.take()
    await drained.until_gone()
    asked = {found for request in drained.cluster.server.requests if (found := permission(request))}
    (role,) = (found for found in yaml.safe_load_all(RBAC.read_text()) if found["kind"] == "ClusterRole")
    allowed = {
        (group, resource, verb)
        for rule in role["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }
    assert asked == allowed
