"""What is read of a cluster."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from controllers.kubernetes.definitions import PLURALS
from controllers.kubernetes.objects import Object
from controllers.kubernetes.reflector import Patience

Lean = Callable[[Object], Object]
"""Takes from an object what nobody needs."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How a source reads a cluster.

    selector: of the namespaces that are taken in, as a label selector; empty: all.
    kinds: of the configuration that is read.
    beside: kinds that are no configuration, which controllers need: read, and neither applied nor kept.
    may_be_away: the cluster is not waited for where it can't be reached.
    """

    selector: str = ""
    kinds: tuple[str, ...] = tuple(PLURALS)
    beside: Mapping[str, Lean] = field(default_factory=dict)
    may_be_away: bool = False
    patience: Patience | None = None
