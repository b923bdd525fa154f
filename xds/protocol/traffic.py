"""How many responses were sent and answered; counted for operators, and used by no rule."""

from collections import Counter
from dataclasses import dataclass, field

from ledger.ids import TypeUrl


@dataclass(slots=True)
class Traffic:
    """Responses since the start, by type."""

    sent: Counter[TypeUrl] = field(default_factory=Counter)
    acked: Counter[TypeUrl] = field(default_factory=Counter)
    nacked: Counter[TypeUrl] = field(default_factory=Counter)
