"""Questions of the API server, and the answers."""

import base64
import json
from typing import Any

import pytest

from controllers.kubernetes.webhook.mutation import Mutation
from controllers.kubernetes.webhook.review import BadReview, answer, read
from tests.kubernetes.webhook.pods import UID, opted_in, review


def test_a_question_about_a_new_pod_is_read() -> None:
    found = read(review(opted_in("web-0"), "shop"))
    assert (found.uid, found.namespace) == (UID, "shop")
    assert found.pod is not None
    assert found.pod.metadata.name == "web-0"


@pytest.mark.parametrize(
    "other",
    [
        {"operation": "UPDATE"},
        {"subResource": "eviction"},
        {"resource": {"group": "apps", "version": "v1", "resource": "deployments"}, "object": {}},
        {"operation": "DELETE", "object": None},
    ],
)
def test_what_is_no_new_pod_is_none_of_our_business(other: dict[str, Any]) -> None:
    assert read(review(opted_in(), **other)).pod is None


def test_the_answer_is_yes_with_the_uid_of_the_question() -> None:
    given = answer(UID, Mutation())
    assert given == {
        "apiVersion": "admission.k8s.io/v1",
        "kind": "AdmissionReview",
        "response": {"uid": UID, "allowed": True},
    }


def test_a_patch_is_json_in_base64() -> None:
    operation = {"op": "add", "path": "/spec/readinessGates", "value": []}
    response = answer(UID, Mutation((operation,), ("careful",)))["response"]
    assert response["patchType"] == "JSONPatch"
    assert json.loads(base64.b64decode(response["patch"])) == [operation]
    assert response["warnings"] == ["careful"]


@pytest.mark.parametrize(
    ("document", "place"),
    [
        (None, "valid dictionary"),
        ([], "valid dictionary"),
        ({**review(opted_in()), "apiVersion": "admission.k8s.io/v1beta1"}, "apiVersion: "),
        ({**review(opted_in()), "kind": "Pod"}, "kind: "),
        ({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview"}, "request: "),
        (review(opted_in(), uid=""), "request.uid: "),
        (review(opted_in(), uid="a/b"), "request.uid: "),
        (review(opted_in(), object=None), "request.object."),
        (review({"metadata": {"name": "p"}}), "request.object.spec: "),
        (review(opted_in("p", {"image": "i"})), "request.object.spec.containers.0.name: "),
        (review(opted_in(labels={"a": 1})), "request.object.metadata.labels.a: "),
    ],
)
def test_what_is_no_question_is_refused_with_its_place(document: object, place: str) -> None:
    with pytest.raises(BadReview) as refused:
        read(document)
    assert place in str(refused.value)
    assert "AdmissionReview of admission.k8s.io/v1 is expected" in str(refused.value)
