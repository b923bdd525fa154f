"""What is to be done about a WorkloadEntry that is deleted and waits on our finalizer. It holds no socket and no clock.

What has been done is in the object itself: so it does not matter who did it, when that one crashed, or how many there
are. The steps are those of ARCHITECTURE.md, "Removal, exactly": mark, wait for CONFIRMED, let requests end, release.
"""

from dataclasses import dataclass
from typing import Any

from controllers.durations import parse_duration
from controllers.kubernetes.reflector import Object
from ledger.ids import ObjectKey
from xds.objects import DRAINING_LABEL

FINALIZER = "lastack.io/drain"

LONGEST_REQUEST = "lastack.io/longest-request"
"""Annotation of a WorkloadEntry: how long a request to it may take."""

MARGIN_SECONDS = 1.0
"""Beyond the longest request: an ACK may leave Envoy before its workers have taken the update in (60 ms were seen)."""


@dataclass(frozen=True, slots=True)
class Patch:
    """A merge patch to be made. It names the version that it is for: on a conflict it is all looked at again."""

    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Confirm:
    """A receipt to be waited for: that the object in this form has reached everybody. `form`: for `Drain.confirmed`."""

    form: "Form"


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing is to be done until then."""

    until: float


@dataclass(frozen=True, slots=True)
class Form:
    """One content of one object: of another one by its name, or after an edit, nothing is known."""

    uid: str
    generation: int


class Drain:
    """Says what is next. Only for how long a confirmed object has been so is kept here; a restart begins it anew.

    Args:
        longest_request: in seconds, where the object does not say.
    """

    def __init__(self, longest_request: float) -> None:
        self._longest_request = longest_request
        self._confirmed: dict[ObjectKey, tuple[Form, float]] = {}

    def next(self, key: ObjectKey, document: Object | None, now: float) -> Patch | Confirm | Wait | None:
        """What is next; None: nothing, unless the object changes. `document`: the newest form; None if it is gone."""
        metadata = document["metadata"] if document is not None else {}
        finalizers = metadata.get("finalizers") or []
        if document is None or "deletionTimestamp" not in metadata or FINALIZER not in finalizers:
            self._confirmed.pop(key, None)
            return None
        same = {"uid": metadata["uid"], "resourceVersion": metadata["resourceVersion"]}
        labels = (document.get("spec") or {}).get("labels") or {}
        if labels.get(DRAINING_LABEL) != "true":
            return Patch({"metadata": same, "spec": {"labels": {DRAINING_LABEL: "true"}}})
        form = Form(metadata["uid"], metadata["generation"])
        confirmed, at = self._confirmed.get(key, (None, 0.0))
        if confirmed != form:
            return Confirm(form)
        ended = at + self._longest(metadata) + MARGIN_SECONDS
        if now < ended:
            return Wait(ended)
        left = [finalizer for finalizer in finalizers if finalizer != FINALIZER]
        return Patch({"metadata": {**same, "finalizers": left}})

    def confirmed(self, key: ObjectKey, form: Form, now: float) -> None:
        """No proxy sends new requests to the object in this form."""
        self._confirmed[key] = form, now

    def _longest(self, metadata: dict[str, Any]) -> float:
        """Where it can't be read, what holds for all: it is told where the object is read."""
        given = (metadata.get("annotations") or {}).get(LONGEST_REQUEST)
        try:
            return self._longest_request if given is None else parse_duration(given)
        except ValueError:
            return self._longest_request
