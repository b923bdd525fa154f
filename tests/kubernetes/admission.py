"""Calls mutating webhooks before an object is created, as API servers do."""

import base64
import copy
import json
import ssl
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import aiohttp
import jsonpatch

from tests.kubernetes.store import Document, Refusal, Store

_DEFAULT_SECONDS = 10

_OPERATORS: Mapping[str, Callable[[str | None, Sequence[str]], bool]] = {
    "In": lambda found, values: found in values,
    "NotIn": lambda found, values: found not in values,
    "Exists": lambda found, values: found is not None,
    "DoesNotExist": lambda found, values: found is None,
}


class _CallFailed(Exception):
    """There was no answer, or none that can be used: `failurePolicy` decides."""


async def admitted(store: Store, plural: str, namespace: str, document: Document) -> tuple[Document, list[str]]:
    """What the object becomes by all webhooks that ask to see it, and their warnings.

    Raises:
        Refusal: one refuses it, or can't be asked and is to be.
    """
    if plural != "pods":
        return document, []
    configurations = [found for _, found in sorted(store.objects["mutatingwebhookconfigurations"].items())]
    webhooks = [webhook for found in configurations for webhook in found.get("webhooks") or ()]
    warnings: list[str] = []
    seen: dict[int, Document] = {}
    for is_first in (True, False):
        for index, webhook in enumerate(webhooks):
            again = webhook.get("reinvocationPolicy") == "IfNeeded" and index in seen and seen[index] != document
            if (is_first or again) and _matches(webhook, store, namespace, document):
                document = await _asked(webhook, plural, namespace, document, warnings)
                seen[index] = document
    return document, list(dict.fromkeys(warnings))


def _matches(webhook: Document, store: Store, namespace: str, document: Document) -> bool:
    of_namespace = store.get("namespaces", "", namespace)["metadata"].get("labels") or {}
    of_object = document["metadata"].get("labels") or {}
    return (
        any(_is_ruled(rule) for rule in webhook.get("rules") or ())
        and _selects(webhook.get("namespaceSelector"), of_namespace)
        and _selects(webhook.get("objectSelector"), of_object)
    )


def _is_ruled(rule: Mapping[str, Any]) -> bool:
    asked = {"apiGroups": "", "apiVersions": "v1", "operations": "CREATE", "resources": "pods"}
    return all(value in rule[field] or "*" in rule[field] for field, value in asked.items())


def _selects(selector: Mapping[str, Any] | None, labels: Mapping[str, str]) -> bool:
    chosen = selector or {}
    wanted: Mapping[str, str] = chosen.get("matchLabels") or {}
    return wanted.items() <= labels.items() and all(
        _OPERATORS[each["operator"]](labels.get(each["key"]), each.get("values") or ())
        for each in chosen.get("matchExpressions") or ()
    )


async def _asked(webhook: Document, plural: str, namespace: str, document: Document, warnings: list[str]) -> Document:
    name, uid = webhook["name"], str(uuid.uuid4())
    try:
        response = await _call(webhook, _review(uid, plural, namespace, document), uid)
    except _CallFailed as error:
        if webhook.get("failurePolicy") == "Ignore":
            return document
        why = f'failed calling webhook "{name}": {error}'
        raise Refusal(500, "InternalError", f"Internal error occurred: {why}") from error
    warnings += response.get("warnings") or ()
    if not response["allowed"]:
        status = response.get("status") or {}
        why = f'admission webhook "{name}" denied the request: {status.get("message", "without explanation")}'
        raise Refusal(status.get("code", 403), status.get("reason", "Forbidden"), why)
    if "patch" not in response:
        return document
    try:
        operations = json.loads(base64.b64decode(response["patch"]))
        patched: Document = jsonpatch.apply_patch(copy.deepcopy(document), operations)
    except (ValueError, jsonpatch.JsonPatchException) as error:  # whatever the failurePolicy is
        raise Refusal(500, "InternalError", f"Internal error occurred: {error}") from error
    return patched


async def _call(webhook: Document, review: Document, uid: str) -> Document:
    """The `response` of its answer."""
    where = webhook["clientConfig"]
    if "url" not in where:
        raise _CallFailed("failed to call webhook: here are no Services")
    timeout = aiohttp.ClientTimeout(total=webhook.get("timeoutSeconds", _DEFAULT_SECONDS))
    try:
        context = ssl.create_default_context(cadata=base64.b64decode(where.get("caBundle") or "").decode() or None)
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.post(where["url"], json=review, ssl=context) as answer,
        ):
            if answer.status != 200:
                raise _CallFailed(f"failed to call webhook: the server answered {answer.status}")
            given: Document = await answer.json()
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
        raise _CallFailed(f"failed to call webhook: Post {where['url']}: {error}") from error
    response: Document = given.get("response") or {}
    if given.get("kind") != "AdmissionReview" or given.get("apiVersion") != review["apiVersion"]:
        raise _CallFailed("received invalid webhook response: not the AdmissionReview that was asked for")
    if response.get("uid") != uid:
        raise _CallFailed(f"received invalid webhook response: expected response.uid={uid!r}")
    if ("patch" in response) != (response.get("patchType") == "JSONPatch"):
        raise _CallFailed("received invalid webhook response: a patch needs its type")
    return response


def _review(uid: str, plural: str, namespace: str, document: Document) -> Document:
    kind = {"group": "", "version": "v1", "kind": "Pod"}
    resource = {"group": "", "version": "v1", "resource": plural}
    request = {
        "uid": uid,
        "kind": kind,
        "resource": resource,
        "requestKind": kind,
        "requestResource": resource,
        **({"name": document["metadata"]["name"]} if document["metadata"].get("name") else {}),
        "namespace": namespace,
        "operation": "CREATE",
        "userInfo": {"username": "admin", "groups": ["system:masters", "system:authenticated"]},
        "object": document,
        "oldObject": None,
        "dryRun": False,
        "options": {"kind": "CreateOptions", "apiVersion": "meta.k8s.io/v1"},
    }
    return {"kind": "AdmissionReview", "apiVersion": "admission.k8s.io/v1", "request": request}
