"""What was rendered and is kept: the plain manifests, and each way in which the chart is tried.

That it is what the chart renders to, only helm can tell: `make deploy-check`.
"""

from pathlib import Path
from typing import Any

import pytest

from tests.deploy.documents import Document, name_of, of_kind, read_files
from tests.deploy.kinds import problems
from tests.deploy.places import PLAIN
from tests.deploy.references import dangling
from tests.deploy.rendering import ALL, kept

KEPT = [pytest.param(kept(rendering), id=rendering.name) for rendering in ALL]

SERVING = "lastack.io/serving"


def workload(documents: list[Document]) -> Document:
    (found,) = of_kind(documents, "Deployment", "StatefulSet")
    return found


def rendered(name: str) -> list[Document]:
    return read_files(path for rendering in ALL if rendering.name == name for path in kept(rendering))


@pytest.mark.parametrize("paths", KEPT)
def test_every_document_is_what_its_kind_allows(paths: list[Path]) -> None:
    documents = read_files(paths)
    assert documents
    assert [problem for document in documents for problem in problems(document)] == []
    assert list(dangling(documents)) == []


@pytest.mark.parametrize("paths", KEPT)
def test_its_pods_keep_to_the_restricted_standard_and_can_write_where_they_must_only(paths: list[Path]) -> None:
    pod = workload(read_files(paths))["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["runAsUser"] > 0
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert not {"hostNetwork", "hostPID", "hostIPC"} & pod.keys()
    assert not any("hostPort" in port for port in container["ports"])
    kinds = {kind for volume in pod["volumes"] for kind in volume if kind != "name"}
    assert kinds <= {"configMap", "emptyDir", "persistentVolumeClaim", "secret"}
    writable = {mount["mountPath"] for mount in container["volumeMounts"] if not mount.get("readOnly")}
    assert writable <= {"/tmp", "/var/lib/lastack"}


def test_without_a_lease_a_pod_is_replaced_only_when_it_is_gone() -> None:
    found = workload(rendered("default"))
    assert (found["kind"], found["spec"]["replicas"]) == ("StatefulSet", 1)


def test_with_a_lease_a_standby_is_ready_before_anything_ends() -> None:
    documents = rendered("ha")
    found = workload(documents)
    assert (found["kind"], found["spec"]["replicas"]) == ("Deployment", 2)
    assert found["spec"]["strategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}
    (budget,) = of_kind(documents, "PodDisruptionBudget")
    assert budget["spec"]["maxUnavailable"] == 1


@pytest.mark.parametrize(("name", "seconds"), [("default", 35), ("everything", 32), ("alone", 150)])
def test_a_pod_is_given_longer_than_its_streams_take_to_end(name: str, seconds: int) -> None:
    assert workload(rendered(name))["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] == seconds


def test_proxies_and_receipts_go_to_the_one_that_serves_and_hooks_to_all() -> None:
    services = {
        document["metadata"]["name"]: document["spec"] for document in of_kind(rendered("everything"), "Service")
    }
    serving = {name for name, spec in services.items() if spec["selector"].get(SERVING) == "true"}
    assert serving == {"lastack", "lastack-api"}
    assert "publishNotReadyAddresses" not in services["lastack-drain"]
    assert services["lastack-drain"]["clusterIP"] == "10.96.15.16"
    assert "publishNotReadyAddresses" not in services["lastack-webhook"]


def test_where_there_is_one_replica_only_nothing_waits_for_it_to_say_that_it_serves() -> None:
    services = {document["metadata"]["name"]: document["spec"] for document in of_kind(rendered("alone"), "Service")}
    assert not any(SERVING in spec["selector"] for spec in services.values())
    assert services["mesh-webhook"]["publishNotReadyAddresses"] is True


def test_nobody_is_let_in_to_the_status_api_unless_it_is_said() -> None:
    (policy,) = of_kind(rendered("default"), "NetworkPolicy")
    assert [port["port"] for rule in policy["spec"]["ingress"] for port in rule["ports"]] == ["ads"]
    (policy,) = of_kind(rendered("everything"), "NetworkPolicy")
    (api,) = (rule for rule in policy["spec"]["ingress"] if rule["ports"] == [{"port": "api"}])
    assert api["from"] == [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}]


def asks(webhook: Any, labels: dict[str, str], namespace: dict[str, str]) -> bool:
    """Whether an API server asks the webhook about such a Pod."""
    return _selects(webhook["objectSelector"], labels) and _selects(webhook["namespaceSelector"], namespace)


def _selects(selector: Any, labels: dict[str, str]) -> bool:
    meets = {
        "In": lambda found: labels.get(found["key"]) in found["values"],
        "NotIn": lambda found: labels.get(found["key"]) not in found["values"],
        "Exists": lambda found: found["key"] in labels,
        "DoesNotExist": lambda found: found["key"] not in labels,
    }
    return selector.get("matchLabels", {}).items() <= labels.items() and all(
        meets[found["operator"]](found) for found in selector.get("matchExpressions", ())
    )


@pytest.mark.parametrize(
    ("own", "of_namespace", "name", "asked"),
    [
        (None, None, "shop", 0),
        ("true", None, "shop", 1),
        ("false", None, "shop", 0),
        (None, "true", "shop", 1),
        ("true", "true", "shop", 1),
        ("false", "true", "shop", 0),
        ("maybe", "true", "shop", 1),
        ("true", "true", "kube-system", 0),
        ("true", None, "lastack", 0),
    ],
)
def test_a_pod_that_opts_in_is_asked_about_once(
    own: str | None, of_namespace: str | None, name: str, asked: int
) -> None:
    labels = {} if own is None else {"lastack.io/enroll": own}
    namespace = {"kubernetes.io/metadata.name": name}
    if of_namespace is not None:
        namespace["lastack.io/enroll"] = of_namespace
    (configuration,) = of_kind(rendered("alone"), "MutatingWebhookConfiguration")
    assert sum(asks(webhook, labels, namespace) for webhook in configuration["webhooks"]) == asked


def test_nobody_is_asked_about_pods_of_namespaces_that_are_not_taken_in() -> None:
    (configuration,) = of_kind(rendered("everything"), "MutatingWebhookConfiguration")
    taken = {"mesh": "on", "tier": "web", "tenant": "a", "lastack.io/enroll": "true"}
    others = [{"mesh": "off"}, {"tier": "db"}, {"env": "test"}, {"old": ""}]
    for labels in ({}, {"lastack.io/enroll": "true"}):
        assert sum(asks(webhook, labels, taken) for webhook in configuration["webhooks"]) == 1
        for other in others:
            assert not any(asks(webhook, labels, taken | other) for webhook in configuration["webhooks"])


def test_renewed_certificates_are_of_the_same_authority() -> None:
    """cert-manager tells API servers of an authority at once, and a kubelet brings the certificate a minute later."""
    documents = rendered("everything")
    certificates = {found["metadata"]["name"]: found["spec"] for found in of_kind(documents, "Certificate")}
    issuers = {found["metadata"]["name"]: found["spec"] for found in of_kind(documents, "Issuer")}
    (configuration,) = of_kind(documents, "MutatingWebhookConfiguration")
    _, _, shown = configuration["metadata"]["annotations"]["cert-manager.io/inject-ca-from"].partition("/")
    kept_in = issuers[certificates[shown]["issuerRef"]["name"]]["ca"]["secretName"]
    (authority,) = (spec for spec in certificates.values() if spec["secretName"] == kept_in)
    assert authority["isCA"] is True
    assert authority["privateKey"]["rotationPolicy"] == "Never"
    assert authority["commonName"], "one without a name is refused by some"


def test_the_namespace_of_the_plain_manifests_is_theirs() -> None:
    (namespace,) = read_files([PLAIN / "namespace.yaml"])
    assert list(problems(namespace)) == []
    theirs = {document["metadata"].get("namespace") for document in rendered("plain")} - {None}
    assert theirs == {namespace["metadata"]["name"]}, [name_of(document) for document in rendered("plain")]
