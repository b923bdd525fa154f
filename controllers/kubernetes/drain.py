"""What is to be done about a WorkloadEntry that is deleted and waits on our finalizer. It holds no socket and no clock.

What has been done is in the object itself: so it does not matter who did it, when that one crashed, or how many there
are. The steps are those of ARCHITECTURE.md, "Removal, exactly": mark, wait for CONFIRMED, let requests end, release.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from controllers.kubernetes.objects import Object
from controllers.kubernetes.steps import Confirm, Form, Patch, Wait, version_of, without_finalizer
from controllers.kubernetes.times import seconds_of
from ledger.ids import ObjectKey, Revision
from xds.durations import parse_duration
from xds.objects import DRAINING_LABEL, LONGEST_REQUEST, RELEASE_AFTER

FINALIZER = "lastack.io/drain"

MARGIN_SECONDS = 1.0
"""Beyond the longest request: an ACK may leave Envoy before its workers have taken the update in (60 ms were seen)."""


class _Confirmed(NamedTuple):
    """See `Drain.confirmed`."""

    form: Form
    at: float
    by_all: bool
    touched_at: Revision


class Drain:
    """Says what is next. Only for how long a confirmed object has been so is kept here; a restart begins it anew.

    Args:
        longest_request: in seconds, where the object does not say.
    """

    def __init__(self, longest_request: float) -> None:
        self._longest_request = longest_request
        self._confirmed: dict[ObjectKey, _Confirmed] = {}

    def next(
        self, key: ObjectKey, document: Object | None, now: float, let_alone: Revision | None, ahead: float = 0.0
    ) -> Patch | Confirm | Wait | None:
        """What is next; None: nothing, unless the object changes.

        Args:
            document: the newest form; None if it is gone.
            let_alone: see `Receipts.let_alone_since`. What was confirmed before counts no more: when all endpoints of a
                service are draining, proxies send requests to those as well that they had let go of.
            ahead: how many seconds the clock by which it is dated is ahead of the one that tells `now`.
        """
        metadata = document["metadata"] if document is not None else {}
        finalizers = metadata.get("finalizers") or []
        if document is None or "deletionTimestamp" not in metadata or FINALIZER not in finalizers:
            self._confirmed.pop(key, None)
            return None
        form = Form.of(document)
        confirmed = self._confirmed.get(key)
        if confirmed is not None and (confirmed.form != form or confirmed.touched_at != let_alone):
            confirmed = None
        longest = longest_request(metadata.get("annotations") or {}, self._longest_request)
        ended = None if confirmed is None else confirmed.at + longest + MARGIN_SECONDS
        has_ended = ended is not None and now >= ended
        step = "release" if confirmed is not None and confirmed.by_all and has_ended else "release unconfirmed"
        released = _released_at(metadata, ahead)
        release = {"metadata": {**version_of(document), "finalizers": without_finalizer(document, FINALIZER)}}
        if released is not None and now >= released:
            return Patch(step, release)
        labels = (document.get("spec") or {}).get("labels") or {}
        if labels.get(DRAINING_LABEL) != "true":
            return Patch("mark", {"metadata": version_of(document), "spec": {"labels": {DRAINING_LABEL: "true"}}})
        if ended is None:
            return Confirm(form, released)
        if not has_ended:
            return Wait(ended if released is None else min(ended, released))
        return Patch(step, release)

    def confirmed(self, key: ObjectKey, form: Form, now: float, by_all: bool, touched_at: Revision) -> None:
        """No proxy sends new requests to the object in this form.

        Args:
            by_all: else, some may that were absent too long.
            touched_at: of the receipt.
        """
        self._confirmed[key] = _Confirmed(form, now, by_all, touched_at)


def longest_request(annotations: Mapping[str, str], otherwise: float) -> float:
    """In seconds. Where it can't be read, what holds for all: it is told where the object is read."""
    given = _duration(annotations, LONGEST_REQUEST)
    return otherwise if given is None else given


def _released_at(metadata: dict[str, Any], ahead: float) -> float | None:
    after, deleted = (
        _duration(metadata.get("annotations") or {}, RELEASE_AFTER),
        seconds_of(metadata["deletionTimestamp"]),
    )
    return None if after is None or deleted is None else deleted + after - ahead


def _duration(annotations: Mapping[str, str], name: str) -> float | None:
    """None if it is not given, or can't be read."""
    given = annotations.get(name)
    try:
        return None if given is None else parse_duration(given)
    except ValueError:
        return None
