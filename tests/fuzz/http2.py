"""A gRPC client that has its bytes in its own hands: HTTP/2 (RFC 9113) as far as it takes to open a stream and to break
it in any place.

It tells the server to keep no header table, so that what the server says of headers is plain enough to read.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress

from tests.conformance.watched import PATIENCE

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

DATA, HEADERS, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = 0, 1, 3, 4, 5, 6, 7, 8, 9
END_STREAM, ACK, END_HEADERS, PADDED = 0x1, 0x1, 0x4, 0x8

LARGEST_FRAME = 16384
"""Bytes of a frame's payload that a server takes which has not said otherwise."""

STREAM = 1
"""The one stream that is opened on a connection; a client's have odd numbers."""

_NO_HEADER_TABLE = b"\x00\x01\x00\x00\x00\x00"

CLOSED = "closed"
"""How a connection ended that was simply closed."""


def frame(kind: int, payload: bytes = b"", flags: int = 0, stream: int = STREAM) -> bytes:
    """A frame as it goes over the wire."""
    return len(payload).to_bytes(3, "big") + bytes((kind, flags)) + stream.to_bytes(4, "big") + payload


def beginning() -> bytes:
    """What a connection begins with."""
    return PREFACE + frame(SETTINGS, _NO_HEADER_TABLE, stream=0)


def opening(path: str, **more: str) -> bytes:
    """Opens the stream, for the gRPC method at `path`. `more`: further headers, with underscores for hyphens."""
    headers = {":method": "POST", ":scheme": "http", ":path": path, ":authority": "fuzz"}
    headers |= {"te": "trailers", "content-type": "application/grpc"}
    headers |= {name.replace("_", "-"): value for name, value in more.items()}
    block = b"".join(b"\x00" + _string(name) + _string(value) for name, value in headers.items())
    return frame(HEADERS, block, END_HEADERS)


def message(body: bytes, *, flag: int = 0, length: int | None = None) -> bytes:
    """A gRPC message: a byte that tells of compression, four of length, the body."""
    return bytes((flag,)) + (len(body) if length is None else length).to_bytes(4, "big") + body


def frames(data: bytes) -> bytes:
    """DATA frames, as few as it takes."""
    return b"".join(frame(DATA, data[at : at + LARGEST_FRAME]) for at in range(0, len(data), LARGEST_FRAME))


class RawClient:
    """One connection with one stream. Pings and settings are answered, so that the server finds no fault in those."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._received = bytearray()
        self._messages: deque[bytes] = deque()
        self._ending: str | None = None

    @classmethod
    async def connect(cls, port: int) -> "RawClient":
        """Connects, and says nothing yet."""
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    async def send(self, pieces: Iterable[bytes]) -> None:
        """Writes each piece by itself; what the server has closed its ears to is lost."""
        with suppress(ConnectionError):
            for piece in pieces:
                self._writer.write(piece)
                await self._writer.drain()

    async def message(self) -> bytes:
        """The next response.

        Raises:
            AssertionError: the stream ends before, or nothing comes.
        """
        await self._read_until(lambda: bool(self._messages))
        assert self._messages, f"a response was to come, and the stream ends: {self._ending}"
        return self._messages.popleft()

    async def ending(self) -> str:
        """How the stream ends: the number of a gRPC status, `reset` or `goaway` with HTTP/2's, or `closed`.

        Raises:
            AssertionError: it does not end.
        """
        await self._read_until(lambda: False)
        assert self._ending is not None
        return self._ending

    async def close(self) -> None:
        """Closes the connection, in whatever state it is."""
        self._writer.close()
        with suppress(ConnectionError):
            await self._writer.wait_closed()

    async def _read_until(self, enough: Callable[[], bool]) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                while self._ending is None and not enough():
                    await self._read_frame()
        except (asyncio.IncompleteReadError, ConnectionError):
            self._ending = CLOSED
        except TimeoutError:
            raise AssertionError("the server neither answers nor ends the stream") from None

    async def _read_frame(self) -> None:
        head = await self._reader.readexactly(9)
        kind, flags, stream = head[3], head[4], int.from_bytes(head[5:], "big")
        payload = await self._reader.readexactly(int.from_bytes(head[:3], "big"))
        if kind in (SETTINGS, PING) and not flags & ACK:
            await self.send([frame(kind, payload if kind == PING else b"", ACK, stream=0)])
        elif kind == DATA and stream == STREAM:
            self._take_data(payload)
        elif kind == HEADERS and stream == STREAM:
            headers = _read_headers(payload)
            if flags & END_STREAM:
                self._ending = headers.get("grpc-status", f"HTTP {headers.get(':status')}")
        elif kind == RST_STREAM:
            self._ending = f"reset {int.from_bytes(payload, 'big')}"
        elif kind == GOAWAY:
            self._ending = f"goaway {int.from_bytes(payload[4:8], 'big')}"

    def _take_data(self, payload: bytes) -> None:
        self._received += payload
        while len(self._received) >= 5 + (length := int.from_bytes(self._received[1:5], "big")):
            if len(self._received) < 5:
                return
            self._messages.append(bytes(self._received[5 : 5 + length]))
            del self._received[: 5 + length]


# HPACK (RFC 7541), without Huffman and without a table


def _string(text: str) -> bytes:
    data = text.encode()
    assert len(data) < 127, "a longer one takes more than one byte to say its length"
    return bytes((len(data),)) + data


def _read_headers(block: bytes) -> dict[str, str]:
    found: dict[str, str] = {}
    at = 0
    while at < len(block):
        first = block[at]
        if first & 0x80:
            at = _read_integer(block, at, 7)[1]  # a whole header of the static table, such as :status 200
        elif first & 0xE0 == 0x20:
            at = _read_integer(block, at, 5)[1]  # the size of the table
        else:
            index, at = _read_integer(block, at, 6 if first & 0x40 else 4)
            name = f"static {index}"
            if not index:
                name, at = _read_string(block, at)
            found[name], at = _read_string(block, at)
    return found


def _read_string(block: bytes, at: int) -> tuple[str, int]:
    assert not block[at] & 0x80, "Huffman"
    length, at = _read_integer(block, at, 7)
    return block[at : at + length].decode(errors="replace"), at + length


def _read_integer(block: bytes, at: int, bits: int) -> tuple[int, int]:
    limit = (1 << bits) - 1
    value = block[at] & limit
    at += 1
    if value < limit:
        return value, at
    shift = 0
    while True:
        value += (block[at] & 0x7F) << shift
        shift += 7
        at += 1
        if not block[at - 1] & 0x80:
            return value, at
