"""What the streams say: encoded delta requests, and as little as need be of the responses.

The clients here are many and the machine is one, so nothing is decoded that can be found by looking at bytes.
"""

from collections.abc import Iterable

from ledger.ids import TypeUrl
from protos.base_pb2 import Node
from protos.discovery_pb2 import DeltaDiscoveryRequest
from xds.types import TYPES

METHOD = "/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources"

_NONCE = b"\x2a"
"""Tag of a response's `nonce`, which the server writes last. No nonce has this byte in it: it is an asterisk."""

_RESPONSE_NONCE = b"\x32"
"""Tag of a request's `response_nonce`."""

_TAIL = 512
"""Bytes at the end of a response, longer than its fields behind the resources unless names are removed."""


def ask(type_url: TypeUrl, names: Iterable[str] = (), node: str = "") -> bytes:
    """Subscribes to names, or, on the first request of clusters, to all. `node`: on a stream's first request."""
    request = DeltaDiscoveryRequest(type_url=type_url, resource_names_subscribe=names)
    return introduced(node, request.SerializeToString()) if node else request.SerializeToString()


def introduced(node: str, request: bytes) -> bytes:
    """The request with a node in it, as a stream's first one must have."""
    return DeltaDiscoveryRequest(node=Node(id=node)).SerializeToString() + request


class ManyNames:
    """Subscribes to names of nothing that exists, so many and so long.

    Each `of` gives others, and costs little.
    """

    _MARK = b"@@@@@@@@@@@@"

    def __init__(self, type_url: TypeUrl, many: int, length: int) -> None:
        names = (f"{self._MARK.decode()}{number:08}".ljust(length, ".") for number in range(many))
        self._template = ask(type_url, names)

    def of(self, number: int, part: int = 0) -> bytes:
        return self._template.replace(self._MARK, f"{number:06}{part:06}".encode())


_ACKS = {type_url: DeltaDiscoveryRequest(type_url=type_url).SerializeToString() for type_url in TYPES}


def ack(type_url: TypeUrl, nonce: bytes) -> bytes:
    """Accepts the response with this nonce."""
    return b"".join((_ACKS[type_url], _RESPONSE_NONCE, bytes((len(nonce),)), nonce))


def nonce_of(response: bytes) -> bytes:
    """The response's nonce."""
    return response.rpartition(_NONCE)[2][1:]


def type_of(response: bytes) -> TypeUrl:
    """The response's type."""
    tail = response[-_TAIL:]
    return max(TYPES, key=lambda type_url: tail.rfind(type_url.encode()))
