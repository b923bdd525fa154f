"""What is next for a Pod and its entry is told by the two alone, and by what was confirmed."""

from collections.abc import Mapping
from typing import Any

import pytest

from controllers.kubernetes.drain import MARGIN_SECONDS
from controllers.kubernetes.objects import Name
from controllers.kubernetes.pods.entry import new_entry, spec_for
from controllers.kubernetes.pods.names import AT_BOUND, DRAINED, FINALIZER, PUBLISHED
from controllers.kubernetes.pods.pod import Pod, lean
from controllers.kubernetes.pods.steps import (
    ANSWER_SECONDS,
    UNANSWERED_SECONDS,
    Around,
    ConfirmGone,
    Create,
    Delete,
    Foreign,
    PatchEntry,
    PodSteps,
    Step,
    Tell,
)
from controllers.kubernetes.steps import Confirm, Form, Patch, Wait
from controllers.kubernetes.times import seconds_of, time_of
from ledger.ids import Revision
from tests.kubernetes.store import Document
from tests.kubernetes.suite import pods
from tests.kubernetes.test_drain import ALONE
from xds.objects import DRAINING_LABEL

NAME = Name("default", "p")
NOW = seconds_of("2026-01-01T00:00:00Z") or 0.0
KILLED = NOW + 30.0
LONGEST = 15.0
BOUND = KILLED - ANSWER_SECONDS


def pod(*, ready: bool = True, address: str = "10.0.0.1", deleted: bool = False, **more: Any) -> Pod:
    """more: conditions (type -> reason), gated, finalizer, phase; else of the metadata."""
    conditions, finalizer = more.pop("conditions", {}), more.pop("finalizer", False)
    gated, phase, uid = more.pop("gated", False), more.pop("phase", "Running"), more.pop("uid", "one")
    document = pods.pod("p", **more)
    document["metadata"] |= {"namespace": "default", "uid": uid, "resourceVersion": "7"}
    if deleted:
        document["metadata"]["deletionTimestamp"] = time_of(KILLED)
    if finalizer:
        document["metadata"]["finalizers"] = ["another", FINALIZER]
    if gated:
        document["spec"]["readinessGates"] = [{"conditionType": PUBLISHED}]
    document["status"] = pods.running(address, ready=ready) | {"phase": phase}
    for kind, reason in conditions.items():
        status = "True" if reason == "Confirmed" else "False"
        document["status"]["conditions"].append({"type": kind, "status": status, "reason": reason})
    return Pod(lean(document))


def entry(of: Pod | None = None, *, deleted: bool = False, labels: Mapping[str, str] | None = None) -> Document:
    made = new_entry(of or pod(), spec_for(of or pod(), None))
    made["metadata"] |= {"name": "p", "uid": "entry", "resourceVersion": "9", "generation": 1}
    if deleted:
        made["metadata"]["deletionTimestamp"] = time_of(NOW)
    made["spec"]["labels"] |= labels or {}
    return made


def step(of: Pod | None, its: Document | None, now: float = NOW, steps: PodSteps | None = None) -> Step:
    return (steps or PodSteps(LONGEST, 0.0)).next(NAME, of, Around(its, {}, None), now)


def test_when_its_containers_are_ready_its_entry_is_made() -> None:
    found = step(pod(), None)
    assert isinstance(found, Create)
    assert found.body["spec"] == {"address": "10.0.0.1", "labels": {"app": "web"}}


@pytest.mark.parametrize(
    "of",
    [pod(ready=False), pod(address=""), pod(enrolled=False), pod(phase="Succeeded"), pod(phase="Failed"), None],
    ids=["not ready", "no address", "not enrolled", "succeeded", "failed", "gone"],
)
def test_else_none_is(of: Pod | None) -> None:
    assert step(of, None) is None


def test_an_entry_that_is_as_it_should_be_is_left_alone() -> None:
    assert step(pod(), entry()) is None


@pytest.mark.parametrize(
    "of",
    [pod(uid="two"), pod(enrolled=False), pod(phase="Failed"), pod(deleted=True)],
    ids=["another Pod of that name", "opted out", "over", "being deleted"],
)
def test_an_entry_leaves_when_its_pod_does(of: Pod) -> None:
    assert step(of, entry()) == Delete("entry")


def test_an_entry_whose_pod_is_not_known_leaves_only_if_that_is_gone() -> None:
    assert step(None, entry()) == Delete("entry", unless_there=True)
    assert step(None, entry(deleted=True)) is None


def test_an_entry_that_leaves_is_waited_for() -> None:
    assert step(pod(), entry(deleted=True)) is None
    assert step(pod(uid="two"), entry(deleted=True)) is None


def test_an_entry_that_was_made_for_no_pod_is_told_of() -> None:
    foreign = entry()
    del foreign["metadata"]["ownerReferences"]
    with pytest.raises(Foreign):
        step(pod(), foreign)
    assert step(None, foreign) is None


def test_it_is_published_when_everybody_has_its_entry_in_this_form() -> None:
    steps, gated = PodSteps(LONGEST, 0.0), pod(gated=True)
    assert step(gated, entry(), steps=steps) == Confirm(Form("entry", 1))
    steps.published(NAME, Form("entry", 0), True)
    assert step(gated, entry(), steps=steps) == Confirm(Form("entry", 1))
    steps.published(NAME, Form("entry", 1), True)
    told = step(gated, entry(), steps=steps)
    assert isinstance(told, Tell)
    assert (told.condition["type"], told.condition["status"]) == (PUBLISHED, "True")
    assert told.body["metadata"] == {"uid": "one", "resourceVersion": "7"}
    assert [found["type"] for found in told.body["status"]["conditions"]] == ["ContainersReady", PUBLISHED]


def test_what_is_published_stays_so() -> None:
    gated = pod(gated=True, conditions={PUBLISHED: "Confirmed"})
    assert step(gated, entry()) is None
    unready = pod(gated=True, ready=False, conditions={PUBLISHED: "Confirmed"})
    assert isinstance(step(unready, entry()), PatchEntry)


def test_an_entry_that_drains_is_not_published() -> None:
    assert step(pod(gated=True), entry(labels={DRAINING_LABEL: "true"})) is None


def test_a_pod_is_drained_when_everybody_knows_that_its_entry_is_gone() -> None:
    steps, leaving = PodSteps(LONGEST, 0.0), pod(deleted=True)
    assert step(leaving, entry(deleted=True), steps=steps) == Wait(BOUND)
    assert step(leaving, None, steps=steps) == ConfirmGone("one", BOUND)
    steps.requests_ended(NAME, "one", ALONE)
    steps.gone(NAME, "another", True, NOW, ALONE)
    assert step(leaving, None, steps=steps) == ConfirmGone("one", BOUND)
    steps.gone(NAME, "one", True, NOW, ALONE)
    told = step(leaving, None, steps=steps)
    assert isinstance(told, Tell)
    assert told.condition["status"] == "True"


def test_where_it_is_not_known_that_its_requests_have_ended_they_are_given_their_time() -> None:
    """As after a release that was not confirmed, or a crash: all know that it is gone, and what they had goes on."""
    steps, leaving = PodSteps(LONGEST, 0.0), pod(deleted=True, grace=60)
    steps.requests_ended(NAME, "another", ALONE)
    steps.gone(NAME, "one", True, NOW, ALONE)
    ended = NOW + LONGEST + MARGIN_SECONDS
    assert step(leaving, None, NOW, steps) == Wait(ended)
    told = step(leaving, None, ended, steps)
    assert isinstance(told, Tell)
    assert told.condition["reason"] == "Confirmed"


@pytest.mark.parametrize("left_at", [None, Revision(9)], ids=["to the last", "for a moment"])
def test_requests_are_given_their_time_where_its_entry_was_used_again_before_it_went(left_at: Revision | None) -> None:
    """All endpoints of the service began to drain when the entry was being released: Envoy panicked."""
    steps, leaving = PodSteps(LONGEST, 0.0), pod(deleted=True, grace=60)
    steps.requests_ended(NAME, "one", ALONE)
    steps.gone(NAME, "one", True, NOW, left_at)
    assert step(leaving, None, NOW, steps) == Wait(NOW + LONGEST + MARGIN_SECONDS)


def test_at_its_bound_what_was_not_given_its_time_is_not_confirmed() -> None:
    steps = PodSteps(LONGEST, 0.0)
    steps.gone(NAME, "one", True, BOUND - 1.0, ALONE)
    assert step(pod(deleted=True), None, BOUND - 1.0, steps) == Wait(BOUND)
    told = step(pod(deleted=True), None, BOUND, steps)
    assert isinstance(told, Tell)
    assert told.condition["reason"] == "ReleasedUnconfirmed"


def test_proxies_that_nobody_waits_for_are_no_confirmation() -> None:
    steps = PodSteps(LONGEST, 0.0)
    steps.gone(NAME, "one", False, NOW, ALONE)
    told = step(pod(deleted=True), None, steps=steps)
    assert isinstance(told, Tell)
    assert (told.condition["status"], told.condition["reason"]) == ("False", "ReleasedUnconfirmed")


@pytest.mark.parametrize("its", [None, entry(), entry(deleted=True)], ids=["gone", "there", "being deleted"])
def test_at_its_bound_it_proceeds_or_is_held_as_it_has_chosen(its: Document | None) -> None:
    proceeds = step(pod(deleted=True), its, BOUND)
    assert isinstance(proceeds, Tell)
    assert proceeds.condition["reason"] == "ReleasedUnconfirmed"
    held = step(pod(deleted=True, annotations={AT_BOUND: "hold"}), its, BOUND)
    assert isinstance(held, Tell)
    assert (held.condition["status"], held.condition["reason"]) == ("False", "Held")


def test_what_is_held_goes_on_and_is_drained_in_the_end() -> None:
    steps = PodSteps(LONGEST, 0.0)
    held = pod(deleted=True, finalizer=True, annotations={AT_BOUND: "hold"}, conditions={DRAINED: "Held"})
    assert step(held, entry(), BOUND + 9, steps) == Delete("entry")
    assert step(held, entry(deleted=True), BOUND + 9, steps) is None
    assert step(held, None, BOUND + 9, steps) == ConfirmGone("one", None)
    steps.gone(NAME, "one", True, BOUND + 9, ALONE)
    ended = BOUND + 9 + LONGEST + MARGIN_SECONDS
    assert step(held, None, BOUND + 9, steps) == Wait(ended)
    told = step(held, None, ended, steps)
    assert isinstance(told, Tell)
    assert told.condition["reason"] == "Confirmed"


@pytest.mark.parametrize("reason", ["Confirmed", "ReleasedUnconfirmed"])
def test_a_finalizer_goes_when_the_pod_was_told_and_not_before(reason: str) -> None:
    assert isinstance(step(pod(deleted=True, finalizer=True), None), ConfirmGone)
    told = pod(deleted=True, finalizer=True, conditions={DRAINED: reason})
    same = {"uid": "one", "resourceVersion": "7"}
    assert step(told, None) == Patch("release", {"metadata": {**same, "finalizers": ["another"]}})
    assert step(pod(deleted=True, conditions={DRAINED: reason}), None) is None


def test_a_finalizer_of_ours_is_taken_from_a_pod_that_opted_out() -> None:
    out = pod(deleted=True, finalizer=True, enrolled=False)
    assert step(out, None) == ConfirmGone("one", BOUND)


def test_an_entry_that_may_be_made_yet_is_not_one_that_is_gone() -> None:
    steps = PodSteps(LONGEST, 0.0)
    steps.unanswered(NAME, NOW - UNANSWERED_SECONDS + 5.0)
    assert step(pod(deleted=True), None, NOW, steps) == Wait(NOW + 5.0)
    assert step(pod(deleted=True), None, NOW + 5.0, steps) == ConfirmGone("one", BOUND)


def test_nor_is_one_whose_node_is_not_heard_of_any_more() -> None:
    """Its entry was asked for while it was ready, by a process that has ended since."""
    of = pod(deleted=True)
    of.document["status"]["conditions"].append({"type": "Ready", "status": "False"})
    assert step(of, None, NOW, PodSteps(LONGEST, NOW)) == Wait(BOUND)


def test_nor_is_one_that_has_left_and_was_asked_for_again_before_this_process_began() -> None:
    """It was deleted by hand, or its Pod has opted out and in; that it was published once is of the first one."""
    of = pod(gated=True, conditions={PUBLISHED: "Confirmed"}, deleted=True)
    assert step(of, None, NOW, PodSteps(LONGEST, NOW)) == Wait(BOUND)
    seen = PodSteps(LONGEST, NOW)
    step(of, entry(deleted=True), NOW, seen)
    assert step(of, None, NOW, seen) == ConfirmGone("one", BOUND)


def test_that_the_requests_of_an_earlier_entry_have_ended_says_nothing_of_the_next_ones() -> None:
    """A Pod has opted out, and in again; then its entry goes by force."""
    steps = PodSteps(LONGEST, 0.0)
    steps.requests_ended(NAME, "one", ALONE)
    step(pod(), entry(), NOW, steps)
    steps.gone(NAME, "one", True, NOW + 1.0, ALONE)
    assert step(pod(deleted=True), None, NOW + 1.0, steps) == Wait(NOW + 1.0 + LONGEST + MARGIN_SECONDS)


def test_an_entry_that_comes_after_it_was_confirmed_to_be_gone_is_asked_about_anew() -> None:
    """Its making took longer than anybody waits, or an operator has made it."""
    steps, of = PodSteps(LONGEST, 0.0), pod(deleted=True)
    steps.gone(NAME, "one", True, NOW, ALONE)
    assert step(of, entry(), NOW + 1.0, steps) == Delete("entry")
    assert step(of, None, NOW + 1.0 + LONGEST, steps) == ConfirmGone("one", BOUND)


def test_a_pod_that_ended_by_itself_is_not_told_that_its_grace_period_ends() -> None:
    """A Job's, which is deleted when all is over: the API server gives it no grace period, and its entry has left."""
    steps = PodSteps(LONGEST, 0.0)
    of = pod(deleted=True, ready=False, finalizer=True, phase="Succeeded")
    assert step(of, None, KILLED, steps) == ConfirmGone("one", KILLED + of.grace - ANSWER_SECONDS)
    steps.gone(NAME, "one", True, KILLED, ALONE)
    steps.requests_ended(NAME, "one", ALONE)
    found = step(of, None, KILLED, steps)
    assert isinstance(found, Tell)
    assert found.condition["status"] == "True"


def test_nor_is_it_held_for_ever() -> None:
    of = pod(deleted=True, ready=False, finalizer=True, phase="Failed")
    found = step(of, None, KILLED + of.grace)
    assert isinstance(found, Tell)
    assert found.condition["reason"] == "ReleasedUnconfirmed"


def test_a_pod_whose_node_is_not_heard_of_is_not_ready_whatever_its_kubelet_said_last() -> None:
    """The node lifecycle controller says so in its condition Ready alone; its containers are as they were."""
    of, its = pod(gated=True, conditions={PUBLISHED: "Confirmed"}), entry()
    of.document["status"]["conditions"].append({"type": "Ready", "status": "False"})
    found = step(of, its)
    assert isinstance(found, PatchEntry)
    assert found.body["spec"]["labels"] == {DRAINING_LABEL: "true"}
