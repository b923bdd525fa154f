"""Requests that are cut in any place, on a real socket, say the same."""

import pytest

from tests.conformance.bench import NODE
from tests.conformance.samples import Sample
from tests.conformance.sockets import SocketBench
from tests.conformance.speech import Delta, Request, Response, Sotw, Speech
from tests.conformance.transports import method
from tests.fuzz.cutting import WAYS, Way
from tests.fuzz.http2 import DATA, RawClient, beginning, frame, message, opening
from xds.protocol.stream import Transport
from xds.types import CDS, EDS

SAMPLE = Sample(EDS, "a")


class CutClient:
    """Speaks xDS through a `RawClient`, cutting what it says."""

    def __init__(self, raw: RawClient, way: Way, delta: bool) -> None:
        self._raw = raw
        self._way = way
        self._transport = Transport(delta)
        self.speech: Speech = Delta() if delta else Sotw()

    async def open(self) -> None:
        await self._raw.send(self._way.writes(beginning() + opening(method(self._transport))))

    async def say(self, *requests: Request) -> None:
        """Sends these, one behind the other: their frames know nothing of where one ends."""
        requests[0].node.id = NODE
        data = b"".join(message(request.SerializeToString()) for request in requests)
        frames = b"".join(frame(DATA, piece) for piece in self._way.frames(data))
        await self._raw.send(self._way.writes(frames))

    async def hear(self) -> Response:
        return self.speech.read(await self._raw.message())


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS.keys())
@pytest.mark.parametrize("delta", [False, True], ids=["sotw", "delta"])
async def test_what_a_proxy_says_in_pieces_is_understood_and_confirmed(
    sockets: SocketBench, way: Way, delta: bool
) -> None:
    raw = await RawClient.connect(sockets.port)
    client = CutClient(raw, way, delta)
    await client.open()
    await sockets.put(SAMPLE.form())
    await client.say(client.speech.ask(EDS, [SAMPLE.name], version="", held=None))
    for number in (1, 2):
        response = await client.hear()
        assert response.names == [SAMPLE.name]
        await client.say(client.speech.ack(response))
        await sockets.plane.until(lambda: sockets.outcome(SAMPLE.form()) == "CONFIRMED", "the ACK is understood")
        await sockets.put(SAMPLE.form(number))
        assert sockets.outcome(SAMPLE.form()) == "PENDING"
    await raw.close()
    await sockets.plane.until(lambda: not sockets.plane.streams, "the end is noticed")


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS.keys())
@pytest.mark.parametrize("delta", [False, True], ids=["sotw", "delta"])
async def test_requests_that_come_in_one_breath_are_each_answered(sockets: SocketBench, way: Way, delta: bool) -> None:
    raw = await RawClient.connect(sockets.port)
    client = CutClient(raw, way, delta)
    await client.open()
    await sockets.put(SAMPLE.form())
    ask = client.speech.ask
    await client.say(*(ask(type_url, [SAMPLE.name], version="", held=None) for type_url in (EDS, CDS)))
    assert {(await client.hear()).type_url, (await client.hear()).type_url} == {EDS, CDS}
    await raw.close()
