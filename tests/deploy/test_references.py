"""What is named and is not there is found."""

from collections.abc import Callable, Sequence

import pytest

from tests.deploy.documents import Document, of_kind, read_files
from tests.deploy.places import RENDERED
from tests.deploy.references import dangling

Documents = Sequence[Document]


@pytest.fixture
def everything() -> list[Document]:
    return read_files([RENDERED / "everything.yaml"])


def one(documents: Documents, kind: str, name: str = "lastack") -> Document:
    (found,) = (document for document in of_kind(documents, kind) if document["metadata"]["name"] == name)
    return found


def container(documents: Documents) -> Document:
    found: Document = one(documents, "Deployment")["spec"]["template"]["spec"]["containers"][0]
    return found


def renamed(kind: str, name: str = "lastack") -> Callable[[Documents], object]:
    return lambda documents: one(documents, kind, name)["metadata"].update(name="other")


@pytest.mark.parametrize(
    ("break_it", "told"),
    [
        (renamed("ServiceAccount"), "there is no ServiceAccount lastack"),
        (renamed("ConfigMap"), "there is no ConfigMap lastack"),
        (renamed("ClusterRole"), "there is no ClusterRole lastack"),
        (renamed("Role", "lastack-remote-secrets"), "there is no Role lastack-remote-secrets"),
        (
            renamed("Issuer", "lastack-webhook"),
            "Certificate lastack/lastack-webhook: there is no Issuer lastack-webhook",
        ),
        (renamed("Certificate", "lastack-webhook"), "there is no Certificate lastack/lastack-webhook"),
        (
            lambda found: one(found, "Certificate", "lastack-webhook-ca")["spec"].update(secretName="other"),
            "Issuer lastack/lastack-webhook: no Certificate is kept in Secret lastack-webhook-ca",
        ),
        (renamed("Service", "lastack-webhook"), "there is no Service lastack/lastack-webhook"),
        (
            lambda found: one(found, "Deployment")["spec"]["selector"]["matchLabels"].update(a="b"),
            "selects none of its own Pods",
        ),
        (lambda found: container(found)["volumeMounts"].pop(), "nobody mounts the volume"),
        (lambda found: container(found)["volumeMounts"][0].update(name="a"), "there is no volume a"),
        (lambda found: container(found)["ports"].pop(), "no Pod has the port webhook"),
        (lambda found: container(found)["ports"].pop(1), "there is no port api for its readinessProbe"),
        (lambda found: one(found, "Service", "lastack-api")["spec"]["selector"].update(a="b"), "selects no Pods"),
        (lambda found: one(found, "Service", "lastack-webhook")["spec"]["ports"][0].update(port=444), "no port 443"),
        (
            lambda found: one(found, "ServiceMonitor")["spec"]["endpoints"][0].update(port="a"),
            "no Service has the port a",
        ),
        (
            lambda found: one(found, "Service", "lastack-metrics")["metadata"]["labels"].clear(),
            "selects 0 Services",
        ),
        (lambda found: one(found, "NetworkPolicy")["spec"]["podSelector"]["matchLabels"].clear(), "selects no Pods"),
        (lambda found: found.append(one(found, "ConfigMap")), "ConfigMap lastack/lastack: is there twice"),
    ],
)
def test_a_name_that_nothing_has_is_told(
    everything: list[Document], break_it: Callable[[Documents], object], told: str
) -> None:
    assert list(dangling(everything)) == []
    break_it(everything)
    assert any(told in line for line in dangling(everything))
