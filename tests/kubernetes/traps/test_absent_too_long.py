"""A receipt that is RELEASED_UNCONFIRMED confirms nothing."""

from controllers.kubernetes.pods.names import DRAINED, PUBLISHED
from controllers.kubernetes.pods.pod import Pod
from controllers.runtime import Runtime
from tests.hostility.requests import ask
from tests.kubernetes.suite.control import Control, Hurried
from tests.kubernetes.suite.lab import Lab
from tests.kubernetes.suite.lives import begun, condition
from xds.plane import Plane
from xds.protocol.introduction import Peer
from xds.protocol.stream import Transport
from xds.timing import Timing
from xds.types import CDS, EDS

DEADLINE = 300.0
LONGEST = 100.0


async def alive(lab: Lab, longest_request: float = -1.0) -> Control:
    runtime = Runtime(Plane(timing=Timing(absent_deadline=DEADLINE)), Hurried())
    return await Control(lab, runtime=runtime, longest_request=longest_request).start()


async def test_a_pod_is_not_told_that_every_proxy_has_it_where_one_was_absent_too_long(lab: Lab) -> None:
    control = await alive(lab)
    try:
        await begun(lab, "other", "10.0.0.9")
        await condition(lab, PUBLISHED, name="other")
        control.disconnect()
        await begun(lab)
        await control.at_rest()
        await control.pass_time(DEADLINE)
        told = await condition(lab, PUBLISHED)
        assert told["reason"] != "Confirmed", told
    finally:
        await control.kill()


async def test_requests_of_a_proxy_that_was_absent_too_long_have_their_time_when_it_is_back(lab: Lab) -> None:
    """It was cut off from us, and went on routing; its last request may be as young as its ACK."""
    control = await alive(lab, longest_request=LONGEST)
    try:
        await begun(lab, grace=60)
        await condition(lab, PUBLISHED)
        control.disconnect()
        await lab.delete("pods", "p")
        await control.at_rest()
        await control.pass_time(DEADLINE)
        assert control.drain._drain._confirmed, "it is waited for: it was not absent for too long"
        await control.pass_time(LONGEST - 10.0)
        # Before the entry is released: it is back, and has what is newest.
        plane, clock = control.runtime.plane, control.runtime.clock
        control.stream = plane.open_stream(Transport(delta=True), Peer("peer"), clock())
        for request in (ask(CDS, node="proxy"), ask(EDS, [f"outbound|80|{lab.namespace}/web|web.example"])):
            plane.receive(control.stream, request, clock())
        control.take()
        for seconds in (0.0, 20.0, LONGEST - 20.0 - 1.0):
            await control.pass_time(seconds)
            document = await lab.get("pods", "p")
            told = Pod(document).condition(DRAINED) if document else {}
            assert told.get("status") != "True", told
    finally:
        await control.kill()


async def test_people_are_not_told_that_no_proxy_routes_to_an_entry_then(lab: Lab) -> None:
    control = await alive(lab)
    try:
        await begun(lab, grace=60)
        await condition(lab, PUBLISHED)
        control.disconnect()
        await lab.delete("pods", "p")
        await control.at_rest()
        await control.pass_time(DEADLINE)
        await lab.until_gone("workloadentries", "p")
        await control.at_rest()
        said = [event for event in await lab.list("events") if event["reason"].startswith("Released")]
        assert {event["reason"] for event in said} == {"ReleasedUnconfirmed"}
    finally:
        await control.kill()
