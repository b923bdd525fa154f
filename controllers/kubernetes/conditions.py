"""The conditions of a ServiceEntry or WorkloadEntry. It holds no socket and no clock.

`Accepted`: it is served as it is. `Published`: every proxy that asks for it has it as it is. Each names the generation
that it is about (`observedGeneration`); the reasons and fields are those of the Kubernetes API conventions.
"""

from collections.abc import Mapping
from typing import Any

from controllers.kubernetes.objects import Object
from controllers.kubernetes.steps import version_of
from controllers.kubernetes.times import time_of
from controllers.reports import Report, Severity

ACCEPTED, PUBLISHED = "Accepted", "Published"

_LONGEST_MESSAGE = 1024


def accepted(report: Report | None) -> dict[str, str]:
    """report: what is wrong with the object, if anything."""
    if report is None:
        return _condition(ACCEPTED, True, "Accepted", "it is served as it is")
    if report.severity is Severity.ERROR:
        return _condition(ACCEPTED, False, "Invalid", report.reason)
    return _condition(ACCEPTED, True, "Warning", report.reason)


def published(confirmed: bool, why: str = "") -> dict[str, str]:
    """why: it is not confirmed yet."""
    if confirmed:
        return _condition(PUBLISHED, True, "Confirmed", "every proxy that asks for it has it")
    return _condition(PUBLISHED, False, "Pending", why)


def holds(document: Object, condition: Mapping[str, str]) -> bool:
    """Whether the object says so already, of its newest generation."""
    found = _found(document, condition["type"])
    told = {name: found.get(name) for name in condition}
    return told == condition and found.get("observedGeneration") == document["metadata"].get("generation")


def is_published(document: Object) -> bool:
    """Whether the object says that its newest generation is."""
    found = _found(document, PUBLISHED)
    is_newest = found.get("observedGeneration") == document["metadata"].get("generation")
    return is_newest and found.get("status") == "True"


def patch(document: Object, conditions: list[dict[str, str]], now: float) -> dict[str, Any] | None:
    """The merge patch of the status by which it says so; None if it does. Conditions of others are left alone."""
    changed = [condition for condition in conditions if not holds(document, condition)]
    if not changed:
        return None
    kept = [dict(found) for found in _all(document) if found.get("type") not in {one["type"] for one in changed}]
    for condition in changed:
        before = _found(document, condition["type"])
        same = before.get("status") == condition["status"]
        since = before.get("lastTransitionTime") if same else None
        generation = document["metadata"].get("generation")
        kept.append({**condition, "observedGeneration": generation, "lastTransitionTime": since or time_of(now)})
    return {"metadata": version_of(document), "status": {"conditions": kept}}


def _condition(kind: str, status: bool, reason: str, message: str) -> dict[str, str]:
    told = message[:_LONGEST_MESSAGE]
    return {"type": kind, "status": "True" if status else "False", "reason": reason, "message": told}


def _all(document: Object) -> list[Mapping[str, Any]]:
    found = (document.get("status") or {}).get("conditions")
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []


def _found(document: Object, kind: str) -> Mapping[str, Any]:
    return next((found for found in _all(document) if found.get("type") == kind), {})
