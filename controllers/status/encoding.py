"""The status API's answers as JSON values."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from controllers.status.model import ObjectStatus, ProxyStatus, SourceProblem, TypeStatus
from ledger.receipts import Receipt, Straggler, StragglerState
from xds.types import short_name

Json = dict[str, object]


def timestamp(seconds: float) -> str:
    """RFC 3339 in UTC, to the millisecond: `2025-01-02T03:04:05.678Z`."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass(frozen=True, slots=True)
class Counts:
    """The streams of a receipt's audience that have not ACKed: `nacked` those that rejected something, `released`
    those of absent proxies that the deadline let go, `pending` the others."""

    pending: int
    nacked: int
    released: int

    @classmethod
    def of(cls, receipt: Receipt) -> "Counts":
        held = {straggler.stream for straggler in receipt.stragglers}
        nacked = {s.stream for s in receipt.stragglers if s.state is StragglerState.NACKED}
        released = {straggler.stream for straggler in receipt.released} - held
        return cls(len(held) - len(nacked), len(nacked), len(released))


def stream_shown(straggler: Straggler) -> int:
    """Tells two living streams of one proxy apart; 0 for an absent proxy, which has none."""
    return 0 if straggler.state is StragglerState.ABSENT else straggler.stream


def straggler_json(straggler: Straggler) -> Json:
    return {
        "proxy": straggler.proxy,
        "stream": stream_shown(straggler),
        "resource": straggler.resource,
        "state": straggler.state.value,
        "since": timestamp(straggler.since),
        "detail": straggler.detail,
    }


def in_order(stragglers: Iterable[Straggler]) -> list[Straggler]:
    """By proxy, then by resource."""
    return sorted(stragglers, key=lambda straggler: (straggler.proxy, straggler.resource, straggler.stream))


def receipt_json(receipt: Receipt, excluded_names: bool = False) -> Json:
    """A receipt. `excluded_names`: also name the proxies that ask for nothing the object touches."""
    counts = Counts.of(receipt)
    value: Json = {
        "object": str(receipt.query.key),
        "outcome": receipt.outcome.value,
        "generation": receipt.query.generation,
        "applied_generation": receipt.applied,
        "deleted": receipt.deleted,
        "acked": receipt.acked,
        "audience": receipt.audience,
        "pending": counts.pending,
        "nacked": counts.nacked,
        "excluded": len(receipt.excluded),
        "stragglers": [straggler_json(straggler) for straggler in in_order(receipt.stragglers)],
        "released": [straggler_json(straggler) for straggler in in_order(receipt.released)],
        "reasons": list(receipt.reasons),
    }
    if excluded_names:
        value["excluded_names"] = list(receipt.excluded)
    return value


def proxy_json(proxy: ProxyStatus) -> Json:
    return {
        "id": proxy.id,
        "presence": proxy.presence.value,
        "since": timestamp(proxy.since),
        "address": proxy.address,
        "user_agent": proxy.user_agent,
        "namespace": proxy.namespace,
        "types": [_type_json(status) for status in proxy.types],
    }


def _type_json(status: TypeStatus) -> Json:
    return {
        "type": short_name(status.type_url),
        "type_url": status.type_url,
        "state": status.state.value,
        "overdue": status.overdue,
        "wanted_version": status.wanted_version,
        "acked_version": status.acked_version,
        "since": timestamp(status.since),
        "last_error": status.last_error,
        "behind": status.behind,
    }


def object_json(status: ObjectStatus) -> Json:
    return {
        "object": str(status.key),
        "applied": status.generation is not None,
        "generation": status.generation or 0,
        "remarks": list(status.remarks),
        "problems": [problem_json(problem) for problem in status.problems],
    }


def problem_json(problem: SourceProblem) -> Json:
    return {
        "source": problem.source,
        "object": str(problem.key) if problem.key is not None else None,
        "place": problem.place,
        "message": problem.message,
        "rejected": problem.serious,
    }
