"""The core on an event loop."""

import asyncio

import pytest

from controllers.runtime import Runtime
from ledger.ids import Generation, ObjectKey
from ledger.receipts import Outcome, Query
from tests.conformance.samples import service, workload
from tests.hostility.requests import ack, ask, nonce_of, type_of
from xds.naming import cluster_names
from xds.objects import Applied, ConfigObject
from xds.plane import Plane
from xds.protocol.introduction import Peer
from xds.protocol.stream import Stream, Transport
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


async def test_sources_that_are_late_are_named_and_nothing_is_confirmed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("controllers.runtime.CATCH_UP_SECONDS", 0.05)
    runtime = Runtime(Plane())
    entry = workload("w", "web", "10.0.0.1")
    await runtime.apply([applied(WEB), applied(entry)])
    runtime.start(roster_known=True)
    cancelled = asyncio.Event()

    async def quick(_: ObjectKey) -> None: ...

    async def slow(_: ObjectKey) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    runtime.barriers += [("one", slow), ("two", quick), ("three", slow)]
    receipt = await runtime.receipt(Query(entry.key), 0.0)
    assert receipt.outcome is Outcome.UNKNOWN
    assert receipt.reasons == ("what was written to one, three before the question is not all taken in yet",)
    async with asyncio.timeout(10):
        await cancelled.wait()


async def test_a_source_that_can_t_be_asked_for_a_mistake_of_ours_fails_the_question() -> None:
    runtime = Runtime(Plane())
    runtime.start(roster_known=True)

    async def broken(_: ObjectKey) -> None:
        raise KeyError("a mistake")

    runtime.barriers.append(("one", broken))
    with pytest.raises(KeyError, match="a mistake"):
        await runtime.receipt(Query(workload("w", "web", "10.0.0.1").key), 0.0)


async def test_nor_is_another_source_waited_for_that_does_not_answer() -> None:
    runtime = Runtime(Plane())
    runtime.start(roster_known=True)

    async def broken(_: ObjectKey) -> None:
        raise KeyError("a mistake")

    async def slow(_: ObjectKey) -> None:
        await asyncio.Event().wait()

    runtime.barriers += [("one", slow), ("two", broken)]
    async with asyncio.timeout(10):
        with pytest.raises(KeyError, match="a mistake"):
            await runtime.receipt(Query(workload("w", "web", "10.0.0.1").key), 600.0)


async def test_a_receipt_is_given_however_often_a_cluster_that_is_away_says_why_in_other_words() -> None:
    """Each attempt to reach it may fail in another way, and it is no concern of this object."""
    runtime, asked = Runtime(Plane()), list[ObjectKey]()
    runtime.start(roster_known=True)

    async def catch_up(key: ObjectKey) -> None:
        asked.append(key)
        runtime.trouble("another", f"no answer to attempt {len(asked)}", lambda _: False)
        if len(asked) > 10:
            raise AssertionError("it is asked again and again")

    runtime.barriers.append(("cluster", catch_up))
    await runtime.apply([applied(WEB)])
    assert (await runtime.receipt(Query(WEB.key), 0.0)).outcome is Outcome.CONFIRMED


async def test_a_receipt_waits_anew_for_a_cluster_that_is_back_meanwhile() -> None:
    """While it was away nobody waited for what was written there."""
    runtime, asked = Runtime(Plane()), list[ObjectKey]()
    runtime.start(roster_known=True)

    async def catch_up(key: ObjectKey) -> None:
        asked.append(key)
        if len(asked) == 1:
            runtime.trouble("another", "no answer", lambda _: False)
            runtime.trouble("another", None)

    runtime.barriers.append(("cluster", catch_up))
    await runtime.apply([applied(WEB)])
    assert (await runtime.receipt(Query(WEB.key), 0.0)).outcome is Outcome.CONFIRMED
    assert len(asked) == 2
