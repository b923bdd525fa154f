"""What is next for a Pod and its WorkloadEntry. It holds no socket and no clock.

A Pod that has opted in has an entry from when its containers are ready. Its readiness gate opens when everybody has
that. When the Pod is deleted, so is its entry, which leaves as any other (see `drain`); when it is gone, and everybody
has heard that, the Pod is told that it is drained. All that was done is in the objects, so whoever is next goes on.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from controllers.kubernetes.drain import MARGIN_SECONDS, longest_request
from controllers.kubernetes.objects import Name, Object
from controllers.kubernetes.pods.entry import EntryError, changes_to, new_entry, owner_of, spec_as_it_was, spec_for
from controllers.kubernetes.pods.names import DRAINED, FINALIZER, PUBLISHED
from controllers.kubernetes.pods.pod import Pod
from controllers.kubernetes.steps import Confirm, Form, Patch, Wait, version_of, without_finalizer
from controllers.kubernetes.times import time_of
from ledger.ids import Revision
from xds.objects import DRAINING_LABEL

ANSWER_SECONDS = 2.0
"""Of a Pod's grace period, that are left when it is told what has become of it."""

UNANSWERED_SECONDS = 60.0
"""How long an API server may go on with a request that was not answered: its own limit for one."""

_CLOCKS_SECONDS = 60.0
"""That a node's clock and ours may differ by."""

CONFIRMED, RELEASED, HELD = "Confirmed", "ReleasedUnconfirmed", "Held"
"""Reasons of the condition `DRAINED`."""


@dataclass(frozen=True, slots=True)
class Create:
    """The entry is to be made."""

    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class PatchEntry:
    """The entry is to be changed."""

    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Delete:
    """The entry with this uid is to be deleted. unless_there: only if the Pod isn't there, asked anew."""

    uid: str
    unless_there: bool = False


@dataclass(frozen=True, slots=True)
class ConfirmGone:
    """A receipt to be waited for: that everybody knows the entry to be gone. until: when to look again."""

    uid: str
    until: float | None


@dataclass(frozen=True, slots=True)
class Tell:
    """A condition that the Pod is to have."""

    condition: dict[str, str]
    body: dict[str, Any]


Step = Create | PatchEntry | Delete | ConfirmGone | Confirm | Tell | Patch | Wait | None


class Around(NamedTuple):
    """What else matters. entry: the WorkloadEntry of the Pod's name. of_namespace: labels of its namespace, if that is
    selected. group: the WorkloadGroup that the Pod names."""

    entry: Object | None
    of_namespace: Mapping[str, str] | None
    group: Object | None


class _Gone(NamedTuple):
    """uid: of a Pod. at: when that was known. left_at: see `PodSteps.gone`."""

    uid: str
    confirmed: bool
    at: float
    left_at: Revision | None


class Foreign(Exception):
    """There is a WorkloadEntry of the Pod's name that was not made for a Pod."""


class PodSteps:
    """Says what is next. What was confirmed is kept only here: a restart asks again.

    Args:
        longest_request: in seconds, where the Pod does not say.
        began: when it began, which is when it is first asked if that is not said: before, another process may have been
            at work, and a request of its under way.
    """

    def __init__(self, longest_request: float, began: float | None = None) -> None:
        self._longest_request = longest_request
        self._began = began
        self._gone: dict[Name, _Gone] = {}
        self._ended: dict[Name, tuple[str, Revision]] = {}
        self._had: dict[Name, str] = {}
        """Pods whose entries were seen, by uid."""
        self._published: dict[Name, tuple[Form, bool]] = {}
        self._unanswered: dict[Name, float] = {}

    def next(self, name: Name, pod: Pod | None, around: Around, now: float, ahead: float = 0.0) -> Step:
        """What is next; None: nothing, unless something changes.

        Args:
            pod: None if it is gone.
            ahead: how many seconds the clock by which it is dated is ahead of the one that tells `now`.

        Raises:
            EntryError: the entry can't be made.
            Foreign: as it says.
        """
        self._began = now if self._began is None else self._began
        entry = around.entry
        owner = owner_of(entry) if entry is not None else None
        if pod is None:
            for known in (self._gone, self._ended, self._had, self._published, self._unanswered):
                known.pop(name, None)
            if entry is None or owner is None or "deletionTimestamp" in entry["metadata"]:
                return None
            return Delete(entry["metadata"]["uid"], unless_there=True)
        if entry is not None and owner == pod.uid:
            self._had[name] = pod.uid
            self._gone.pop(name, None)
            if "deletionTimestamp" not in entry["metadata"]:
                self._ended.pop(name, None)  # it was of an earlier one
        is_enrolled = pod.is_enrolled(around.of_namespace)
        would_stay = is_enrolled and not pod.is_terminating and not pod.is_over
        stays = would_stay and not pod.is_on_node_network
        if pod.is_terminating and (is_enrolled or pod.has_finalizer or owner == pod.uid):
            leaving = self._leaving(name, pod, entry if owner is not None else None, now, ahead)
            if leaving is not None:
                return leaving
        if would_stay and not stays and entry is None:
            raise EntryError("it is on its node's network, where nothing would hold it when it is deleted: take it off")
        if entry is None:
            can_begin = stays and pod.address and pod.is_ready
            return Create(new_entry(pod, spec_for(pod, around.group))) if can_begin else None
        if owner is None:
            if stays:
                raise Foreign
            return None
        if "deletionTimestamp" in entry["metadata"]:
            return None  # it is drained; what changes then brings us here again
        if owner != pod.uid or not stays:
            return Delete(entry["metadata"]["uid"])
        return self._staying(name, pod, entry, around.group, now)

    def gone(self, name: Name, uid: str, confirmed: bool, now: float, left_at: Revision | None) -> None:
        """Nobody is waited for any more who could route to the Pod with that uid.

        Args:
            confirmed: since all have told.
            left_at: the entry's `Receipts.let_alone_since`; None where it was used to the last, or is not known.
        """
        self._gone[name] = _Gone(uid, confirmed, now, left_at)

    def requests_ended(self, name: Name, uid: str, let_alone: Revision) -> None:
        """The entry of the Pod with that uid was released as it should be: its requests have had their time before.

        Args:
            let_alone: see `Receipts.let_alone_since`. If it is another when the entry goes, it has been used again.
        """
        self._ended[name] = uid, let_alone

    def let_alone_at_release(self, name: Name) -> Revision | None:
        """What `requests_ended` was told; None if it was not."""
        ended = self._ended.get(name)
        return None if ended is None else ended[1]

    def published(self, name: Name, form: Form, by_all: bool) -> None:
        """Everybody has the entry in that form. by_all: else, but for proxies that were absent too long."""
        self._published[name] = form, by_all

    def unanswered(self, name: Name, now: float) -> None:
        """The entry may be made yet, or not: there was no answer."""
        self._unanswered[name] = now + UNANSWERED_SECONDS

    def _staying(self, name: Name, pod: Pod, entry: Object, group: Object | None, now: float) -> Step:
        try:
            changes = changes_to(entry, pod, spec_for(pod, group))
        except EntryError:  # whether it is ready, and where, it says itself
            changes = changes_to(entry, pod, spec_as_it_was(pod, entry))
            if changes is None:
                raise
        if changes is not None:
            return PatchEntry(changes)
        if not pod.is_gated or pod.condition(PUBLISHED).get("status") == "True":
            return None
        if DRAINING_LABEL in (entry["spec"].get("labels") or {}):
            return None
        form = Form.of(entry)
        published, by_all = self._published.get(name, (None, False))
        if published != form:
            return Confirm(form)
        if by_all:
            return _tell(pod, PUBLISHED, "True", CONFIRMED, "every proxy that asks for it has the endpoint", now)
        return _tell(pod, PUBLISHED, "True", RELEASED, "but for proxies that were absent too long, all have it", now)

    def _leaving(self, name: Name, pod: Pod, entry: Object | None, now: float, ahead: float) -> Step:
        """What is next for a Pod that is being deleted; None: its entry comes first, or nothing."""
        told = pod.condition(DRAINED)
        if told.get("status") == "True" or told.get("reason") == RELEASED:
            return Patch("release", _released(pod)) if pod.has_finalizer else None
        killed = pod.killed_at
        bound = None if killed is None else killed - ahead - ANSWER_SECONDS
        if bound is not None and pod.is_over and entry is None:
            bound += pod.grace  # nothing of it is killed any more, and API servers give it no time
        gone = self._gone.get(name)
        if entry is None and gone is not None and gone.uid == pod.uid:
            if not gone.confirmed:
                return _tell(pod, DRAINED, "False", RELEASED, "proxies that were absent too long may route to it", now)
            ended = gone.at
            if self._ended.get(name) != (pod.uid, gone.left_at):  # by hand, unconfirmed, or used again at the last
                ended += longest_request(pod.annotations, self._longest_request) + MARGIN_SECONDS
            if now >= ended:
                return _tell(pod, DRAINED, "True", CONFIRMED, "no proxy routes to it", now)
            if told or bound is None or now < bound:
                return Wait(ended if told or bound is None else min(ended, bound))
        if bound is not None and now >= bound and not told:
            if pod.holds:
                return _tell(pod, DRAINED, "False", HELD, "its grace period ends, and proxies may route to it", now)
            return _tell(pod, DRAINED, "False", RELEASED, "its grace period ends, and proxies may route to it", now)
        until = bound if not told else None
        if entry is not None:
            return None if "deletionTimestamp" not in entry["metadata"] or until is None else Wait(until)
        unanswered = self._unanswered.get(name, 0.0)
        had = self._had.get(name) == pod.uid  # that it was published says nothing: it may have left, and be made again
        began = self._began or 0.0
        was_ready = pod.were_containers_ready_until >= began - UNANSWERED_SECONDS - _CLOCKS_SECONDS
        if was_ready and not had:  # its entry may be on its way
            unanswered = max(unanswered, began + UNANSWERED_SECONDS)
        if now < unanswered:
            return Wait(unanswered if until is None else min(unanswered, until))
        return ConfirmGone(pod.uid, until)


def _released(pod: Pod) -> dict[str, Any]:
    return {"metadata": {**version_of(pod.document), "finalizers": without_finalizer(pod.document, FINALIZER)}}


def _tell(pod: Pod, kind: str, status: str, reason: str, message: str, now: float) -> Tell:
    condition = {
        "type": kind,
        "status": status,
        "reason": reason,
        "message": message,
        "lastTransitionTime": time_of(now),
    }
    return Tell(
        condition, {"metadata": version_of(pod.document), "status": {"conditions": pod.with_condition(condition)}}
    )
