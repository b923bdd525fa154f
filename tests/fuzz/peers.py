"""The fuzzed end of a stream: what it was told, and the answers that it would give if it were well."""

from dataclasses import dataclass, field

from ledger.ids import ProxyId, ResourceName
from protos.base_pb2 import Status
from protos.discovery_pb2 import DeltaDiscoveryRequest, DiscoveryRequest
from tests.conformance.speech import INVALID_ARGUMENT, Delta, Request, Response, Said, Sotw, Speech
from tests.fuzz.holdings import Holdings
from xds.protocol.stream import Stream
from xds.types import TYPES


@dataclass(slots=True)
class Overheard:
    """What was sent on any stream, in order: nonces, and the versions of each resource, to be repeated elsewhere."""

    nonces: list[str] = field(default_factory=list)
    versions: dict[ResourceName, list[str]] = field(default_factory=dict)


class Peer:
    """One stream's. `heard`: its responses, in order. `node`: the id that it would give."""

    def __init__(self, stream: Stream, node: str, order: int, overheard: Overheard) -> None:
        self.stream = stream
        self.node = node
        self.holdings = Holdings(stream.transport, order)
        self.heard: list[Response] = []
        self.overheard = overheard
        self._nonces: set[str] = set()
        said = {type_url: Said() for type_url in TYPES}
        self._speech: Speech = Delta(said) if stream.transport.delta else Sotw(said)

    def hear(self, data: bytes) -> Response:
        """Takes in a response.

        Raises:
            AssertionError: it breaks a rule that binds every response.
        """
        response = self._speech.read(data)
        message = response.message
        assert response.nonce not in self._nonces, f"rule 3: the nonce {response.nonce} comes again"
        assert len(message.resources) == len(response.resources), "rule 11: a name twice in one response"
        assert not response.resources.keys() & set(response.removed), "rule 11: both sent and removed"
        assert set(response.types) <= {response.type_url}, "rule 11: an Any of another type"
        assert message.control_plane.identifier, "rule 12: no identifier"
        self._nonces.add(response.nonce)
        self.heard.append(response)
        self.holdings.heard(response)
        self.overheard.nonces.append(response.nonce)
        for name, version in response.versions.items():
            self.overheard.versions.setdefault(ResourceName(response.type_url, name), []).append(version)
        return response

    @property
    def proxy(self) -> ProxyId | None:
        """Whose stream it is, once it has said so."""
        return self.stream.record.proxy if self.stream.record is not None else None

    @property
    def unanswered(self) -> list[Response]:
        """The responses that wait for an answer, the oldest first."""
        return list(self.holdings.unanswered.values())

    def answer(self, response: Response, error: str | None) -> Request:
        """An ACK, or with a text a NACK, that asks for what is asked for already."""
        asked = self.holdings.asked[response.type_url]
        request: Request
        if self.stream.transport.delta:
            request = DeltaDiscoveryRequest(type_url=response.type_url, response_nonce=response.nonce)
        else:
            request = DiscoveryRequest(
                type_url=response.type_url,
                response_nonce=response.nonce,
                version_info=response.version if error is None else "",
                resource_names=[*sorted(asked.names), *(["*"] if asked.wildcard and asked.explicit else [])],
            )
        if error is not None:
            request.error_detail.CopyFrom(Status(code=INVALID_ARGUMENT, message=error))
        return request
