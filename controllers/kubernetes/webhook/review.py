"""An AdmissionReview, and the answer to it. It holds no socket and no clock.

The answer is always that the Pod may be created: who has no part in it must not be kept from anything.
"""

import base64
import json
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from controllers.kubernetes.webhook.mutation import Mutation
from controllers.kubernetes.webhook.shapes import AdmissionReview, Pod

_REMEDY = "an AdmissionReview of admission.k8s.io/v1 is expected"

_M = TypeVar("_M", bound=BaseModel)


class BadReview(Exception):
    """What came is no question that can be answered. Its text names the places."""


@dataclass(frozen=True, slots=True)
class Review:
    """A question. pod: None: it is not about the creation of a Pod."""

    uid: str
    namespace: str
    pod: Pod | None


def read(document: object) -> Review:
    """Reads a question, as JSON has it.

    Raises:
        BadReview: it is none.
    """
    request = _validated(AdmissionReview, document, "").request
    resource = request.resource
    about = (resource.group, resource.version, resource.resource, request.sub_resource or "", request.operation)
    if about != ("", "v1", "pods", "", "CREATE"):
        return Review(request.uid, request.namespace, None)
    return Review(request.uid, request.namespace, _validated(Pod, request.object, "request.object."))


def answer(uid: str, mutation: Mutation) -> dict[str, Any]:
    """The answer to the question of that uid."""
    response: dict[str, Any] = {"uid": uid, "allowed": True}
    if mutation.operations:
        patch = json.dumps(mutation.operations).encode()
        response |= {"patchType": "JSONPatch", "patch": base64.b64encode(patch).decode()}
    if mutation.warnings:
        response["warnings"] = list(mutation.warnings)
    return {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": response}


def _validated(model: type[_M], document: object, place: str) -> _M:
    try:
        return model.model_validate(document)
    except ValidationError as error:
        problems = [f"{place}{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors()]
        raise BadReview(f"{'; '.join(problems)}; {_REMEDY}") from error
