"""What a Pod's entry is made by may go, or be spoilt, while the Pod lives: what the Pod says itself counts on."""

import pytest

from controllers.kubernetes.pods.entry import EntryError
from controllers.kubernetes.pods.names import ENTRY, GROUP
from controllers.kubernetes.pods.steps import Delete, PatchEntry
from tests.kubernetes.pods.test_steps import entry, pod, step
from xds.objects import DRAINING_LABEL, NOT_READY

SPOILT = pytest.mark.parametrize("annotations", [{GROUP: "gone"}, {ENTRY: "{"}], ids=["its group", "its annotation"])


@SPOILT
def test_it_drains_while_its_containers_are_not_ready(annotations: dict[str, str]) -> None:
    found = step(pod(annotations=annotations, ready=False), entry())
    assert isinstance(found, PatchEntry)
    assert found.body["spec"] == {"labels": {DRAINING_LABEL: "true"}}


@SPOILT
def test_and_not_when_they_are_again(annotations: dict[str, str]) -> None:
    drains = entry(labels={DRAINING_LABEL: "true"})
    drains["metadata"]["annotations"][NOT_READY] = "true"
    found = step(pod(annotations=annotations), drains)
    assert isinstance(found, PatchEntry)
    assert found.body["spec"] == {"labels": {DRAINING_LABEL: None}}


@SPOILT
def test_its_address_is_followed(annotations: dict[str, str]) -> None:
    found = step(pod(annotations=annotations, address="10.0.0.2"), entry())
    assert isinstance(found, PatchEntry)
    assert found.body["spec"] == {"address": "10.0.0.2"}


@SPOILT
def test_people_are_told_when_nothing_else_is_to_be_done(annotations: dict[str, str]) -> None:
    with pytest.raises(EntryError):
        step(pod(annotations=annotations), entry())


@SPOILT
def test_it_leaves_with_its_pod(annotations: dict[str, str]) -> None:
    assert step(pod(annotations=annotations, deleted=True), entry()) == Delete("entry")
