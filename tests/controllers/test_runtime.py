"""The core on an event loop."""

import asyncio

from controllers.runtime import Runtime
from ledger.ids import Generation
from ledger.receipts import Outcome, Query
from tests.conformance.samples import service, workload
from tests.hostility.requests import ack, ask, nonce_of, type_of
from xds.naming import cluster_names
from xds.objects import Applied, ConfigObject
from xds.plane import Plane
from xds.protocol.stream import Peer, Stream, Transport
from xds.types import CDS, EDS

WEB = service("web")


def applied(entry: ConfigObject, generation: int = 1) -> Applied:
    return Applied(entry, Generation(generation), str((entry, generation)).encode())


def take(runtime: Runtime, stream: Stream) -> None:
    """The proxy ACKs what it is sent."""
    plane = runtime.plane
    while (response := plane.next_response(stream, runtime.clock())) is not None:
        plane.receive(stream, ack(type_of(response), nonce_of(response)), runtime.clock())
    runtime.discovery.pump()


async def test_receipts_of_which_one_event_answers_too_many_are_all_answered_in_the_end() -> None:
    runtime = Runtime(Plane(answers_at_once=2))
    entry = workload("w", "web", "10.0.0.1")
    await runtime.apply([applied(WEB), applied(entry)])
    runtime.start(roster_known=True)
    stream = runtime.plane.open_stream(Transport(delta=True), Peer("peer"), runtime.clock())
    for request in (ask(CDS, node="proxy"), ask(EDS, list(cluster_names(WEB)))):
        runtime.plane.receive(stream, request, runtime.clock())
    take(runtime, stream)
    await runtime.apply([applied(workload("w", "web", "10.0.0.2"), 2)])
    waiting = [asyncio.create_task(runtime.receipt(Query(entry.key), 60.0)) for _ in range(7)]
    await asyncio.sleep(0)
    take(runtime, stream)
    async with asyncio.timeout(10):
        receipts = await asyncio.gather(*waiting)
    assert {receipt.outcome for receipt in receipts} == {Outcome.CONFIRMED}
