"""A process whose right is over asks nothing of the API server without end, while it ends."""

import asyncio

from controllers.fence import Fence
from controllers.kubernetes.drain import FINALIZER
from controllers.runtime import Runtime
from tests.kubernetes.documents import service, workload
from tests.kubernetes.suite.control import Control
from tests.kubernetes.suite.lab import Lab
from xds.plane import Plane


async def test_a_receipt_that_is_unknown_at_once_is_not_asked_for_again_at_once(lab: Lab) -> None:
    now = 0.0
    fence = Fence(lambda: now)
    fence.extend(10.0)
    control = Control(lab, runtime=Runtime(Plane(), fence=fence))
    await control.start()
    try:
        held = workload(namespace=lab.namespace)
        held["metadata"]["finalizers"] = [FINALIZER]
        held["spec"]["labels"]["lastack.io/draining"] = "true"
        await lab.apply("serviceentries", service(namespace=lab.namespace))
        await lab.apply("workloadentries", held)
        await control.until(lambda: "w" in control.addresses(), "it is taken in")
        now = 11.0
        await lab.delete("workloadentries", "w")
        await asyncio.sleep(0.3)
        before = len(control.requests)
        await asyncio.sleep(1.0)
        assert len(control.requests) - before < 50, f"{len(control.requests) - before} requests in a second"
    finally:
        await control.kill()
