"""What a client may say that breaks HTTP/2 or gRPC, or nearly does. Each begins with a connection's first byte."""

import gzip

from protos.base_pb2 import Node
from protos.discovery_pb2 import DiscoveryRequest
from tests.conformance.transports import method
from tests.fuzz.http2 import (
    CONTINUATION,
    DATA,
    END_HEADERS,
    END_STREAM,
    GOAWAY,
    HEADERS,
    LARGEST_FRAME,
    PADDED,
    PING,
    PREFACE,
    PUSH_PROMISE,
    RST_STREAM,
    SETTINGS,
    WINDOW_UPDATE,
    beginning,
    frame,
    frames,
    message,
    opening,
)
from xds.protocol.stream import Transport
from xds.types import EDS

NAME = "anything"
REQUEST = DiscoveryRequest(node=Node(id="raw"), type_url=EDS, resource_names=[NAME]).SerializeToString()
GOOD = frame(DATA, message(REQUEST))
"""A request that is answered."""

PATH = method(Transport(delta=False))
OPEN = beginning() + opening(PATH)
ZIPPED = beginning() + opening(PATH, grpc_encoding="gzip")

BOMB = frames(message(gzip.compress(bytes(60_000_000)), flag=1))
"""A message that grows a thousandfold."""

MESSAGES = {
    "longer than anything": (OPEN + frame(DATA, message(REQUEST, length=0xFFFFFFFF)), "RESOURCE_EXHAUSTED"),
    "a byte over the limit": (OPEN + frame(DATA, message(REQUEST, length=4 * 1024 * 1024 + 1)), "RESOURCE_EXHAUSTED"),
    "longer than it says": (OPEN + frame(DATA, message(REQUEST, length=3)), "INVALID_ARGUMENT"),
    "compressed in no way that was told": (OPEN + frame(DATA, message(REQUEST, flag=1)), "INTERNAL"),
    "compressed, and is not": (ZIPPED + frame(DATA, message(REQUEST, flag=1)), "INTERNAL"),
    "compressed by a thousand": (ZIPPED + BOMB, "RESOURCE_EXHAUSTED"),
    "without its end": (OPEN + frame(DATA, message(REQUEST, length=1000), END_STREAM), "OK"),
    "without all of its length": (OPEN + frame(DATA, b"\0\0\0", END_STREAM), "OK"),
    "of a method that there is not": (beginning() + opening("/no/such"), "UNIMPLEMENTED"),
}
"""Broken messages, and the status with which gRPC ends the stream: OK where the end is taken for the peer's own."""

FATAL = {
    "another protocol": b"GET / HTTP/1.1\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500),
    "half a preface": PREFACE[:10] + bytes(100),
    "no settings": PREFACE + opening(PATH) + GOOD,
    "too long a frame": OPEN + frame(DATA, bytes(LARGEST_FRAME + 1)),
    "a frame of 16 MB": OPEN + b"\xff\xff\xff" + bytes(5) + b"\x01",
    "headers that are none": beginning() + frame(HEADERS, b"\xff" * 8, END_HEADERS),
    "headers without a method": beginning() + frame(HEADERS, b"\x82\x86", END_HEADERS),
    "no headers": beginning() + frame(HEADERS, b"", END_HEADERS),
    "headers cut short by data": beginning() + frame(HEADERS, b"\x82") + GOOD,
    "a continuation of nothing": OPEN + frame(CONTINUATION, b"\x82", END_HEADERS),
    "a second opening": OPEN + opening(PATH),
    "padding beyond the end": OPEN + frame(DATA, b"\xffabc", PADDED),
    "settings of three bytes": OPEN + frame(SETTINGS, b"abc", stream=0),
    "settings of a stream": OPEN + frame(SETTINGS),
    "a window that grows by nothing": OPEN + frame(WINDOW_UPDATE, bytes(4), stream=0),
    "a ping of a byte": OPEN + frame(PING, b"a", stream=0),
    "a flood of pings": OPEN + frame(PING, bytes(8), stream=0) * 5000,
    "a reset of three bytes": OPEN + frame(RST_STREAM, b"abc"),
    "a short goodbye": OPEN + frame(GOAWAY, b"a", stream=0),
}
"""What ends the stream or the connection, in whatever words."""

HARMLESS = {
    "a frame of no kind": frame(0xEE, b"abc"),
    "data of no stream": frame(DATA, b"abc", stream=0),
    "data of another stream": frame(DATA, b"abc", stream=7),
    "a promise": frame(PUSH_PROMISE, bytes(8)),
    "a goodbye": frame(GOAWAY, bytes(8), stream=0),
    "the largest window": frame(WINDOW_UPDATE, b"\x7f\xff\xff\xff", stream=0),
    "a flood of settings": frame(SETTINGS, stream=0) * 5000,
    "a flood of nothing": frame(DATA) * 5000,
}
"""What gRPC lets pass although some of it is wrong: the stream goes on."""
