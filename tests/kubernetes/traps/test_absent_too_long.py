"""A receipt that is RELEASED_UNCONFIRMED confirms nothing."""

import asyncio

from controllers.kubernetes.pods.names import DRAINED, PUBLISHED
from controllers.kubernetes.pods.pod import Pod
from controllers.runtime import Runtime
from tests.hostility.requests import ask
from tests.kubernetes.suite.control import Control
from tests.kubernetes.suite.lab import Lab
from tests.kubernetes.suite.lives import begun, condition
from xds.plane import Plane
from xds.protocol.introduction import Peer
from xds.protocol.stream import Transport
from xds.timing import Timing
from xds.types import CDS, EDS


async def alive(lab: Lab, longest_request: float = -1.0) -> Control:
    runtime = Runtime(Plane(timing=Timing(absent_deadline=0.5)))
    control = Control(lab, runtime=runtime, longest_request=longest_request)
    await control.start()
    control._tasks.append(asyncio.create_task(runtime.tick_forever()))
    return control


async def test_a_pod_is_not_told_that_every_proxy_has_it_where_one_was_absent_too_long(lab: Lab) -> None:
    control = await alive(lab)
    try:
        await begun(lab, "other", "10.0.0.9")
        await condition(lab, PUBLISHED, name="other")
        control.disconnect()
        await begun(lab)
        told = await condition(lab, PUBLISHED)
        assert told["reason"] != "Confirmed", told
    finally:
        await control.kill()


async def test_requests_of_a_proxy_that_was_absent_too_long_have_their_time_when_it_is_back(lab: Lab) -> None:
    """It was cut off from us, and went on routing; its last request may be as young as its ACK."""
    control = await alive(lab, longest_request=3.0)
    try:
        await begun(lab, grace=60)
        await condition(lab, PUBLISHED)
        control.disconnect()
        await lab.delete("pods", "p")
        await control.until(lambda: control.drain._drain._confirmed, "nobody is waited for: it was absent for too long")
        await asyncio.sleep(3.2)
        # Before the entry is released, after 4 s: it is back, and has what is newest.
        plane, clock = control.runtime.plane, control.runtime.clock
        control.stream = plane.open_stream(Transport(delta=True), Peer("peer"), clock())
        for request in (ask(CDS, node="proxy"), ask(EDS, [f"outbound|80|{lab.namespace}/web|web.example"])):
            plane.receive(control.stream, request, clock())
        back = clock()
        control.take()
        while clock() < back + 3.0:
            document = await lab.get("pods", "p")
            told = Pod(document).condition(DRAINED) if document else {}
            assert told.get("status") != "True", (clock() - back, told)
            await asyncio.sleep(0.05)
    finally:
        await control.kill()


async def test_people_are_not_told_that_no_proxy_routes_to_an_entry_then(lab: Lab) -> None:
    control = await alive(lab)
    try:
        await begun(lab, grace=60)
        await condition(lab, PUBLISHED)
        control.disconnect()
        await lab.delete("pods", "p")
        await lab.until_gone("workloadentries", "p")
        await asyncio.sleep(0.3)
        said = [event for event in await lab.list("events") if event["reason"].startswith("Released")]
        assert {event["reason"] for event in said} == {"ReleasedUnconfirmed"}
    finally:
        await control.kill()
