"""A Pod is told that it is drained only after its requests have had their time."""

import json

import pytest

from controllers.kubernetes.drain import Drain
from controllers.kubernetes.pods.entry import EntryError, spec_for
from controllers.kubernetes.pods.pod import Pod
from controllers.kubernetes.pods.steps import ConfirmGone, PodSteps, Tell
from controllers.kubernetes.steps import Form, Patch
from controllers.kubernetes.times import seconds_of, time_of
from tests.kubernetes.pods.test_steps import LONGEST, NAME, NOW, entry, pod, step
from tests.kubernetes.test_drain import ALONE, KEY
from tests.kubernetes.test_drain import entry as deleted_entry
from xds.objects import LONGEST_REQUEST, RELEASE_AFTER


def test_a_release_at_the_bound_is_no_release_after_the_requests_had_their_time() -> None:
    """Confirmed 5 s before its bound, of requests that take 15 s."""
    drain = Drain(LONGEST)
    marked = deleted_entry(draining=True, generation=2, annotations={RELEASE_AFTER: "27s"})
    deleted = seconds_of("2026-01-01T00:00:00Z")
    assert deleted is not None
    drain.confirmed(KEY, Form("one", 2), deleted + 22.0, True, ALONE)
    found = drain.next(KEY, marked, deleted + 27.0, ALONE)
    assert isinstance(found, Patch)
    assert found.step != "release"  # of "release" PodController is told by after_release, and people by an Event


def test_a_pod_is_not_drained_then() -> None:
    """As above, and what follows: 27 s after its deletion, 5 s after its entry was confirmed."""
    drain, steps = Drain(LONGEST), PodSteps(LONGEST, 0.0)
    of = pod(deleted=True)
    its = entry(pod(), deleted=True)
    its["spec"]["labels"]["lastack.io/draining"] = "true"
    assert its["metadata"]["annotations"] == {RELEASE_AFTER: "27s"}
    drain.confirmed(KEY, Form.of(its), NOW + 22.0, True, ALONE)
    released = drain.next(KEY, its, NOW + 27.0, ALONE)
    assert isinstance(released, Patch)
    if released.step == "release":  # as DrainController does
        steps.requests_ended(NAME, of.uid, ALONE)
    assert isinstance(step(of, None, NOW + 27.1, steps), ConfirmGone)
    steps.gone(NAME, of.uid, True, NOW + 27.2, ALONE)
    found = step(of, None, NOW + 27.2, steps)
    assert not (isinstance(found, Tell) and found.condition["status"] == "True"), found


def test_an_entry_that_another_process_may_be_making_is_waited_for() -> None:
    """The process before this one sent the request by which it is made, and ended; the API server is slow."""
    assert not isinstance(step(pod(deleted=True), None, NOW, PodSteps(LONGEST)), ConfirmGone)


def not_ready_since(moment: float) -> Pod:
    of = pod(deleted=True, ready=False)
    of.document["status"]["conditions"][0]["lastTransitionTime"] = time_of(moment)
    return of


def test_also_when_its_containers_have_ended_meanwhile() -> None:
    """They were ready when that request was sent, and the Pod is being deleted: they are ready no more when a later
    process looks at it first."""
    found = step(not_ready_since(NOW - 5.0), None, NOW, PodSteps(LONGEST))
    assert not isinstance(found, ConfirmGone)


def test_but_not_where_they_were_not_ready_for_long() -> None:
    assert isinstance(step(not_ready_since(NOW - 600.0), None, NOW, PodSteps(LONGEST)), ConfirmGone)
    never = pod(deleted=True)
    never.document["status"]["conditions"].clear()
    assert isinstance(step(never, None, NOW, PodSteps(LONGEST)), ConfirmGone)


def test_an_annotation_of_a_pod_ends_no_process() -> None:
    """Whoever may make a Pod may write it; all other Pods would be left alone from then on, after each restart too."""
    deep = pod(annotations={"lastack.io/workload-entry": "[" * 100_000})
    with pytest.raises(EntryError):
        spec_for(deep, None)


def test_a_pod_on_its_node_s_network_which_has_no_hook_is_no_instance() -> None:
    """The webhook gives it none, and says so; so nothing would hold it when it is deleted."""
    of = pod()
    of.document["spec"]["hostNetwork"] = True
    with pytest.raises(EntryError, match="node's network"):
        step(of, None)


def test_a_template_with_our_mark_in_it_is_patched_once_at_most() -> None:
    given = json.dumps({"labels": {"lastack.io/draining": "true"}})
    of = pod(annotations={"lastack.io/workload-entry": given})
    assert step(of, entry(of)) is None


def test_how_long_requests_take_may_be_said_after_the_entry_was_made() -> None:
    """Else its entry is released by what the Pod said once, and the Pod is told at once that it is drained."""
    longer = pod(annotations={LONGEST_REQUEST: "300s"})
    assert step(longer, entry(pod())) is not None
