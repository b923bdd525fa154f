"""Framing that is broken, on a real socket: that stream is ended, and no other notices."""

import random
from collections.abc import AsyncIterator

import grpc
import pytest

from ledger.ids import ProxyId
from tests.conformance.client import Client
from tests.conformance.samples import Sample
from tests.conformance.sockets import SocketBench
from tests.conformance.transports import Kind
from tests.fuzz import memory
from tests.fuzz.breakages import FATAL, GOOD, HARMLESS, MESSAGES, OPEN, REQUEST
from tests.fuzz.http2 import DATA, RST_STREAM, RawClient, beginning, frame, message
from xds.types import EDS

SAMPLE = Sample(EDS, "a")

MEGABYTE = 1024 * 1024


@pytest.fixture
async def neighbour(sockets: SocketBench) -> AsyncIterator[Client]:
    """A healthy stream, which after the test is served and confirmed as before, and is the only one."""
    await sockets.put(SAMPLE.form())
    client = await sockets.asking(Kind.ADS_DELTA, EDS, SAMPLE.name, node="neighbour")
    await client.accept(EDS)
    yield client
    await sockets.plane.until(lambda: list(sockets.plane.streams) == [client.stream.id], "the others are over")
    await sockets.put(SAMPLE.form(1))
    await client.accept(EDS)
    # A connection that was closed at once may be noticed only now.
    await sockets.plane.until(lambda: is_confirmed(sockets), "what the healthy stream has ACKed is confirmed")


def is_confirmed(sockets: SocketBench) -> bool:
    """Once the proxy that was broken is known to be gone."""
    sockets.plane.forget(ProxyId("raw"), sockets.now)
    return sockets.outcome(SAMPLE.form()) == "CONFIRMED"


def status(ending: str) -> str:
    """The name of a gRPC status, which the wire has as a number."""
    (code,) = (code for code in grpc.StatusCode if str(code.value[0]) == ending)
    return code.name


@pytest.mark.parametrize(("said", "expected"), MESSAGES.values(), ids=MESSAGES.keys())
async def test_a_message_that_is_broken_ends_its_stream_with_a_status(
    sockets: SocketBench, neighbour: Client, said: bytes, expected: str
) -> None:
    raw = await RawClient.connect(sockets.port)
    await raw.send([said])
    assert status(await raw.ending()) == expected
    await raw.close()


@pytest.mark.skipif(not memory.IS_KNOWN, reason="the system does not tell how much memory was in use at most")
@pytest.mark.parametrize("name", ["longer than anything", "compressed by a thousand"])
async def test_a_message_takes_no_memory_by_what_it_says_of_its_length(
    sockets: SocketBench, neighbour: Client, name: str
) -> None:
    raw = await RawClient.connect(sockets.port)
    memory.forget_peak()
    before = memory.peak()
    await raw.send([MESSAGES[name][0]])
    await raw.ending()
    assert memory.peak() - before < 16 * MEGABYTE
    await raw.close()


@pytest.mark.parametrize("said", FATAL.values(), ids=FATAL.keys())
async def test_what_breaks_http_ends_its_connection_and_no_other(
    sockets: SocketBench, neighbour: Client, said: bytes
) -> None:
    raw = await RawClient.connect(sockets.port)
    await raw.send([said])
    assert await raw.ending()
    await raw.close()


@pytest.mark.parametrize("said", HARMLESS.values(), ids=HARMLESS.keys())
async def test_what_is_odd_and_harmless_lets_the_stream_go_on(
    sockets: SocketBench, neighbour: Client, said: bytes
) -> None:
    raw = await RawClient.connect(sockets.port)
    await raw.send([OPEN, said, GOOD])
    assert await raw.message()
    await raw.close()


@pytest.mark.parametrize("kept", range(0, len(OPEN + GOOD), 7))
async def test_a_connection_that_is_cut_is_an_end_wherever_it_is_cut(
    sockets: SocketBench, neighbour: Client, kept: int
) -> None:
    raw = await RawClient.connect(sockets.port)
    await raw.send([(OPEN + GOOD)[:kept]])
    await raw.close()


@pytest.mark.parametrize("said", [b"", message(REQUEST)[:7], message(REQUEST)])
async def test_a_stream_that_the_peer_resets_is_over(sockets: SocketBench, neighbour: Client, said: bytes) -> None:
    opened = len(sockets.plane.opened)
    raw = await RawClient.connect(sockets.port)
    await raw.send([OPEN, frame(DATA, said)])
    await sockets.plane.until(lambda: len(sockets.plane.opened) > opened, "the stream is open")
    await raw.send([frame(RST_STREAM, bytes(4))])
    await sockets.plane.until(lambda: not sockets.plane.is_open(sockets.plane.opened[-1]), "the stream is over")
    await raw.close()


@pytest.mark.parametrize("flag", [2, 255])
async def test_a_compression_that_there_is_not_keeps_the_stream_from_being_heard_and_nobody_else(
    sockets: SocketBench, neighbour: Client, flag: int
) -> None:
    """gRPC reads no further and says nothing. What the proxy does not ACK meanwhile ends the stream by its deadline."""
    raw = await RawClient.connect(sockets.port)
    await raw.send([OPEN, GOOD])
    assert await raw.message()
    await raw.send([frame(DATA, message(REQUEST, flag=flag)), GOOD])
    await sockets.put(SAMPLE.form(2))
    await neighbour.accept(EDS)
    await sockets.pass_time(sockets.timing.end)
    assert status(await raw.ending()) == "DEADLINE_EXCEEDED"
    await raw.close()


@pytest.mark.parametrize("seed", range(30))
async def test_random_frames_harm_nobody_else(sockets: SocketBench, neighbour: Client, seed: int) -> None:
    chance = random.Random(seed)
    raw = await RawClient.connect(sockets.port)
    said = [beginning() if chance.random() < 0.3 else OPEN]
    for _ in range(chance.randrange(1, 30)):
        kind = chance.choice((*range(10), 0, 0, 0, 255))
        payload = chance.randbytes(chance.choice((0, 1, 4, 5, 8, 30, 300)))
        said.append(frame(kind, payload, chance.choice((0, 0, 1, 4, 5, 8, 32, 255)), chance.choice((1, 1, 1, 0, 3, 2))))
    await raw.send(said)
    await raw.close()


@pytest.mark.parametrize("seed", range(30))
async def test_random_bytes_within_a_stream_are_answered_or_ended(
    sockets: SocketBench, neighbour: Client, seed: int
) -> None:
    """Whatever they are taken for, the peer is told of an end once it says that it is done."""
    chance = random.Random(seed)
    raw = await RawClient.connect(sockets.port)
    said = b"".join(
        message(chance.choice((REQUEST, chance.randbytes(chance.randrange(40)))), flag=chance.choice((0, 0, 0, 1)))
        for _ in range(chance.randrange(1, 8))
    )
    cut = chance.randrange(len(said) + 1)
    await raw.send([OPEN, frame(DATA, said[:cut]), frame(DATA, said[cut:]), frame(DATA, flags=1)])
    assert await raw.ending()
    await raw.close()


async def test_a_stream_that_is_refused_just_when_it_is_first_answered_is_ended(sockets: SocketBench) -> None:
    """gRPC refuses to end a stream while its headers are being sent: the peer would wait for ever (rule 33)."""
    for _ in range(100):
        raw = await RawClient.connect(sockets.port)
        await raw.send([OPEN, frame(DATA, message(REQUEST) + message(b"\xff" * 20)), frame(DATA, flags=1)])
        assert await raw.ending()
