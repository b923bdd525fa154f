"""Receipts: has object K at generation G reached everybody?"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from ledger.deliveries import Deliveries
from ledger.footprints import Footprint, Footprints
from ledger.ids import ANY_GENERATION, NEVER, Generation, ObjectKey, ProxyId, ResourceName, Revision, StreamId
from ledger.interest import DeliveryState
from ledger.stream_record import StreamRecord


class Outcome(StrEnum):
    """The word of a receipt. RELEASED_UNCONFIRMED: only proxies absent for longer than the deadline are left."""

    CONFIRMED = "CONFIRMED"
    PENDING = "PENDING"
    UNKNOWN = "UNKNOWN"
    RELEASED_UNCONFIRMED = "RELEASED_UNCONFIRMED"


FINAL = frozenset({Outcome.CONFIRMED, Outcome.RELEASED_UNCONFIRMED})
"""Outcomes that end the waiting; PENDING and UNKNOWN may turn into others."""


class StragglerState(StrEnum):
    """Why a proxy is a straggler."""

    NOT_SENT = "NOT_SENT"
    SENT = "SENT"
    NACKED = "NACKED"
    CLAIMED = "CLAIMED"
    GAVE_UP = "GAVE_UP"
    CONNECTING = "CONNECTING"
    ABSENT = "ABSENT"


@dataclass(frozen=True, slots=True)
class Straggler:
    """A proxy that may still hold an older form. `since`: seconds since the epoch. `resource`: what it is behind on."""

    proxy: ProxyId
    stream: StreamId
    resource: str
    state: StragglerState
    since: float
    detail: str


@dataclass(frozen=True, slots=True)
class Query:
    """What a receipt is asked for. `generation` 0: the newest applied. `deleted`: that the object is no more."""

    key: ObjectKey
    generation: Generation = ANY_GENERATION
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class Receipt:
    """The answer, as of one moment.

    applied: the generation that is applied; 0 if the object is not there. audience: the streams, absent ones too, that
    ask for an affected resource; acked: those of them that are not stragglers. excluded: the connected proxies that ask
    for none. released: stragglers absent for longer than the deadline. reasons: why it is not CONFIRMED, beyond them;
    or what else there is to know of it. touched_at: the revision at which the object last changed, or was moved by
    another's change.
    """

    query: Query
    outcome: Outcome
    applied: Generation
    deleted: bool
    acked: int
    audience: int
    excluded: tuple[ProxyId, ...]
    stragglers: tuple[Straggler, ...]
    released: tuple[Straggler, ...]
    reasons: tuple[str, ...]
    touched_at: Revision = NEVER


class Surroundings(Protocol):
    """What a receipt must know that deliveries do not."""

    def unknowns(self, key: ObjectKey) -> list[str]:
        """What could not be asked about the object, each as a sentence; any of them makes the outcome UNKNOWN."""

    def obstacles(self, key: ObjectKey) -> list[str]:
        """Why proxies use the object although they ACKed what says not to (Envoy's panic mode)."""

    def by_wildcard(self, resource: ResourceName) -> bool:
        """Whether wildcard subscriptions cover the resource."""


class Receipts:
    """Evaluates receipts."""

    def __init__(
        self,
        deliveries: Deliveries,
        footprints: Footprints,
        surroundings: Surroundings,
    ) -> None:
        self._deliveries = deliveries
        self._footprints = footprints
        self._surroundings = surroundings

    def not_applied(self, query: Query) -> str | None:
        """Why the object is not (yet) what the query asks for; None if it is. A deletion is the highest generation."""
        footprint = self._footprints.get(query.key)
        if query.deleted:
            if footprint is None or footprint.deleted:
                return None
            return f"{query.key} is still there, at generation {footprint.generation}"
        if footprint is None:
            return f"{query.key} is not known here"
        if footprint.deleted or footprint.generation >= query.generation:
            return None
        return f"{query.key} is applied at generation {footprint.generation}, not yet at {query.generation}"

    def evaluate(self, query: Query) -> Receipt:
        """The receipt as of now. O(audience)."""
        footprint = self._footprints.get(query.key)
        reasons = self._surroundings.unknowns(query.key)
        unknown = bool(reasons)
        missing = self.not_applied(query)
        if missing is not None:
            reasons.append(missing)
        reasons.extend(self._surroundings.obstacles(query.key))
        held_back = bool(reasons)

        found = [*self._unshown(), *(self._behind(footprint) if footprint else ())]
        nobody_waits = self._deliveries.released
        stragglers = tuple(straggler for straggler in found if straggler.stream not in nobody_waits)
        released = tuple(straggler for straggler in found if straggler.stream in nobody_waits)
        audience = self._audience(footprint)
        behind = {straggler.stream for straggler in found}
        if unknown:
            outcome = Outcome.UNKNOWN
        elif held_back or stragglers:
            outcome = Outcome.PENDING
        else:
            outcome = Outcome.RELEASED_UNCONFIRMED if released else Outcome.CONFIRMED
        if footprint is None and query.deleted:
            reasons.append(f"{query.key} is not known here: never applied, or let go of by everybody long ago")
        return Receipt(
            query,
            outcome,
            footprint.generation if footprint and not footprint.deleted else ANY_GENERATION,
            footprint is None or footprint.deleted,
            len(audience - behind),
            len(audience | behind),
            self._excluded(audience | behind),
            stragglers,
            released,
            tuple(reasons),
            footprint.touched_at if footprint else NEVER,
        )

    def let_alone_since(self, key: ObjectKey) -> Revision | None:
        """The `touched_at` of an object's receipts; None: proxies use it whatever they have ACKed.

        As long as it stays the same, they have not done so in between either. Of a deleted object it is what it was
        then.
        """
        footprint = self._footprints.get(key)
        if footprint is None or self._surroundings.obstacles(key):
            return None
        return footprint.left_at if footprint.deleted else footprint.touched_at

    def _audience(self, footprint: Footprint | None) -> set[StreamId]:
        audience: set[StreamId] = set()
        for resource in footprint.touched if footprint else ():
            audience |= self._deliveries.audience(resource, self._surroundings.by_wildcard(resource))
        return audience

    def _excluded(self, audience: set[StreamId]) -> tuple[ProxyId, ...]:
        streams = self._deliveries.streams
        concerned = {streams[stream].proxy for stream in audience if stream in streams}
        connected = {record.proxy for record in streams.values() if record.ended is None}
        return tuple(sorted(connected - concerned))

    def _unshown(self) -> Iterable[Straggler]:
        deliveries = self._deliveries
        connecting = StragglerState.CONNECTING
        for stream, since in deliveries.arriving.items():
            yield Straggler(ProxyId(""), stream, "", connecting, since, "has not said which proxy it is")
        for stream in deliveries.connecting:
            record = deliveries.streams[stream]
            what = ", ".join(sorted(url.rpartition(".")[2] for url in record.unshown))
            yield _straggler(record, "", connecting, record.opened, f"has not shown what it holds of {what}")
        for stream, resource in deliveries.relics:
            record = deliveries.streams[stream]
            detail = "may hold what was sent before this control plane started"
            yield _straggler(record, str(resource), StragglerState.NOT_SENT, record.opened, detail)

    def _behind(self, footprint: Footprint) -> Iterable[Straggler]:
        deliveries = self._deliveries
        for resource, revision in footprint.conditions():
            lag = deliveries.lag(resource)
            for stream, progress in lag.progress.items() if lag else ():
                if progress.held >= revision:
                    continue
                record = deliveries.streams[stream]
                interest = record.interests[resource.type_url]
                state = interest.state(resource.name)
                since = progress.sent_at if state is DeliveryState.SENT else progress.since
                detail = progress.nack or (_EXPLAIN[state] if record.ended is None else _KEEPS)
                yield _straggler(record, str(resource), StragglerState(state), since, detail)
            for stream in deliveries.claimants(resource) if resource in footprint.touched else ():
                record = deliveries.streams[stream]
                detail = _EXPLAIN[DeliveryState.CLAIMED] if record.ended is None else _KEEPS
                yield _straggler(record, str(resource), StragglerState.CLAIMED, record.opened, detail)


_EXPLAIN = {
    DeliveryState.NOT_SENT: "waits to be sent",
    DeliveryState.SENT: "sent, and not answered yet",
    DeliveryState.NACKED: "rejected",
    DeliveryState.CLAIMED: "says that it holds it; it will be sent again, and its ACK awaited",
    DeliveryState.GAVE_UP: "gave up the resource, and has not ACKed the removal of what uses it",
}


_KEEPS = "its stream ended, and it keeps what it had"


def _straggler(record: StreamRecord, resource: str, state: StragglerState, since: float, detail: str) -> Straggler:
    if record.ended is not None:
        return Straggler(record.proxy, record.id, resource, StragglerState.ABSENT, record.ended, detail)
    return Straggler(record.proxy, record.id, resource, state, since, detail)


Answer = Callable[[Receipt], None]
