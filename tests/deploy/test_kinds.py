"""The checker of kinds finds what a cluster would refuse, and what it would pass over."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.deploy.documents import read
from tests.deploy.kinds import problems

SERVICE = """
apiVersion: v1
kind: Service
metadata: {name: lastack, namespace: lastack}
spec:
  selector: {app: lastack}
  ports: [{name: ads, port: 15010, targetPort: ads}]
"""


def found(change: Callable[[Any], object] = lambda document: None) -> str:
    """The one problem of the Service after a change; empty without any."""
    (document,) = read(SERVICE)
    change(document)
    told = list(problems(document))
    assert len(told) <= 1
    return "".join(told)


def test_a_document_that_is_right_has_no_problems() -> None:
    assert found() == ""


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda document: document["spec"].update(port=1), "spec.port: Extra inputs are not permitted"),
        (lambda document: document["spec"]["ports"][0].pop("port"), "spec.ports.0.port: Field required"),
        (lambda document: document["spec"]["ports"][0].update(port="15010"), "spec.ports.0.port: Input should be"),
        (lambda document: document["spec"].update(selector=["app"]), "spec.selector: Input should be"),
        (lambda document: document["spec"]["selector"].update(on=True), "spec.selector.on: Input should be"),
        (lambda document: document["spec"].update(ports=[{"port": 1, "target_port": 1}]), "there is no such field"),
        (lambda document: document.update(apiVersion="v2"), "v2/Service is no kind that is known here"),
        (lambda document: document["metadata"].pop("name"), "metadata.name is missing"),
        (lambda document: document["metadata"].pop("namespace"), "metadata.namespace is missing"),
    ],
    ids=[
        "a field that there is not",
        "a field that is missing",
        "a text for a number",
        "a list for a mapping",
        "a word that YAML takes for a bool",
        "a name as Python has it",
        "a version that there is not",
        "no name",
        "no namespace",
    ],
)
def test_a_mistake_is_named_with_its_place(change: Callable[[Any], object], told: str) -> None:
    assert told in found(change)


def test_what_belongs_to_no_namespace_must_not_have_one() -> None:
    text = "{apiVersion: v1, kind: Namespace, metadata: {name: a, namespace: b}}"
    assert list(problems(read(text)[0])) == ["Namespace b/a: metadata.namespace is there"]


def test_a_custom_resource_is_looked_at_too() -> None:
    text = "{apiVersion: cert-manager.io/v1, kind: Issuer, metadata: {name: a, namespace: b}, spec: {selfsigned: {}}}"
    assert [told.split(": ")[1] for told in problems(read(text)[0])] == ["spec.selfsigned"]


def test_a_key_that_stands_twice_is_refused() -> None:
    with pytest.raises(Exception, match="'kind' stands twice"):
        read("kind: Service\nkind: Secret\n")
