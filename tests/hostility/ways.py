"""The eight ways to misbehave, each as one stream that is opened again whenever it has ended."""

import asyncio
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from itertools import count

from tests.hostility.http2 import Call, HungUpError, Wire, framed
from tests.hostility.requests import METHOD, ManyNames, ack, ask, introduced
from xds.types import CDS, EDS

MEGABYTE = 1_000_000
MESSAGE_BYTES = 4 * 1024 * 1024
"""The largest request that the server takes, by default."""

_NAME_LENGTH = 40
_UNKNOWN = ManyNames(EDS, 10_000, _NAME_LENGTH)
_LONG_LIST = ManyNames(EDS, (MESSAGE_BYTES - 1000) // (_NAME_LENGTH + 2), _NAME_LENGTH)
"""With their tags and lengths, names of 40 bytes take 42."""

_RETURNS_AFTER = 1.0
"""Seconds until one that was refused or cut off is back; an Envoy takes half a second at least."""

_RESETS_AFTER = 0.1
"""Seconds between the streams of one that resets them."""

_NOTICED_AFTER = 15.0
"""Seconds after which the server has noticed that its pings go unanswered."""


class Misbehaving(ABC):
    """One misbehaving proxy.

    Args:
        number: tells it from others of its way.
        clusters: the names of all that is served.

    way: what it does, in a word. is_refused: whether its first request can't be taken; else it has asked for what is
    served, and holds receipts back. pause: seconds before its next stream. was_sent: whether it has ever been sent
    something, as far as it can tell. opened: how many streams it opened. endings: how they ended, by gRPC status;
    "cut": without one.
    """

    way: str
    is_refused = False
    reads = True
    pause = _RETURNS_AFTER

    def __init__(self, number: int, clusters: Sequence[str]) -> None:
        self.number = number
        self.node = f"{self.way}-{number}"
        self.clusters = clusters
        self.was_sent = False
        self.opened = 0
        self.endings: Counter[str] = Counter()

    async def run(self, port: int) -> None:
        """Misbehaves until it is cancelled."""
        while True:
            with suppress(HungUpError, OSError):
                await self.connection(port, count())
            await asyncio.sleep(self.pause)

    async def connection(self, port: int, streams: "range | count[int]") -> None:
        """Misbehaves on one connection, stream after stream, as many as there are numbers.

        Raises:
            HungUpError: the connection is gone.
            OSError: there can't be any.
        """
        wire = await Wire.connect(port)
        try:
            for _ in streams:
                await self._stream(wire)
                await asyncio.sleep(self.pause)
        finally:
            wire.close()

    async def _stream(self, wire: Wire) -> None:
        call = wire.open(METHOD, self.reads)
        self.opened += 1
        try:
            with suppress(HungUpError):
                await self.misbehave(wire, call)
            await call.ended.wait()
            self.endings[call.status or "cut"] += 1
        finally:
            self.was_sent = self.was_sent or call.received > 0

    @abstractmethod
    async def misbehave(self, wire: Wire, call: Call) -> None:
        """Does what it does on a stream that has just opened. Returns when there is nothing left to do.

        Raises:
            HungUpError: the server has ended the stream meanwhile.
        """

    async def ask_for_everything(self, call: Call) -> None:
        """Begins as a proxy does that means well."""
        await call.send(ask(CDS, node=self.node), ask(EDS, self.clusters))


class NeverReads(Misbehaving):
    """Lets the server's flow-control window fill; every other one does not even take bytes from its socket."""

    way = "never-reads"
    reads = False

    async def misbehave(self, wire: Wire, call: Call) -> None:
        await self.ask_for_everything(call)
        if self.number % 2:
            wire.stop_reading()
            await asyncio.sleep(_NOTICED_AFTER)
            wire.close()  # it can't see that it was cut off


class NeverAcks(Misbehaving):
    """Reads all, and keeps silent."""

    way = "never-acks"

    async def misbehave(self, wire: Wire, call: Call) -> None:
        await self.ask_for_everything(call)


class Floods(Misbehaving):
    """Sends requests as fast as they are taken: ACKs of what it was never sent, and all that it asked for, again."""

    way = "floods"

    async def misbehave(self, wire: Wire, call: Call) -> None:
        await self.ask_for_everything(call)
        flood = b"".join(map(framed, [*[ack(CDS, b"none.1")] * 100, ask(EDS, self.clusters)]))
        while True:
            await call.send_raw(flood)


class UnknownNames(Misbehaving):
    """Asks for ten thousand names that there are not, then for as many more, and so on."""

    way = "unknown-names"

    async def misbehave(self, wire: Wire, call: Call) -> None:
        await self.ask_for_everything(call)
        for part in count():
            await call.send(_UNKNOWN.of(self.number, part))
            await asyncio.sleep(self.pause)


class LongList(Misbehaving):
    """Begins with four mebibytes of names, just as many as go into a message."""

    way = "4-MiB-of-names"
    is_refused = True

    async def misbehave(self, wire: Wire, call: Call) -> None:
        await call.send(introduced(self.node, _LONG_LIST.of(self.number)))


class LongNodeId(Misbehaving):
    """Has a node id of a megabyte."""

    way = "1-MB-node-id"
    is_refused = True

    async def misbehave(self, wire: Wire, call: Call) -> None:
        await call.send(ask(CDS, node=self.node.ljust(MEGABYTE, ".")), ask(EDS, self.clusters))


class HalfCloses(Misbehaving):
    """Asks, and says that it will say nothing more: not even an ACK."""

    way = "half-closes"

    async def misbehave(self, wire: Wire, call: Call) -> None:
        await self.ask_for_everything(call)
        call.half_close()


class Resets(Misbehaving):
    """Resets its stream in the middle of a request, once it is answered, and opens another, again and again."""

    way = "resets"
    pause = _RESETS_AFTER

    async def misbehave(self, wire: Wire, call: Call) -> None:
        await self.ask_for_everything(call)
        for _ in (CDS, EDS):
            await call.message()
        request = framed(ask(EDS, self.clusters))
        await call.send_raw(request[: len(request) // 2])
        call.reset()


WAYS: tuple[type[Misbehaving], ...] = (
    NeverReads,
    NeverAcks,
    Floods,
    UnknownNames,
    LongList,
    LongNodeId,
    HalfCloses,
    Resets,
)
