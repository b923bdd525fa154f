"""A proxy is declared gone only if its process has ended."""

from typing import Any

from controllers.kubernetes.pods.names import NODE_ID
from controllers.kubernetes.pods.pod import Pod
from controllers.kubernetes.pods.proxies import node_of
from ledger.ids import ProxyId
from tests.hostility.requests import ask
from tests.kubernetes.documents import service, workload, workload_key
from tests.kubernetes.store import Document
from tests.kubernetes.suite.control import Control
from tests.kubernetes.suite.lab import Lab, path_of
from tests.kubernetes.suite.lives import controlled
from tests.kubernetes.suite.pods import pod, running
from tests.kubernetes.suite.test_proxies import outcome
from xds.plane import Plane
from xds.protocol.introduction import Peer
from xds.protocol.stream import Transport
from xds.types import CDS, EDS


def stateful(pattern: str = "{name}", **metadata: Any) -> Document:
    """As the StatefulSet controller makes it: from a template, as all controllers do, which sets generateName, and then
    with a name of its own."""
    labels = {"app": "proxy", "statefulset.kubernetes.io/pod-name": "proxy"}
    made = pod("proxy", enrolled=False, generateName="prox-", annotations={NODE_ID: pattern}, **metadata)
    made["metadata"]["labels"] |= labels
    return {**made, "status": running("10.0.0.77")}


def test_a_stateful_pod_has_a_name_that_others_will_have() -> None:
    document = stateful()
    document["metadata"] |= {"namespace": "default", "uid": "one"}
    assert node_of(Pod(document)) is None


async def test_a_new_pod_of_the_name_is_not_gone_because_the_old_one_was(lab: Lab) -> None:
    async with controlled(lab) as control:
        await lab.apply("serviceentries", service(namespace=lab.namespace))
        await lab.apply("pods", stateful())
        await lab.api.patch(f"{path_of('pods', lab.namespace, 'proxy')}/status", {"status": {"phase": "Failed"}})
        await control.until(
            lambda: [d for _, d in control.source.documents("Pod") if d["status"].get("phase") == "Failed"],
            "that is known",
        )
        await lab.delete("pods", "proxy", gracePeriodSeconds=0)
        await lab.until_gone("pods", "proxy")
        await lab.apply("pods", stateful())
        await control.until(
            lambda: [d for _, d in control.source.documents("Pod") if d["status"].get("phase") == "Running"],
            "the new one runs",
        )
        await never_confirmed_while_it_is_away(lab, control)


async def test_one_that_the_garbage_collector_of_pods_has_marked_failed_may_run_on(lab: Lab) -> None:
    """Of a Pod whose node is no more in the API, podgc sets the phase to Failed, and deletes it by force then: whatever
    runs on that machine. Its containers' states stay as the kubelet told them last."""
    async with controlled(lab) as control:
        await lab.apply("serviceentries", service(namespace=lab.namespace))
        made = stateful("{uid}")
        made["status"]["containerStatuses"] = [container({"running": {"startedAt": "2026-01-01T00:00:00Z"}})]
        made = await lab.apply("pods", made)
        node_id = made["metadata"]["uid"]
        reconnected(control, node_id)
        told = {"type": "DisruptionTarget", "status": "True", "reason": "DeletionByPodGC"}
        conditions = [*made["status"]["conditions"], told]
        status = {"status": {"phase": "Failed", "conditions": conditions}}
        await lab.api.patch(f"{path_of('pods', lab.namespace, 'proxy')}/status", status)
        await control.until(
            lambda: [d for _, d in control.source.documents("Pod") if d["status"].get("phase") == "Failed"],
            "that is known",
        )
        await never_confirmed_while_it_is_away(lab, control)


def container(state: dict[str, Any]) -> dict[str, Any]:
    about = {"name": "main", "image": "registry.invalid/main", "imageID": "", "ready": True, "restartCount": 0}
    return {**about, "state": state}


def reconnected(control: Control, node: str) -> None:
    """The proxy of a `Control` has that node id."""
    plane: Plane = control.runtime.plane
    control.disconnect()
    control.runtime.forget(ProxyId("proxy"))
    control.stream = plane.open_stream(Transport(delta=True), Peer("peer"), control.runtime.clock())
    name = f"outbound|80|{control.lab.namespace}/web|web.example"
    for request in (ask(CDS, node=node), ask(EDS, [name])):
        plane.receive(control.stream, request, control.runtime.clock())
    control.take()


async def never_confirmed_while_it_is_away(lab: Lab, control: Control) -> None:
    await control.source.catch_up(workload_key("w", lab.namespace))
    control.take()
    control.disconnect()  # a network that is broken for some seconds
    await lab.apply("workloadentries", workload(namespace=lab.namespace))
    await control.until(lambda: "w" in control.addresses(), "the change is taken in")
    for _ in range(5):
        await control.pass_time(10.0)
        assert outcome(lab, control) == "PENDING"
