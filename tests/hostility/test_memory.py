"""What may be held of requests: those that are not read yet, and those that were refused."""

import gc
from collections.abc import Iterator
from weakref import ReferenceType, ref

import pytest

from tests.conformance.watched import PATIENCE, WatchedPlane
from tests.hostility.arena import CLUSTERS, Arena
from tests.hostility.http2 import framed
from tests.hostility.requests import ack, ask
from xds.pace import Pace
from xds.protocol.errors import StreamError
from xds.protocol.stream import Stream
from xds.types import CDS

KIBIBYTE = 1024


@pytest.fixture
def no_collection() -> Iterator[None]:
    """Nothing is freed but by the last reference going."""
    gc.disable()
    yield
    gc.enable()


async def test_a_flood_that_is_not_read_is_held_back_by_its_window(
    arena: Arena, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However fast the connection: a window that grows with it would be filled by each stream that floods."""
    monkeypatch.setattr(Pace, "pause", lambda *_: 10 * PATIENCE)
    call = await arena.call()
    await call.send(ask(CDS, node="floods"))
    await arena.until(lambda: any(stream.paused for stream in arena.streams_of("floods")), "it is read no more")
    flood = b"".join(framed(ack(CDS, b"none.1")) for _ in range(1000))
    accepted = 0
    while (more := await call.send_what_fits(flood)) and accepted < 10_000 * KIBIBYTE:
        accepted += more
    assert accepted <= 256 * KIBIBYTE


async def test_what_a_refused_stream_has_said_is_freed_with_it(
    arena: Arena, monkeypatch: pytest.MonkeyPatch, no_collection: None
) -> None:
    """It may be megabytes, and the collector of cycles comes late."""
    errors: list[ReferenceType[StreamError]] = []
    receive = WatchedPlane.receive

    def watched(plane: WatchedPlane, stream: Stream, data: bytes, now: float) -> None:
        try:
            receive(plane, stream, data, now)
        except StreamError as error:
            errors.append(ref(error))
            raise

    monkeypatch.setattr(WatchedPlane, "receive", watched)
    call = await arena.call()
    await call.send(ask(CDS, CLUSTERS, node="n" * 2000))
    await call.ended.wait()
    await arena.until(lambda: not arena.plane.streams, "the stream is over")
    assert [error() for error in errors] == [None]


async def test_streams_that_have_ended_leave_nothing_for_the_collector_of_cycles(
    arena: Arena, no_collection: None
) -> None:
    """What is loaded is taken out of its sight, and streams that are open then with it."""
    gc.collect()
    for _ in range(5):  # gRPC keeps the last one or two
        call = await arena.call()
        await call.send(ask(CDS, CLUSTERS, node="comes and goes"))
        await arena.until(lambda: bool(arena.streams_of("comes and goes")), "the stream is open")
        call.reset()
        await arena.until(lambda: not arena.plane.streams, "the stream is over")
    gc.set_debug(gc.DEBUG_SAVEALL)
    gc.collect()
    left = {type(thing).__name__ for thing in gc.garbage}
    gc.set_debug(0)
    gc.garbage.clear()
    assert not left & {"_ServicerContext", "RPCState", "Stream", "Task", "coroutine"}
