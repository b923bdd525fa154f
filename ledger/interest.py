"""What one stream asks for of one resource type, and what of it the stream has yet to ACK."""

from collections.abc import Set
from dataclasses import dataclass, field
from enum import StrEnum

from ledger.ids import NEVER, Revision, StreamId, TypeUrl
from ledger.sparse import NOTHING


class DeliveryState(StrEnum):
    """Why a stream is behind on a resource."""

    NOT_SENT = "NOT_SENT"
    SENT = "SENT"
    NACKED = "NACKED"
    CLAIMED = "CLAIMED"
    GAVE_UP = "GAVE_UP"


@dataclass(slots=True)
class Progress:
    """One stream's way to the newest form of one resource. It exists only while the stream is behind.

    need: the revision of the newest change that the stream has not ACKed.
    held: the proxy is known to hold a form built at this revision or later (0: nothing is known). Never > need.
    since: when the stream fell behind.
    sent: the revision at which the form now in flight was built; 0 if none is.
    sent_at: when that was sent.
    nack: the proxy's text, if the last response with this resource was rejected.
    alone: tainted by a NACK of several resources; to be sent in a response of its own (rule 31).
    relic: the proxy may hold a form from before this process started.
    fresh: the stream has never ACKed a form of it, as far as is known.
    """

    need: Revision
    held: Revision
    since: float
    sent: Revision = NEVER
    sent_at: float = 0.0
    nack: str = ""
    alone: bool = False
    relic: bool = False
    fresh: bool = False


@dataclass(slots=True, eq=False)
class Interest:
    """One (stream, type).

    names: asked for by name. wildcard: asked for everything of the type that the stream's view covers.
    behind: the resources whose newest form is not ACKed.
    unsent: those of `behind` that are to go into a response. Never holds a name that is not in `behind`.
    rejected: those of `behind` that were in a NACKed response and are not ACKed since: tainted (rule 31).
    doubtful: those of `behind` that were on their way when the stream ended, or an earlier one of the proxy: it may
        have rejected them, unheard.
    claimed: resources that the proxy says it holds in the newest form; never in `behind` at the same time.
    given_up: names the stream no longer asks for although it may still use what it has of them (rule 26).

    Those that are most often empty, or the same for many streams, are of `ledger.sparse`.
    """

    stream: StreamId
    type_url: TypeUrl
    wildcard: bool = False
    names: Set[str] = NOTHING
    behind: dict[str, Progress] = field(default_factory=dict)
    unsent: set[str] = field(default_factory=set)
    rejected: Set[str] = NOTHING
    doubtful: Set[str] = NOTHING
    claimed: Set[str] = NOTHING
    given_up: Set[str] = NOTHING

    def state(self, name: str) -> DeliveryState:
        """Why the stream is behind on `name`, which must be in `behind` or `claimed`."""
        progress = self.behind.get(name)
        if progress is None:
            return DeliveryState.CLAIMED
        if name in self.given_up:
            return DeliveryState.GAVE_UP
        if progress.nack:
            return DeliveryState.NACKED
        return DeliveryState.SENT if progress.sent else DeliveryState.NOT_SENT
