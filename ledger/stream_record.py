"""One stream of a proxy, and what can be told of whose process it is."""

from collections.abc import Hashable, Set
from dataclasses import dataclass, field

from ledger.ids import ProxyId, StreamId, TypeUrl
from ledger.interest import Interest
from ledger.sparse import NOTHING


@dataclass(slots=True)
class Inheritance:
    """What a stream inherits of the streams of its proxy that ended, for one type.

    tainted: resources of which the proxy may hold anything, whatever it claims: it rejected them (rule 31).
    doubtful: resources that were on their way when a stream ended: it may have rejected them, unheard.
    behind: resources in whose newest form they were not known to be held when the streams ended.
    relics: whether the proxy may hold something from before this process started.
    """

    tainted: Set[str] = NOTHING
    doubtful: Set[str] = NOTHING
    behind: Set[str] = NOTHING
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
    unshown: the types of which the proxy may hold something and has not said what; a stream with any is `connecting`.
    opened_order, ended_order: places in the order of all openings and endings.
    heard_order: the place in that order up to which its process is known to have used it.
    answered: it has ACKed or NACKed something, so all its first requests are in.
    outgrown: the types of which it needs nothing, and for which it will not ask.
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
    targets: Set[str] = NOTHING
    asks_for_everything: bool = False
    answered: bool = False
    heard_order: int = 0
    outgrown: Set[TypeUrl] = NOTHING
    interests: dict[TypeUrl, Interest] = field(default_factory=dict)

    def is_kin(self, other: "StreamRecord") -> bool:
        """Whether both may be streams of one party: of the same targets, or of none; or one asks for everything."""
        if self.asks_for_everything or other.asks_for_everything:
            return True
        return bool(self.targets & other.targets) if self.targets or other.targets else True

    def is_like(self, other: "StreamRecord") -> bool:
        """Whether nothing but what was asked for tells the streams apart."""
        return (self.targets, self.view, self.expected, self.asks_for_everything) == (
            other.targets,
            other.view,
            other.expected,
            other.asks_for_everything,
        )

    def expects(self, type_url: TypeUrl) -> bool:
        """Whether the type can be asked for on the stream, as far as is known."""
        return self.expected is None or type_url in self.expected

    def was_beside(self, later: "StreamRecord") -> bool:
        """Whether the stream was open when the later one opened. Which of them spoke first says nothing."""
        if self.opened_order > later.opened_order:
            return False
        return self.ended is None or self.ended_order > later.opened_order

    def had_ended(self, later: "StreamRecord") -> bool:
        """Whether the stream had ended when the later one opened."""
        return self.ended is not None and self.ended_order < later.opened_order

    def was_used_at(self, order: int) -> bool:
        """Whether the process of this stream used it at that place in the order of openings and endings."""
        return self.opened_order <= order <= max(self.opened_order, self.heard_order)

    def has_shown(self, type_url: TypeUrl) -> bool:
        """Whether the stream has told what its process holds of the type."""
        return type_url in self.interests or type_url in self.outgrown

    def obliged(self, type_url: TypeUrl) -> bool:
        """Whether the proxy may hold something of the type, by this stream."""
        return type_url in self.interests or type_url in self.unshown
