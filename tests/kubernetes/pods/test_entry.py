"""A Pod's WorkloadEntry: by a WorkloadGroup, by an annotation, or by the Pod alone."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from controllers.kubernetes.pods.entry import EntryError, changes_to, new_entry, spec_for
from controllers.kubernetes.pods.names import AT_BOUND, ENTRY, GROUP
from tests.kubernetes.api_server import _merged
from tests.kubernetes.pods.test_steps import entry, pod
from xds.durations import LONGEST, parse_duration
from xds.objects import DRAINING_LABEL, LONGEST_REQUEST, NOT_READY, RELEASE_AFTER
from xds.parsing import ParsedObject, parse


def test_an_annotation_says_what_the_spec_is() -> None:
    given_ = pod(annotations={ENTRY: json.dumps({"ports": {"http": 8080}, "weight": 2, "labels": {"app": "other"}})})
    expected = {"address": "10.0.0.1", "ports": {"http": 8080}, "weight": 2, "labels": {"app": "other"}}
    assert spec_for(given_, None) == expected


@pytest.mark.parametrize(
    ("annotations", "message"),
    [
        ({ENTRY: "{"}, "is not JSON"),
        ({ENTRY: "[]"}, "is no mapping"),
        ({ENTRY: '{"labels": 1}'}, "is no mapping"),
        ({GROUP: "g"}, "names 'g', which is not in its namespace"),
        ({GROUP: "g", ENTRY: "{}"}, "are both given"),
    ],
)
def test_what_can_t_be_used_is_told(annotations: dict[str, str], message: str) -> None:
    with pytest.raises(EntryError, match=message):
        spec_for(pod(annotations=annotations), None)


def test_an_entry_of_a_pod_is_an_object_that_is_taken_in() -> None:
    made = entry()
    document = {"apiVersion": "networking.istio.io/v1", "kind": "WorkloadEntry", **made}
    document["metadata"]["namespace"] = "default"
    found = parse(document)
    assert isinstance(found, ParsedObject)
    assert not found.warnings


def test_an_entry_is_released_a_little_before_its_pod_is_killed_unless_that_holds() -> None:
    assert new_entry(pod(grace=60), {})["metadata"]["annotations"] == {RELEASE_AFTER: "57s"}
    assert new_entry(pod(grace=1), {})["metadata"]["annotations"] == {RELEASE_AFTER: "0s"}
    assert new_entry(pod(annotations={AT_BOUND: "hold"}), {})["metadata"]["annotations"] == {}


def test_how_long_requests_take_is_passed_on() -> None:
    made = new_entry(pod(annotations={LONGEST_REQUEST: "2m"}), {})
    assert made["metadata"]["annotations"][LONGEST_REQUEST] == "2m"


def test_a_pod_that_is_not_ready_has_an_entry_that_drains_and_then_no_more() -> None:
    its = entry()
    marking = changes_to(its, pod(ready=False), spec_for(pod(), None))
    assert marking is not None
    marked = _merged(its, marking)
    assert marked["spec"]["labels"][DRAINING_LABEL] == "true"
    assert NOT_READY in marked["metadata"]["annotations"]
    assert changes_to(marked, pod(ready=False), spec_for(pod(), None)) is None
    unmarking = changes_to(marked, pod(), spec_for(pod(), None))
    assert _merged(marked, unmarking) == its


def test_a_pod_that_has_no_address_for_a_while_has_an_entry_that_drains_at_its_last_one() -> None:
    """Its node has booted anew: until its sandbox is made again, its kubelet tells of no address."""
    of = pod(ready=False)
    del of.document["status"]["podIP"]
    made = entry()
    changed = changes_to(made, of, spec_for(of, None))
    assert changed is not None
    assert "address" not in changed["spec"]  # without one it could not be read, and would be served as it was
    assert changed["spec"]["labels"] == {DRAINING_LABEL: "true"}
    assert changes_to(_merged(made, changed), of, spec_for(of, None)) is None


def test_a_mark_of_somebody_else_stays() -> None:
    marked = entry(labels={DRAINING_LABEL: "true"})
    for is_ready in (False, True):
        assert changes_to(marked, pod(ready=is_ready), spec_for(pod(), None)) is None


values = st.recursive(
    st.text(max_size=3) | st.integers(0, 3), lambda inner: st.dictionaries(st.text(max_size=2), inner, max_size=3)
)
specs = st.dictionaries(st.sampled_from(["ports", "weight", "locality", "network"]), values, max_size=3)
labels = st.dictionaries(st.sampled_from("abc"), st.sampled_from("xy"), max_size=3)


@settings(suppress_health_check=[HealthCheck.too_slow])  # of the machine, not of what is tested
@given(specs, labels, specs, labels, st.booleans())
def test_with_its_changes_an_entry_is_what_its_pod_says(
    old: dict[str, Any], old_labels: dict[str, str], new: dict[str, Any], new_labels: dict[str, str], is_ready: bool
) -> None:
    its = {**entry(), "spec": {**old, "labels": old_labels}}
    wanted = {**new, "labels": new_labels}
    changes = changes_to(its, pod(ready=is_ready), wanted)
    result = _merged(its, changes) if changes is not None else its
    mark = {} if is_ready else {DRAINING_LABEL: "true"}
    assert result["spec"] == {**new, "labels": {**new_labels, **mark}}
    assert changes_to(result, pod(ready=is_ready), wanted) is None


@pytest.mark.parametrize("grace", [0, 2, 30, 86_400, 31_536_000, 10**9])
def test_however_long_a_pod_is_given_its_entry_says_when_it_is_released(grace: int) -> None:
    """A text that nobody can read would hold it for ever."""
    after = new_entry(pod(grace=grace), {})["metadata"]["annotations"][RELEASE_AFTER]
    assert parse_duration(after) == min(max(0, grace - 3), LONGEST)
