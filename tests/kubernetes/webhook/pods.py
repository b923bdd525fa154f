"""Pods that are about to be created, and questions about them."""

import copy
from collections.abc import Mapping
from typing import Any

import jsonpatch

from controllers.addresses import Address
from controllers.kubernetes.webhook.mutation import DrainPoint, Mutation, mutate
from controllers.kubernetes.webhook.shapes import Pod

Document = dict[str, Any]

POINT = DrainPoint(Address("10.96.0.9", 15016), longest_request=15.0)

UID = "6a3c1a0e-7b0f-4a2f-8f5b-0d1c2b3a4f5e"


def opted_in(name: str | None = "web-0", *containers: Document, **metadata: Any) -> Document:
    """name: None: the API server is to make it up."""
    named = {"generateName": "web-"} if name is None else {"name": name}
    labels = {"lastack.io/enroll": "true", **metadata.pop("labels", {})}
    spec = {"terminationGracePeriodSeconds": 60, "containers": list(containers) or [{"name": "main", "image": "main"}]}
    return {"metadata": {**named, "labels": labels, **metadata}, "spec": spec}


def mutated(document: Document, namespace_labels: Mapping[str, str] | None = None, token: str = UID) -> Mutation:
    return mutate(
        Pod.model_validate(document), "shop", {} if namespace_labels is None else namespace_labels, token, POINT
    )


def applied(document: Document, mutation: Mutation) -> Document:
    """The Pod as the API server would go on with it."""
    changed: Document = jsonpatch.apply_patch(copy.deepcopy(document), list(mutation.operations))
    return changed


def review(document: Document, namespace: str = "shop", **request: Any) -> Document:
    """What an API server sends before it creates a Pod."""
    asked = {
        "uid": UID,
        "kind": {"group": "", "version": "v1", "kind": "Pod"},
        "resource": {"group": "", "version": "v1", "resource": "pods"},
        "namespace": namespace,
        "operation": "CREATE",
        "object": document,
        "dryRun": False,
        **request,
    }
    return {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": asked}
