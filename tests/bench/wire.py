"""A proxy's end of a connection, reduced to what the bench needs: HTTP/2 with one stream, gRPC messages on it.

A library would do more than the servers that are measured, and then it would be the library that is measured. So here
is no header compression, no priorities and no TLS, and a window for all that will ever be sent.
"""

import socket
import struct
from collections.abc import Iterator

_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_DATA, _HEADERS, _RESET, _SETTINGS, _PING, _GOAWAY, _WINDOW = 0x0, 0x1, 0x3, 0x4, 0x6, 0x7, 0x8
_ACK = _END_STREAM = 0x1
_END_HEADERS = 0x4
_INITIAL_WINDOW = 0x4
_LARGEST_WINDOW = 2**31 - 1
_DEFAULT_WINDOW = 65_535
_FRAME_BYTES = 16_384
_STREAM = 1
_READ_BYTES = 2**18
_PREFIX = 5
"""Bytes before each gRPC message: a flag, and the length."""


def _frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    return len(payload).to_bytes(3) + struct.pack(">BBI", kind, flags, stream) + payload


def _literal(name: bytes, value: bytes) -> bytes:
    """A header field, without any compression (RFC 7541, 6.2.2)."""
    return b"\x00" + bytes((len(name),)) + name + bytes((len(value),)) + value


_FIELDS = (
    (b":method", b"POST"),
    (b":scheme", b"http"),
    (b":authority", b"lastack"),
    (b"te", b"trailers"),
    (b"content-type", b"application/grpc"),
)
_OPENING = b"".join(
    (
        _PREFACE,
        _frame(_SETTINGS, 0, 0, struct.pack(">HI", _INITIAL_WINDOW, _LARGEST_WINDOW)),
        _frame(_WINDOW, 0, 0, struct.pack(">I", _LARGEST_WINDOW - _DEFAULT_WINDOW)),
    )
)


class Wire:
    """One connection with its stream. `received`: bytes so far. `closed`: the server has ended it."""

    def __init__(self, port: int, method: str) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        fields = b"".join(_literal(*field) for field in ((b":path", method.encode()), *_FIELDS))
        self.socket.sendall(_OPENING + _frame(_HEADERS, _END_HEADERS, _STREAM, fields))
        self.socket.setblocking(False)
        self.received = 0
        self.closed = False
        self._frames = b""
        self._messages = b""
        self._unsent = b""
        self._windows = [_DEFAULT_WINDOW, _DEFAULT_WINDOW]  # of the connection, of the stream

    def send(self, message: bytes) -> None:
        """Sends a gRPC message, as soon as the server's window lets it."""
        self._unsent += b"\x00" + len(message).to_bytes(4) + message
        self._flush()

    def messages(self) -> Iterator[bytes]:
        """The messages that have arrived; to be called when the socket can be read."""
        try:
            data = self.socket.recv(_READ_BYTES)
        except BlockingIOError:
            return
        except ConnectionResetError:
            data = b""
        self.closed = self.closed or not data
        self.received += len(data)
        buffer, at = self._frames + data, 0
        while len(buffer) - at >= 9:
            end = at + 9 + int.from_bytes(buffer[at : at + 3])
            if len(buffer) < end:
                break
            self._take(buffer[at + 3], buffer[at + 4], buffer[at + 5 : at + 9], buffer[at + 9 : end])
            at = end
        self._frames = buffer[at:]
        while len(self._messages) >= _PREFIX:
            end = _PREFIX + int.from_bytes(self._messages[1:_PREFIX])
            if len(self._messages) < end:
                break
            message, self._messages = self._messages[_PREFIX:end], self._messages[end:]
            yield message

    def _take(self, kind: int, flags: int, stream: bytes, payload: bytes) -> None:
        if kind == _DATA:
            self._messages += payload
        elif kind == _SETTINGS and not flags & _ACK:
            for at in range(0, len(payload), 6):
                setting, value = struct.unpack_from(">HI", payload, at)
                if setting == _INITIAL_WINDOW:
                    self._windows[1] += value - _DEFAULT_WINDOW
            self._write(_frame(_SETTINGS, _ACK, 0))
            self._flush()
        elif kind == _PING and not flags & _ACK:
            self._write(_frame(_PING, _ACK, 0, payload))
        elif kind == _WINDOW:
            self._windows[1 if int.from_bytes(stream) else 0] += int.from_bytes(payload)
            self._flush()
        elif kind in (_RESET, _GOAWAY) or (kind == _HEADERS and flags & _END_STREAM):
            self.closed = True

    def _flush(self) -> None:
        while self._unsent and min(self._windows) > 0:
            size = min(len(self._unsent), _FRAME_BYTES, *self._windows)
            part, self._unsent = self._unsent[:size], self._unsent[size:]
            self._windows = [window - size for window in self._windows]
            self._write(_frame(_DATA, 0, _STREAM, part))

    def _write(self, data: bytes) -> None:
        self.socket.setblocking(True)  # it is little, and the server reads
        self.socket.sendall(data)
        self.socket.setblocking(False)
