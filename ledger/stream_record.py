"""One stream of a proxy, and what can be told of whose process it is."""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field

from ledger.ids import ProxyId, StreamId, TypeUrl
from ledger.interest import Interest


@dataclass(slots=True)
class Inheritance:
    """What a stream inherits of the streams of its proxy that ended, for one type.

    tainted: resources of which the proxy may hold anything, whatever it claims: it rejected them (rule 31).
    doubtful: resources that were on their way when a stream ended: it may have rejected them, unheard.
    behind: resources in whose newest form they were not known to be held when the streams ended.
    relics: whether the proxy may hold something from before this process started.
    """

    tainted: set[str] = field(default_factory=set)
    doubtful: set[str] = field(default_factory=set)
    behind: set[str] = field(default_factory=set)
    relics: bool = False


@dataclass(slots=True, eq=False)
class StreamRecord:
    """One stream and what it asks for.

    expected: the types that can be asked for on it; None if that is not known. A process with a stream for each type
        has several at once, which say nothing about each other.
    ended: when the stream ended; None while it lives.
    claims_anything: some first request said that the proxy holds something already.
    targets: the listeners that it asks for by name, as gRPC clients do. A gRPC process has a stream for each target,
        all under one node id; streams with targets in common are of one party.
    asks_for_everything: it asks for clusters or listeners by wildcard, as Envoys do.
    takes_over: an earlier stream of its process ended before it had shown everything.
    unshown: the types of which the proxy may hold something and has not said what; a stream with any is `connecting`.
    opened_order, ended_order: places in the order of all openings and endings.
    answered: it has ACKed or NACKed something, so all its first requests are in.
    newcomer_beside: the streams beside which a process without any configuration opened this one, as it seems.
    replaces: the streams that were still open when the same process opened this one.
    booted_again: it held nothing, and was taken for the process of earlier streams, booted again.
    superseded_at: when a new process of the same node id was first seen beside this one.
    """

    id: StreamId
    proxy: ProxyId
    view: Hashable
    opened: float
    unshown: set[TypeUrl]
    opened_order: int
    expected: frozenset[TypeUrl] | None = None
    ended: float | None = None
    ended_order: int = 0
    claims_anything: bool = False
    targets: set[str] = field(default_factory=set)
    asks_for_everything: bool = False
    takes_over: bool = False
    answered: bool = False
    superseded_at: float | None = None
    newcomer_beside: set[StreamId] = field(default_factory=set)
    replaces: set[StreamId] = field(default_factory=set)
    booted_again: bool = False
    interests: dict[TypeUrl, Interest] = field(default_factory=dict)

    def is_kin(self, other: "StreamRecord") -> bool:
        """Whether both may be streams of one party: of the same targets, or of none; or one asks for everything."""
        if self.asks_for_everything or other.asks_for_everything:
            return True
        return bool(self.targets & other.targets) if self.targets or other.targets else True

    def expects(self, type_url: TypeUrl) -> bool:
        """Whether the type can be asked for on the stream, as far as is known."""
        return self.expected is None or type_url in self.expected

    def was_beside(self, later: "StreamRecord") -> bool:
        """Whether the stream was open when the later one opened."""
        return self.ended is None or self.ended_order > later.opened_order

    @property
    def may_hold(self) -> bool:
        """Whether the proxy may hold something of the types that are not shown yet."""
        return self.claims_anything or self.takes_over

    def obliged(self, type_url: TypeUrl) -> bool:
        """Whether the proxy may hold something of the type, by this stream."""
        return type_url in self.interests or type_url in self.unshown


def all_back(record: StreamRecord, others: Iterable[StreamRecord]) -> bool:
    """Whether every process whose stream had ended when this one opened was back by then, on another."""
    others = list(others)
    beside = [other for other in others if other.was_beside(record)]
    ended = [other for other in others if not other.was_beside(record)]
    if not ended:
        return True
    last_end = max(other.ended_order for other in ended)
    return sum(other.opened_order > last_end for other in beside) >= processes(ended)


def processes(records: Iterable[StreamRecord]) -> int:
    """How many of these ended streams were open at the same time at most: so many processes there were.

    One that replaced another is of the same process. Of gRPC streams only those with a target in common can tell: a
    process has one for each target.
    """
    records = list(records)
    replaced = {stream for record in records for stream in record.replaces}
    records = [record for record in records if record.id not in replaced]
    targets = {target for record in records for target in record.targets}
    groups = [[record for record in records if target in record.targets] for target in targets]
    return max(map(_at_once, groups or [records]))


def _at_once(records: Iterable[StreamRecord]) -> int:
    events = sorted(event for r in records for event in ((r.opened_order, 1), (r.ended_order, -1)))
    most = running = 0
    for _, step in events:
        running += step
        most = max(most, running)
    return most
