"""What controllers may be told to do next with an object. Plain values: who decides holds no socket and no clock."""

from dataclasses import dataclass
from typing import Any

from controllers.kubernetes.objects import Object


@dataclass(frozen=True, slots=True)
class Form:
    """One content of one object: of another one by its name, or after an edit, nothing is known."""

    uid: str
    generation: int

    @classmethod
    def of(cls, document: Object) -> "Form":
        metadata = document["metadata"]
        return cls(metadata["uid"], metadata.get("generation", 0))


@dataclass(frozen=True, slots=True)
class Patch:
    """A merge patch to be made. It names the version that it is for: on a conflict it is all looked at again.

    step: what it does, for people.
    """

    step: str
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Confirm:
    """A receipt to be waited for: that the object in this form has reached everybody. until: when to look again."""

    form: Form
    until: float | None = None


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing is to be done until then."""

    until: float


def version_of(document: Object) -> dict[str, str]:
    """The metadata of a patch that is for this object as it is, and for nothing else."""
    metadata = document["metadata"]
    return {"uid": metadata["uid"], "resourceVersion": metadata["resourceVersion"]}


def without_finalizer(document: Object, ours: str) -> list[str]:
    return [finalizer for finalizer in document["metadata"].get("finalizers") or () if finalizer != ours]
