"""Proxies that run in Pods: gone when their Pods have ended, and not before."""

from typing import Any

import pytest

from controllers.kubernetes.definitions import POD
from controllers.kubernetes.pods.names import NODE_ID
from controllers.kubernetes.pods.pod import Pod
from controllers.kubernetes.pods.proxies import node_of
from ledger.ids import ObjectKey, ProxyId
from ledger.receipts import Query
from tests.kubernetes.documents import service, workload, workload_key
from tests.kubernetes.store import Document
from tests.kubernetes.suite.control import Control
from tests.kubernetes.suite.lab import Lab, path_of
from tests.kubernetes.suite.lives import controlled
from tests.kubernetes.suite.pods import pod, running

_ABOUT = {"name": "main", "image": "registry.invalid/main", "imageID": "", "ready": False, "restartCount": 0}
ENDED = {"phase": "Succeeded", "containerStatuses": [{**_ABOUT, "state": {"terminated": {"exitCode": 0}}}]}


def proxy(**metadata: Any) -> Document:
    made = pod("proxy", enrolled=False, annotations={NODE_ID: "{uid}"}, **metadata)
    return {**made, "status": running("10.0.0.77")}


async def connected(lab: Lab, control: Control) -> ProxyId:
    """The proxy of a `Control` has the node id of a Pod."""
    node = (await lab.apply("pods", proxy()))["metadata"]["uid"]
    control.disconnect()
    control.runtime.forget(ProxyId("proxy"))
    control.connect(node)
    control.take()
    return ProxyId(node)


async def left_behind(lab: Lab, control: Control) -> None:
    """The proxy is away, and something has changed."""
    await lab.apply("serviceentries", service(namespace=lab.namespace))
    await connected(lab, control)
    await control.until(lambda: control.source.documents("Pod"), "its Pod is known")
    await control.source.catch_up(workload_key("web", lab.namespace))
    control.disconnect()
    await lab.apply("workloadentries", workload(namespace=lab.namespace))
    await control.until(lambda: "w" in control.addresses(), "the change is taken in")


def is_there(lab: Lab, control: Control) -> bool:
    """Whether the Pod is, as far as the control plane knows; others may have Pods in the cluster."""
    return control.source.document(ObjectKey(POD, lab.namespace, "proxy")) is not None


def outcome(lab: Lab, control: Control) -> str:
    plane, clock = control.runtime.plane, control.runtime.clock
    return plane.receipt(Query(workload_key("w", lab.namespace)), clock()).outcome.value


async def test_a_proxy_whose_pod_has_ended_holds_nothing_back(lab: Lab) -> None:
    async with controlled(lab) as control:
        await left_behind(lab, control)
        assert outcome(lab, control) == "PENDING"
        await lab.api.patch(f"{path_of('pods', lab.namespace, 'proxy')}/status", {"status": ENDED})
        await control.until(lambda: outcome(lab, control) == "CONFIRMED", "it is known to be gone")


async def test_one_whose_pod_is_only_gone_does(lab: Lab) -> None:
    """It was deleted by force: it may run on, on a node that nobody reaches."""
    async with controlled(lab) as control:
        await left_behind(lab, control)
        await lab.delete("pods", "proxy", gracePeriodSeconds=0)
        await control.until(lambda: not is_there(lab, control), "that is known")
        assert outcome(lab, control) == "PENDING"


async def test_one_that_is_still_connected_is_waited_for(lab: Lab) -> None:
    async with controlled(lab) as control:
        node = await connected(lab, control)
        await lab.api.patch(f"{path_of('pods', lab.namespace, 'proxy')}/status", {"status": ENDED})
        await control.until(lambda: control.proxies.worker.queue.next_at, "it is to be looked at again")
        control.disconnect()
        roster = control.runtime.plane.roster
        await control.until(lambda: (found := roster.get(node)) and found.presence == "GONE", "it is gone")


async def test_one_whose_pod_is_no_more_when_its_streams_are_seen_to_have_ended_is_gone(lab: Lab) -> None:
    """A kubelet tells that its containers have ended, and then takes the Pod away; a network may be slower to tell."""
    async with controlled(lab) as control:
        node = await connected(lab, control)
        await lab.api.patch(f"{path_of('pods', lab.namespace, 'proxy')}/status", {"status": ENDED})
        await control.until(lambda: control.proxies.worker.queue.next_at, "it is to be looked at again")
        await lab.delete("pods", "proxy", gracePeriodSeconds=0)
        await control.until(lambda: not is_there(lab, control), "the Pod is known to be no more")
        control.disconnect()
        roster = control.runtime.plane.roster
        await control.until(lambda: (found := roster.get(node)) and found.presence == "GONE", "it is gone")


@pytest.mark.parametrize(
    ("pattern", "node"),
    [
        ("{name}.{namespace}.{uid}", "p.default.one"),
        ("edge-{uid}", "edge-one"),
        ("{name}.{namespace}", None),
        ("edge-1", None),
        ("", None),
    ],
)
def test_a_node_id_that_another_pod_may_come_to_have_proves_nothing(pattern: str, node: str | None) -> None:
    document = pod("p", annotations={NODE_ID: pattern})
    document["metadata"] |= {"namespace": "default", "uid": "one"}
    assert node_of(Pod(document)) == node
