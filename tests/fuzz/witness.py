"""A healthy proxy beside the fuzzed streams: whatever these do, it is served and confirmed."""

from collections.abc import Iterable

from ledger.ids import TypeUrl
from protos.base_pb2 import Node
from protos.endpoint_pb2 import ClusterLoadAssignment
from tests.conformance.speech import Delta, Request, Response, Sotw, Speech
from xds.plane import Plane
from xds.protocol.introduction import Peer
from xds.protocol.stream import Stream, Transport
from xds.types import CHILD, EDS, TYPES

NODE = "witness"


class Witness:
    """Asks for everything that it hears of, as Envoy does, and ACKs it. `asked`: the names that it asks for."""

    def __init__(self, plane: Plane, delta: bool, now: float) -> None:
        self._plane = plane
        self._speech: Speech = Delta() if delta else Sotw()
        self._assignments: dict[str, bytes] = {}
        self.asked: dict[TypeUrl, set[str]] = {type_url: set() for type_url in TYPES}
        self.stream: Stream = plane.open_stream(Transport(delta), Peer(NODE), now)
        for type_url in self.asked:
            self._ask(type_url, (), now)

    @property
    def addresses(self) -> set[str]:
        """Where its requests may go."""
        return {
            endpoint.endpoint.address.socket_address.address
            for name, body in self._assignments.items()
            if name in self.asked[EDS]
            for locality in ClusterLoadAssignment.FromString(body).endpoints
            for endpoint in locality.lb_endpoints
        }

    def hear(self, data: bytes, now: float) -> None:
        """Takes in a response, and ACKs it; before that, it asks for what the response names."""
        response = self._speech.read(data)
        if response.type_url == EDS:
            self._assignments |= response.resources
        child = CHILD.get(response.type_url)
        if child is not None and (names := self._by_now(child, response)) != self.asked[child]:
            self._ask(child, names, now)
        self._send(self._speech.ack(response), now)

    def _by_now(self, child: TypeUrl, response: Response) -> set[str]:
        """The children that there are after the response; not every cluster or listener has one, and that does no
        harm."""
        before = self.asked[child] if self.stream.transport.delta else set()
        return (before | response.resources.keys()) - set(response.removed)

    def _ask(self, type_url: TypeUrl, names: Iterable[str], now: float) -> None:
        self.asked[type_url] = set(names)
        self._send(self._speech.ask(type_url, sorted(self.asked[type_url]), version="", held=None), now)

    def _send(self, request: Request, now: float) -> None:
        if self.stream.record is None:
            request.node.CopyFrom(Node(id=NODE))
        self._plane.receive(self.stream, request.SerializeToString(), now)
