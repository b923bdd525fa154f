"""What the status API tells, apart from receipts. Times are in seconds since the epoch."""

from dataclasses import dataclass, field
from enum import StrEnum

from ledger.ids import Generation, ObjectKey, ProxyId, TypeUrl
from ledger.roster import Presence


class SyncState(StrEnum):
    """How far a proxy is with one type, in the words of Envoy's client status, and ABSENT."""

    SYNCED = "SYNCED"
    NOT_SENT = "NOT_SENT"
    STALE = "STALE"
    ERROR = "ERROR"
    ABSENT = "ABSENT"


@dataclass(frozen=True, slots=True)
class TypeStatus:
    """One resource type on one proxy.

    wanted_version: that of the response which would bring the proxy up to date; empty if there is none to send.
    acked_version: of the last response that it ACKed on a living stream; empty if there is none. since: of the state.
    last_error: the proxy's reason for its last NACK, empty once it has ACKed what it rejected. behind: how many
    resources it has not ACKed in their newest form. overdue: a response has gone unanswered for longer than the
    setting `stale`.
    """

    type_url: TypeUrl
    state: SyncState
    wanted_version: str
    acked_version: str
    since: float
    last_error: str
    behind: int
    overdue: bool = False


@dataclass(frozen=True, slots=True)
class ProxyStatus:
    """One proxy. `address`: of its last stream's other end. `namespace`: of its view; None if it is not known."""

    id: ProxyId
    presence: Presence
    since: float
    address: str
    user_agent: str
    namespace: str | None
    types: tuple[TypeStatus, ...]


@dataclass(frozen=True, slots=True)
class SourceProblem:
    """What a source has to tell of a document.

    key: the object that the document names; None if that could not be read. place: `file:line` or the like. serious:
    the document was rejected (an earlier form of the object, if there was one, goes on); otherwise it was taken, and
    this is a warning.
    """

    source: str
    key: ObjectKey | None
    place: str
    message: str
    serious: bool


@dataclass(frozen=True, slots=True)
class ObjectStatus:
    """One object. `generation`: the one that is applied; None if none is, since its source rejected the document."""

    key: ObjectKey
    generation: Generation | None
    remarks: tuple[str, ...] = ()
    problems: tuple[SourceProblem, ...] = field(default=())


class Forgotten(StrEnum):
    """What came of declaring a proxy gone."""

    FORGOTTEN = "FORGOTTEN"
    UNKNOWN = "UNKNOWN"
    CONNECTED = "CONNECTED"
