"""What is under way between a model client and the plane, and what the client has."""

from collections import deque
from dataclasses import dataclass, field
from enum import StrEnum

from ledger.ids import TypeUrl
from protos.discovery_pb2 import DeltaDiscoveryRequest, DiscoveryRequest
from xds.protocol.stream import Stream
from xds.types import FULL_SET, LDS, TYPES

Request = DiscoveryRequest | DeltaDiscoveryRequest

WILDCARD = "*"


class Claim(StrEnum):
    """What a client that comes back says of what it holds."""

    TRUE = "true"
    OMITTED = "omitted"
    OTHER = "another version"


@dataclass(frozen=True, slots=True)
class Manner:
    """How a client comes back.

    order: of its first requests. claims: how it speaks of what it holds, in turn. phantoms: names that it claims and
    does not hold (delta). explicit: it says `*` where an empty list of names says the same.
    """

    order: tuple[TypeUrl, ...] = TYPES
    claims: tuple[Claim, ...] = (Claim.TRUE,)
    phantoms: frozenset[str] = frozenset()
    explicit: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for of a type. The wildcard means something for full-set types only."""

    names: frozenset[str] = frozenset()
    wildcard: bool = False

    def covers(self, type_url: TypeUrl, name: str) -> bool:
        if name in self.names:
            return True
        return self.wildcard and type_url in FULL_SET and not (type_url == LDS and ":" in name)


@dataclass(frozen=True, slots=True)
class Held:
    """A resource. `version`: its own (delta). `built`: how many changes there had been when this was its form."""

    body: bytes
    version: str
    built: int


@dataclass(frozen=True, slots=True)
class Response:
    """What the plane wrote. `removed`: names that it says are gone (delta)."""

    type_url: TypeUrl
    nonce: str
    version: str
    resources: dict[str, Held]
    removed: frozenset[str] = frozenset()


@dataclass
class TypeState:
    """What a client has of one type.

    wanted: it has asked for the type, ever, and by the names `ever`. asked: for what, now; heard: what the plane last
    heard of that. rejected: what it rejected on this stream that is not sent again as it is (None: its absence).
    rejects: its last answer on this stream was a rejection, perhaps of nothing at all. nonce: of the last response read
    on this stream. version: of the last one accepted, on any.
    """

    wanted: bool = False
    ever: set[str] = field(default_factory=set)
    asked: Asked = Asked()
    heard: Asked = Asked()
    held: dict[str, Held] = field(default_factory=dict)
    rejected: dict[str, bytes | None] = field(default_factory=dict)
    rejects: bool = False
    nonce: str = ""
    version: str = ""


class Line:
    """One stream.

    requests, responses: under way. asked_for: the types that the client has begun on it; heard_of: those that the plane
    has heard of. unanswered: by type, the response that the plane has heard no answer to. owed: types whose first
    request was not answered yet. written: by type, what the last response held.
    """

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self.requests: deque[Request] = deque()
        self.responses: deque[Response] = deque()
        self.asked_for: set[TypeUrl] = set()
        self.heard_of: set[TypeUrl] = set()
        self.unanswered: dict[TypeUrl, Response] = {}
        self.owed: set[TypeUrl] = set()
        self.nonces: set[str] = set()
        self.written: dict[TypeUrl, dict[str, Held]] = {}

    def __repr__(self) -> str:
        return f"stream {self.stream.id}"

    def is_quiet(self, type_url: TypeUrl) -> bool:
        """Whether nothing of the type is under way."""
        under_way: list[Request | Response] = [*self.requests, *self.responses]
        return type_url in self.heard_of and all(one.type_url != type_url for one in under_way)
