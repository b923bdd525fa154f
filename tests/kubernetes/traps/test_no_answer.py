"""An answer of 5xx to a request that makes an entry does not say that none will be made."""

import asyncio

from aiohttp import web

from controllers.kubernetes.pods.names import DRAINED
from tests.kubernetes.documents import service
from tests.kubernetes.store import Refusal
from tests.kubernetes.suite.lab import Lab
from tests.kubernetes.suite.lives import ONE, condition, controlled, gated
from tests.kubernetes.suite.pods import running


async def test_a_pod_is_not_drained_while_its_entry_may_be_made_yet(lab: Lab) -> None:
    """504 of a load balancer, or 500 `etcdserver: request timed out`: done a little later, as it happens."""
    double = lab.double
    assert double is not None
    late: list[object] = []

    def times_out(request: web.Request) -> Refusal | None:
        if request.method == "POST" and request.path.endswith("/workloadentries"):
            late.append(request)
            return Refusal(504, "Timeout", "Timeout: request did not complete within the allotted timeout")
        return None

    async with controlled(lab) as control:
        double.faults.append(times_out)
        await lab.apply("serviceentries", service(namespace=lab.namespace))
        await lab.apply("pods", {**gated("p"), "status": running(ONE)})
        await control.until(lambda: late, "it is being made")
        await lab.delete("pods", "p")
        told = asyncio.create_task(condition(lab, DRAINED))
        done, _ = await asyncio.wait({told}, timeout=3.0)
        told.cancel()
        assert not done, "drained, though its entry may be made yet"
