"""HTTP/2 at the test's will: a client that may stop reading, stop in the middle of a message, or reset.

A gRPC library would not do these things. Frames and HPACK are `h2`'s; what is sent and what is read is decided here.
"""

import asyncio
from collections import deque
from contextlib import suppress

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import (
    ConnectionTerminated,
    DataReceived,
    Event,
    PingAckReceived,
    ResponseReceived,
    StreamEnded,
    StreamReset,
    TrailersReceived,
)
from h2.exceptions import H2Error

_PREFIX = 5
"""Bytes before a gRPC message: whether it is compressed, and its length."""

_KEPT = 16
"""Messages that nobody has taken yet; of more, the oldest are dropped."""

_ROUND_TRIPS = 3
"""After so many the server has said what room it has: it measures the connection first, if it does."""


def framed(message: bytes) -> bytes:
    """A gRPC message as it goes into DATA frames."""
    return b"\0" + len(message).to_bytes(4, "big") + message


class HungUpError(Exception):
    """The stream or its connection is over."""


class Call:
    """One stream.

    reads: whether what arrives is acknowledged. Without that the server's window fills, and nothing more arrives.
    received: bytes that have arrived. ended: set when the server has ended the stream, or the connection is gone.
    status: the gRPC status code as the server gave it; empty if it gave none.
    """

    def __init__(self, wire: "Wire", stream: int, reads: bool) -> None:
        self._wire = wire
        self.id = stream
        self.reads = reads
        self.received = 0
        self.ended = asyncio.Event()
        self.status = ""
        self._messages: deque[bytes] = deque(maxlen=_KEPT)
        self._partial = bytearray()
        self._more = asyncio.Event()

    async def send(self, *messages: bytes) -> None:
        """Sends messages as fast as the server's flow control allows.

        Raises:
            HungUpError: the stream is over.
        """
        await self.send_raw(b"".join(map(framed, messages)))

    async def send_raw(self, data: bytes) -> None:
        """Sends bytes as they are: perhaps a part of a message.

        Raises:
            HungUpError: the stream is over.
        """
        rest = memoryview(data)
        while rest:
            rest = rest[await self._wire.send_some(self, rest) :]

    async def send_what_fits(self, data: bytes) -> int:
        """Sends as much as the server has room for now. Returns how many bytes that is; 0: it has no room.

        What it has read by now, and has told of, counts as room.
        """
        for _ in range(_ROUND_TRIPS):
            await self._wire.round_trip()
        return self._wire.send_now(self, memoryview(data))

    async def message(self) -> bytes:
        """The next message from the server.

        Raises:
            HungUpError: there is none, and the stream is over.
        """
        while not self._messages:
            if self.ended.is_set():
                raise HungUpError
            self._more.clear()
            await self._more.wait()
        return self._messages.popleft()

    def half_close(self) -> None:
        """Says that nothing more will be sent."""
        self._wire.half_close(self)

    def reset(self) -> None:
        """Ends the stream with RST_STREAM, wherever it is."""
        self._wire.reset(self)

    def cut(self) -> None:
        """Cuts the connection."""
        self._wire.close()

    # What its connection tells it

    def take(self, data: bytes) -> None:
        """Data has arrived."""
        self.received += len(data)
        if not self.reads:
            return
        self._partial += data
        while len(self._partial) >= _PREFIX:
            end = _PREFIX + int.from_bytes(self._partial[1:_PREFIX], "big")
            if len(self._partial) < end:
                break
            self._messages.append(bytes(self._partial[_PREFIX:end]))
            del self._partial[:end]
            self._more.set()

    def end(self, status: str = "") -> None:
        """The stream is over."""
        self.status = self.status or status
        self.ended.set()
        self._more.set()


class Wire(asyncio.Protocol):
    """One connection. It answers pings for as long as it reads."""

    def __init__(self) -> None:
        self._h2 = H2Connection(H2Configuration(client_side=True, header_encoding="utf-8"))
        self._transport: asyncio.Transport | None = None
        self._calls: dict[int, Call] = {}
        self._full = False
        self._changed = asyncio.Event()
        self._answered = asyncio.Event()
        self.gone = asyncio.Event()

    @classmethod
    async def connect(cls, port: int) -> "Wire":
        """Connects to a port of 127.0.0.1.

        Raises:
            OSError: nobody listens there.
        """
        _, wire = await asyncio.get_running_loop().create_connection(cls, "127.0.0.1", port)
        return wire

    def open(self, method: str, reads: bool = True) -> Call:
        """Opens a stream.

        Raises:
            HungUpError: the connection is over.
        """
        headers = [(":method", "POST"), (":scheme", "http"), (":path", method), (":authority", "localhost")]
        try:
            call = Call(self, self._h2.get_next_available_stream_id(), reads)
            self._h2.send_headers(call.id, [*headers, ("te", "trailers"), ("content-type", "application/grpc")])
        except H2Error as error:
            raise HungUpError from error
        self._calls[call.id] = call
        self._flush()
        return call

    def stop_reading(self) -> None:
        """From now on not a byte is taken from the socket: pings go unanswered too."""
        assert self._transport is not None
        self._transport.pause_reading()

    def close(self) -> None:
        """Cuts the connection."""
        assert self._transport is not None
        self._transport.abort()

    # What its calls use

    def send_now(self, call: Call, data: memoryview) -> int:
        """Sends as much as fits into one frame and the windows. Returns how many bytes that is.

        Raises:
            HungUpError: the stream is over.
        """
        if call.ended.is_set():
            raise HungUpError
        try:
            room = min(self._h2.local_flow_control_window(call.id), self._h2.max_outbound_frame_size, len(data))
            if room <= 0 or self._full:
                return 0
            self._h2.send_data(call.id, bytes(data[:room]))
        except H2Error as error:
            raise HungUpError from error
        self._flush()
        return room

    async def send_some(self, call: Call, data: memoryview) -> int:
        """As `send_now`, once that is something."""
        while not (sent := self.send_now(call, data)):
            self._changed.clear()
            await self._changed.wait()
        return sent

    async def round_trip(self) -> None:
        """Returns when the server has answered a ping, and so has seen all that was sent before.

        Raises:
            HungUpError: the connection is over.
        """
        self._h2.ping(b"mistrust")
        self._flush()
        self._answered.clear()
        await self._answered.wait()
        if self.gone.is_set():
            raise HungUpError

    def half_close(self, call: Call) -> None:
        with suppress(H2Error):  # the server was quicker
            self._h2.end_stream(call.id)
        self._flush()

    def reset(self, call: Call) -> None:
        with suppress(H2Error):
            self._h2.reset_stream(call.id)
        self._calls.pop(call.id, None)
        call.end()
        self._flush()

    # What the event loop tells it

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._h2.initiate_connection()
        self._flush()

    def data_received(self, data: bytes) -> None:
        try:
            events = self._h2.receive_data(data)
        except H2Error:
            self.close()
            return
        for event in events:
            self._take(event)
        self._flush()
        self._changed.set()

    def pause_writing(self) -> None:
        self._full = True

    def resume_writing(self) -> None:
        self._full = False
        self._changed.set()

    def connection_lost(self, exc: Exception | None) -> None:
        self.gone.set()
        for call in self._calls.values():
            call.end()
        self._calls.clear()
        self._changed.set()
        self._answered.set()

    def _take(self, event: Event) -> None:
        if isinstance(event, ConnectionTerminated):
            self.close()
            return
        if isinstance(event, PingAckReceived):
            self._answered.set()
            return
        call = self._calls.get(getattr(event, "stream_id", None) or 0)
        if isinstance(event, DataReceived) and (call is None or call.reads):
            with suppress(H2Error):
                self._h2.acknowledge_received_data(event.flow_controlled_length or 0, event.stream_id or 0)
        if call is None:
            return
        if isinstance(event, DataReceived):
            call.take(event.data or b"")
        elif isinstance(event, ResponseReceived | TrailersReceived):  # the former, where the call is refused at once
            headers = {str(name): str(value) for name, value in event.headers}
            call.status = headers.get("grpc-status", "")
        elif isinstance(event, StreamEnded | StreamReset):
            del self._calls[call.id]
            call.end()

    def _flush(self) -> None:
        data = self._h2.data_to_send()
        if data and self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)
