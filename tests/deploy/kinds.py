"""Whether a document is what its kind allows: no field that there is not, none missing, each of its type.

The built-in kinds are those of the package `kubernetes`, generated from the API's own description. An API server looks
at more: at what values mean, and at what stands elsewhere in the cluster.
"""

from collections.abc import Iterator

from kubernetes.client import models
from pydantic import BaseModel, ValidationError

from tests.deploy.custom import CUSTOM
from tests.deploy.documents import Document, name_of

BUILT_IN: dict[tuple[str, str], type[BaseModel]] = {
    ("v1", "ConfigMap"): models.V1ConfigMap,
    ("v1", "Namespace"): models.V1Namespace,
    ("v1", "PersistentVolumeClaim"): models.V1PersistentVolumeClaim,
    ("v1", "Service"): models.V1Service,
    ("v1", "ServiceAccount"): models.V1ServiceAccount,
    ("admissionregistration.k8s.io/v1", "MutatingWebhookConfiguration"): models.V1MutatingWebhookConfiguration,
    ("apps/v1", "Deployment"): models.V1Deployment,
    ("apps/v1", "StatefulSet"): models.V1StatefulSet,
    ("networking.k8s.io/v1", "NetworkPolicy"): models.V1NetworkPolicy,
    ("policy/v1", "PodDisruptionBudget"): models.V1PodDisruptionBudget,
    ("rbac.authorization.k8s.io/v1", "ClusterRole"): models.V1ClusterRole,
    ("rbac.authorization.k8s.io/v1", "ClusterRoleBinding"): models.V1ClusterRoleBinding,
    ("rbac.authorization.k8s.io/v1", "Role"): models.V1Role,
    ("rbac.authorization.k8s.io/v1", "RoleBinding"): models.V1RoleBinding,
}

_CLUSTER_WIDE = {"ClusterRole", "ClusterRoleBinding", "MutatingWebhookConfiguration", "Namespace"}


def is_built_in(document: Document) -> bool:
    """Whether every cluster knows its kind."""
    return (document.get("apiVersion"), document.get("kind")) in BUILT_IN


def problems(document: Document) -> Iterator[str]:
    """What is wrong with a document by itself: each with the object and the place."""
    about = name_of(document)
    kind = str(document.get("apiVersion")), str(document.get("kind"))
    model = BUILT_IN.get(kind) or CUSTOM.get(kind)
    if model is None:
        yield f"{about}: {kind[0]}/{kind[1]} is no kind that is known here: is it misspelt? Else add it to {__name__}"
        return
    metadata = document.get("metadata") or {}
    if not metadata.get("name"):
        yield f"{about}: metadata.name is missing"
    if ("namespace" in metadata) == (kind[1] in _CLUSTER_WIDE):
        yield f"{about}: metadata.namespace is {'there' if 'namespace' in metadata else 'missing'}"
    try:
        read = model.model_validate(document)
    except ValidationError as error:
        for problem in error.errors():
            yield f"{about}: {'.'.join(map(str, problem['loc']))}: {problem['msg']}"
        return
    known = read.model_dump(by_alias=True, exclude_none=True)
    yield from (f"{about}: {place}" for place in _unlike(document, known, ""))


def _unlike(given: object, known: object, place: str) -> Iterator[str]:
    """Names that the package takes, and a cluster does not: target_port for targetPort."""
    if isinstance(given, dict) and isinstance(known, dict):
        for key, value in given.items():
            if key in known:
                yield from _unlike(value, known[key], f"{place}.{key}".lstrip("."))
            elif value is not None:
                yield f"{place}.{key}: there is no such field".lstrip(".")
    elif isinstance(given, list) and isinstance(known, list):
        for index, (value, other) in enumerate(zip(given, known, strict=True)):
            yield from _unlike(value, other, f"{place}.{index}")
