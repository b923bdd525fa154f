"""What a Pod says of itself, and what others say in its kubelet's place."""

import pytest

from controllers.kubernetes.pods.names import PUBLISHED
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


@pytest.mark.parametrize("published", ["False", "True"])
def test_a_pod_that_waits_only_for_its_readiness_gates_is_ready(published: str) -> None:
    """A kubelet takes up to two seconds to see that they are open."""
    made: Document = {**pod("p"), "status": running("10.0.0.1")}
    made["metadata"] |= {"namespace": "default", "uid": "one"}
    made["spec"]["readinessGates"] = [{"conditionType": PUBLISHED}]
    told = {"type": "Ready", "status": "False", "reason": "ReadinessGatesNotReady"}
    made["status"]["conditions"] += [told, {"type": PUBLISHED, "status": published}]
    assert Pod(lean(made)).is_ready
