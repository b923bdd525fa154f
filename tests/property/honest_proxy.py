"""A proxy that asks for load assignments, in delta or SotW: honest about what it applies, odd in how it says so.

It can't take some resources, and rejects whatever response they are in. It claims what it does not hold, says things
twice, and says what is no answer.
"""

from collections.abc import Mapping, Set
from dataclasses import dataclass, field

from google.protobuf.message import Message

from protos.base_pb2 import Node, Status
from protos.discovery_pb2 import (
    DeltaDiscoveryRequest,
    DeltaDiscoveryResponse,
    DiscoveryRequest,
    DiscoveryResponse,
)
from protos.endpoint_pb2 import DRAINING, ClusterLoadAssignment
from xds.protocol.stream import Stream
from xds.types import EDS

Uses = set[tuple[str, str]]
"""Where requests may go: (load assignment, object that gives the endpoint)."""


@dataclass(frozen=True, slots=True)
class Response:
    """What it was sent. `forms`: by name, encoded."""

    nonce: str
    version: str
    forms: dict[str, bytes]


@dataclass(eq=False)
class HonestProxy:
    """A process.

    dislikes: what it can't take. refused: what it has rejected all by itself, and is not sent again therefore (rule 6).
    inbox: sent to it, and not answered. said: everything, on this stream.
    """

    node: str
    delta: bool
    asks: frozenset[str]
    dislikes: set[str] = field(default_factory=set)
    refused: dict[str, bytes] = field(default_factory=dict)
    holds: dict[str, bytes] = field(default_factory=dict)
    version: str = ""
    stream: Stream | None = None
    inbox: list[Response] = field(default_factory=list)
    said: list[bytes] = field(default_factory=list)

    def uses(self) -> Uses:
        """Where its requests may go; where a load assignment has draining endpoints only, to these (panic mode)."""
        found: Uses = set()
        for name, body in self.holds.items():
            assignment = ClusterLoadAssignment.FromString(body)
            endpoints = [one for locality in assignment.endpoints for one in locality.lb_endpoints]
            ready = [one for one in endpoints if one.health_status != DRAINING] or endpoints
            found.update((name, str(one.metadata.filter_metadata["lastack.io"]["object"])) for one in ready)
        return found

    # What it is sent

    def read(self, data: bytes) -> None:
        """A response has come."""
        if self.delta:
            delta = DeltaDiscoveryResponse.FromString(data)
            forms = {one.name: one.resource.value for one in delta.resources}
            self.inbox.append(Response(delta.nonce, "", forms))
        else:
            sotw = DiscoveryResponse.FromString(data)
            bodies = [one.value for one in sotw.resources]
            forms = {ClusterLoadAssignment.FromString(body).cluster_name: body for body in bodies}
            self.inbox.append(Response(sotw.nonce, sotw.version_info, forms))

    def apply(self, response: Response, names: Set[str]) -> None:
        """It uses these of the response from now on."""
        self.holds.update((name, body) for name, body in response.forms.items() if name in names)

    def can_take(self, response: Response) -> bool:
        return not self.dislikes & response.forms.keys()

    def will_hold(self, name: str, body: bytes) -> bool:
        """Whether it is to hold this form when all is silent."""
        return name not in self.dislikes and self.refused.get(name) != body

    def lose_stream(self) -> None:
        self.stream = None
        self.refused.clear()
        self.inbox.clear()
        self.said.clear()

    # What it says

    def hello(self, versions: Mapping[str, str]) -> bytes:
        """A first request; in delta it claims these versions."""
        node = Node(id=self.node)
        names = sorted(self.asks)
        if self.delta:
            return self._said(
                DeltaDiscoveryRequest(node=node, resource_names_subscribe=names, initial_resource_versions=versions)
            )
        return self._said(DiscoveryRequest(node=node, resource_names=names, version_info=self.version))

    def ack(self, response: Response) -> bytes:
        self.version = response.version
        for name in response.forms:
            self.refused.pop(name, None)
        return self._said(self._about(response))

    def nack(self, response: Response, names_new: bool) -> bytes:
        """A rejection. `names_new`: it names the new version all the same (SotW; rules 4 and 30)."""
        if len(response.forms) == 1:
            self.refused.update(response.forms)
        request = self._about(response)
        if isinstance(request, DiscoveryRequest) and names_new:
            request.version_info = response.version
        request.error_detail.CopyFrom(Status(code=3, message="no"))
        return self._said(request)

    def ask_the_same(self, response: Response) -> bytes:
        """What it asks for, once more, when it has read the response and not looked at it: no answer (rule 20)."""
        if self.delta:
            return self._said(DeltaDiscoveryRequest(resource_names_subscribe=sorted(self.asks)))
        return self._said(self._about(response))

    def _about(self, response: Response) -> DiscoveryRequest | DeltaDiscoveryRequest:
        if self.delta:
            return DeltaDiscoveryRequest(type_url=EDS, response_nonce=response.nonce)
        return DiscoveryRequest(
            resource_names=sorted(self.asks), version_info=self.version, response_nonce=response.nonce
        )

    def _said(self, request: Message) -> bytes:
        data = request.SerializeToString()
        self.said.append(data)
        return data
