"""What a Pod says of itself, and what others say in its kubelet's place."""

import pytest

from controllers.kubernetes.pods.pod import Pod, lean
from tests.kubernetes.store import Document
from tests.kubernetes.suite.pods import pod, running


def over(reason: str | None) -> Pod:
    """A Pod whose phase is Failed, and whose containers were told as ended. reason: of `DisruptionTarget`."""
    made: Document = pod("p")
    made["metadata"] |= {"namespace": "default", "uid": "one"}
    made["status"] = {**running("10.0.0.1"), "phase": "Failed"}
    made["status"]["containerStatuses"] = [{"name": "main", "state": {"terminated": {"exitCode": 1}}}]
    if reason is not None:
        told = {"type": "DisruptionTarget", "status": "True", "reason": reason}
        made["status"]["conditions"] = [*made["status"]["conditions"], told]
    return Pod(lean(made))


@pytest.mark.parametrize("reason", [None, "TerminationByKubelet"])
def test_a_pod_has_ended_when_its_kubelet_says_so(reason: str | None) -> None:
    assert over(reason).has_ended


def test_a_pod_that_podgc_has_fail_has_not() -> None:
    """Its container had ended to begin anew, when its node left the API: that may run on."""
    assert over("DeletionByPodGC").is_over
    assert not over("DeletionByPodGC").has_ended
