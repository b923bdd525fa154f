"""A plane behind sockets that can be waited for."""

import asyncio
from collections import Counter
from collections.abc import Callable

from ledger.ids import StreamId
from xds.plane import Plane
from xds.protocol.errors import StreamError
from xds.protocol.introduction import Peer
from xds.protocol.stream import Stream, Transport
from xds.timing import Timing

PATIENCE = 10.0
"""Seconds after which what has not come won't; never waited out by a test that passes."""


class WatchedPlane(Plane):
    """Tells when the gRPC server has done what it is to do, so that silence is a fact and not a wait.

    The server writes what `next_response` gives and nothing else. So once a request was handed to `receive`, and
    `next_response` has said None of every stream that `take_woken` named and that has something unsent, no more will be
    written until something else happens.

    opened: every stream, in order. received, given: how many requests and responses, by stream. busy: streams that the
    server has yet to look at, or to end. written: those of them of which it will ask again, since it got a response.
    """

    def __init__(self, timing: Timing) -> None:
        super().__init__(timing=timing)
        self.opened: list[Stream] = []
        self.received: Counter[StreamId] = Counter()
        self.given: Counter[StreamId] = Counter()
        self.busy: set[StreamId] = set()
        self.written: set[StreamId] = set()
        self._activity = asyncio.Event()

    def is_open(self, stream: Stream) -> bool:
        """Whether the stream has not ended."""
        return stream.id in self.streams

    async def until(self, condition: Callable[[], bool], what: str) -> None:
        """Returns when the condition holds, which is looked at whenever the server calls the plane.

        Raises:
            AssertionError: it does not come to hold.
        """
        try:
            async with asyncio.timeout(PATIENCE):
                while not condition():
                    self._activity.clear()
                    await self._activity.wait()
        except TimeoutError:
            raise AssertionError(f"did not come to be: {what}") from None

    def open_stream(self, transport: Transport, peer: Peer, now: float) -> Stream:
        stream = super().open_stream(transport, peer, now)
        self.opened.append(stream)
        self._activity.set()
        return stream

    def receive(self, stream: Stream, data: bytes, now: float) -> None:
        self.received[stream.id] += 1
        self.busy.add(stream.id)  # until it is written to, or, if this raises, ended
        self._activity.set()
        super().receive(stream, data, now)

    def next_response(self, stream: Stream, now: float) -> bytes | None:
        response = super().next_response(stream, now)
        if response is None:
            self.busy.discard(stream.id)
            self.written.discard(stream.id)
        else:
            self.given[stream.id] += 1
            self.written.add(stream.id)
        self._activity.set()
        return response

    def end_stream(self, stream: Stream, now: float) -> None:
        super().end_stream(stream, now)
        self.busy.discard(stream.id)
        self.written.discard(stream.id)
        self._activity.set()

    def take_woken(self) -> set[StreamId]:
        woken = super().take_woken()
        idle = {stream for stream in woken if not self.streams[stream].has_unsent}
        self.busy |= woken
        self.busy -= idle - self.written
        self._activity.set()
        return woken

    def tick(self, now: float) -> list[tuple[Stream, StreamError]]:
        overdue = super().tick(now)
        self.busy.update(stream.id for stream, _ in overdue)
        return overdue
