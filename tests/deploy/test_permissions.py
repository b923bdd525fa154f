"""What the chart asks to be allowed, with everything on and without. What lastack really asks for: test_rbac.py."""

from collections.abc import Iterable
from pathlib import Path

from tests.deploy.documents import Document, of_kind, read_files
from tests.deploy.places import PLAIN, RENDERED

Permission = tuple[str, str, str]

ISTIO = "networking.istio.io"

ALWAYS: set[Permission] = {
    *(("", "namespaces", verb) for verb in ("list", "watch")),
    *((ISTIO, "serviceentries", verb) for verb in ("get", "list", "watch")),
    *((ISTIO, "workloadentries", verb) for verb in ("get", "list", "patch", "watch")),
    ("", "events", "create"),
}

WITH_CONDITIONS: set[Permission] = {
    (ISTIO, "workloadentries/status", "patch"),
    (ISTIO, "serviceentries/status", "patch"),
}

WITH_PODS: set[Permission] = {
    *(("", "pods", verb) for verb in ("get", "list", "patch", "watch")),
    ("", "pods/status", "patch"),
    *((ISTIO, "workloadentries", verb) for verb in ("create", "delete")),
    *((ISTIO, "workloadgroups", verb) for verb in ("list", "watch")),
}


def allowed(roles: Iterable[Document]) -> dict[Permission, list[str] | None]:
    """What is allowed, and for which names only."""
    return {
        (group, resource, verb): rule.get("resourceNames")
        for role in roles
        for rule in role["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }


def roles(path: Path, kind: str, namespace: str | None = None) -> list[Document]:
    found = of_kind(read_files([path]), kind)
    return [role for role in found if role["metadata"].get("namespace") == namespace]


EVERYTHING = ALWAYS | WITH_CONDITIONS | WITH_PODS


def test_by_itself_it_reads_and_marks_and_tells_of_it() -> None:
    assert allowed(roles(RENDERED / "default.yaml", "ClusterRole")) == dict.fromkeys(ALWAYS | WITH_CONDITIONS)
    assert roles(RENDERED / "default.yaml", "Role", "lastack") == []


def test_with_pods_it_writes_entries_and_conditions() -> None:
    assert allowed(roles(RENDERED / "everything.yaml", "ClusterRole")) == dict.fromkeys(EVERYTHING)


def test_with_a_lease_it_writes_that_lease_and_its_roster_and_labels_pods_of_its_namespace() -> None:
    assert allowed(roles(RENDERED / "ha.yaml", "Role", "lastack")) == {
        ("coordination.k8s.io", "leases", "create"): None,
        ("coordination.k8s.io", "leases", "get"): ["lastack"],
        ("coordination.k8s.io", "leases", "patch"): ["lastack"],
        ("", "configmaps", "create"): None,
        ("", "configmaps", "get"): ["lastack-roster"],
        ("", "configmaps", "patch"): ["lastack-roster"],
        ("", "pods", "patch"): None,
    }


def test_with_a_certificate_of_its_own_it_writes_one_secret_and_one_configuration() -> None:
    alone = allowed(roles(RENDERED / "alone.yaml", "Role", "lastack"))
    assert alone == {
        ("", "secrets", "create"): None,
        ("", "secrets", "get"): ["mesh-webhook-tls"],
        ("", "secrets", "patch"): ["mesh-webhook-tls"],
    }
    group, resource = "admissionregistration.k8s.io", "mutatingwebhookconfigurations"
    everywhere = allowed(roles(RENDERED / "alone.yaml", "ClusterRole"))
    assert everywhere == {
        **dict.fromkeys(ALWAYS | WITH_PODS),
        (group, resource, "get"): ["lastack-mesh"],
        (group, resource, "patch"): ["lastack-mesh"],
    }


def test_secrets_of_further_clusters_are_read_in_their_namespace_only() -> None:
    found = allowed(roles(RENDERED / "everything.yaml", "Role", "istio-system"))
    assert found == dict.fromkeys(("", "secrets", verb) for verb in ("list", "watch"))


def test_the_plain_roles_are_those_for_pods_and_a_lease_and_the_webhook_brings_its_own() -> None:
    (role,) = roles(PLAIN / "rbac.yaml", "ClusterRole")
    assert allowed([role]) == dict.fromkeys(EVERYTHING)
    assert allowed(roles(PLAIN / "rbac.yaml", "Role", "lastack")) == allowed(
        roles(RENDERED / "ha.yaml", "Role", "lastack")
    )
    assert {names and names[0] for names in allowed(roles(PLAIN / "webhook.yaml", "Role", "lastack")).values()} == {
        None,
        "lastack-webhook-tls",
    }
