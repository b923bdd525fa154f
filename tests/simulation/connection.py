"""What a model of an Envoy holds, and the stream on which it was sent that."""

from dataclasses import dataclass, field
from typing import NamedTuple

from ledger.ids import TypeUrl


class Taken(NamedTuple):
    """What a proxy was sent in one response, and whether it rejected it."""

    type_url: TypeUrl
    resources: list[str]
    removed: list[str]
    rejected: bool

    @property
    def text(self) -> str:
        """In words, such as `ACKs 2 Cluster: +NAME -NAME`."""
        names = [f"+{name}" for name in self.resources] + [f"-{name}" for name in self.removed]
        kind = self.type_url.rpartition(".")[2]
        return f"{'NACKs' if self.rejected else 'ACKs'} {kind} {' '.join(names) or '(nothing)'}"


@dataclass
class Held:
    """One resource that a proxy holds: its form, that form's version, and the version that it would name."""

    body: bytes
    version: str
    claim: str


@dataclass
class TypeState:
    """What a proxy has of one type. `asked`: the names that it subscribes to; None for a wildcard."""

    held: dict[str, Held] = field(default_factory=dict)
    asked: set[str] | None = None
    version: str = ""


@dataclass
class Connection:
    """One stream: what the proxy has sent and the server not yet read, and the other way round."""

    requests: list[bytes] = field(default_factory=list)
    responses: list[bytes] = field(default_factory=list)
    began: set[TypeUrl] = field(default_factory=set)
    nonces: dict[TypeUrl, str] = field(default_factory=dict)
    held_back: list[tuple[TypeUrl, bytes]] = field(default_factory=list)
    """Answers not sent yet: to clusters that wait for endpoints, and late ones."""

    def send_held_back(self, only: TypeUrl | None = None, but: TypeUrl | None = None) -> None:
        """Sends the answers that were held back; of one type only, before another request of that type, or but one."""
        due = [held for held in self.held_back if only in (None, held[0]) and held[0] != but]
        self.requests += [answer for _, answer in due]
        self.held_back = [held for held in self.held_back if held not in due]
