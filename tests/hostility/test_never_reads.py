"""A peer that does not read what it asked for: what is kept for it is bounded, and its stream can be ended."""

import asyncio
from contextlib import suppress

from ledger.ids import ProxyId
from ledger.receipts import StragglerState
from ledger.roster import Presence
from tests.conformance.watched import PATIENCE
from tests.hostility.arena import Arena
from tests.hostility.http2 import Call, HungUpError
from tests.hostility.requests import ask
from xds.limits import Limits
from xds.objects import Endpoint, Protocol, Resolution, ServiceEntry, ServicePort
from xds.types import CDS, EDS

NODE = "never-reads"

MEBIBYTE = 1024 * 1024


def large(form: int) -> ServiceEntry:
    """A service whose cluster and load assignment are a mebibyte each: more than any window is."""
    return ServiceEntry(
        "default",
        "large",
        ("large.example",),
        (ServicePort(80, "port", Protocol.HTTP),),
        resolution=Resolution.STATIC,
        endpoints=(Endpoint(f"10.0.0.{form}", service_account="s" * MEBIBYTE),),
        subject_alt_names=(f"{form}" * MEBIBYTE,),
    )


async def never_reading(arena: Arena) -> Call:
    """A stream on which a response was written, of which a window was taken and no more."""
    await arena.put(large(1))
    call = await arena.call(reads=False)
    await call.send(ask(CDS, node=NODE))
    await arena.until(lambda: any(arena.plane.given[stream.id] for stream in arena.streams_of(NODE)), "it is answered")
    return call


def is_absent(arena: Arena) -> bool:
    proxy = arena.plane.roster.get(ProxyId(NODE))
    return proxy is not None and proxy.presence is Presence.ABSENT


async def test_its_stream_ends_when_it_has_not_acked_in_time(arena: Arena) -> None:
    """Though what was written to it first will never be through."""
    await never_reading(arena)
    await arena.pass_time(arena.timing.end)
    await arena.until(lambda: is_absent(arena), "the stream is over")
    assert arena.stragglers(large(1)) == {NODE: {StragglerState.ABSENT}}


async def test_its_stream_ends_when_it_says_what_can_not_be(arena: Arena) -> None:
    call = await never_reading(arena)
    await call.send(b"\xff")
    await arena.until(lambda: is_absent(arena), "the stream is over")


async def test_its_stream_ends_when_it_says_no_more(arena: Arena) -> None:
    call = await never_reading(arena)
    call.half_close()
    await arena.until(lambda: is_absent(arena), "the stream is over")


async def test_its_stream_ends_when_the_server_shuts_down(arena: Arena) -> None:
    await never_reading(arena)
    await arena.discovery.drain(0.0)
    await arena.until(lambda: is_absent(arena), "the stream is over")


async def test_no_more_than_one_response_of_a_type_is_kept_for_it(arena: Arena) -> None:
    call = await never_reading(arena)
    await call.send(ask(EDS, ["outbound|80|default/large|large.example"]))
    (stream,) = arena.streams_of(NODE)
    await arena.until(lambda: EDS in stream.subscriptions, "it has asked for load assignments")
    for form in range(2, 9):
        await arena.put(large(form))
    assert arena.plane.given[stream.id] <= 2
    assert arena.outcome(large(8)) == "PENDING"


async def test_what_it_did_not_read_counts_as_an_open_stream_until_its_connection_is_gone(arena: Arena) -> None:
    """Else there could be any number of these, each with a response that is kept."""
    arena.limits = Limits(max_streams=1)
    await arena.restart()
    first = await never_reading(arena)
    await arena.pass_time(arena.timing.end)
    await arena.until(lambda: is_absent(arena), "the stream is over")
    assert await refusal(arena) == "8"  # RESOURCE_EXHAUSTED
    first.cut()
    async with asyncio.timeout(PATIENCE):
        while await refusal(arena):
            pass  # gRPC has not let go of it yet


async def refusal(arena: Arena) -> str:
    """Tries to open a stream. Returns the status with which it is refused; empty if it is answered."""
    call = await arena.call()
    with suppress(HungUpError):
        await call.send(ask(CDS, node="next"))
        await call.message()
    call.cut()
    return call.status


async def test_the_others_go_on(arena: Arena) -> None:
    await never_reading(arena)
    call = await arena.call()
    await call.send(ask(CDS, node="other"))
    assert await call.message()
