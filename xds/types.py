"""The xDS resource types that lastack serves."""

from ledger.ids import TypeUrl

_PREFIX = "type.googleapis.com/envoy.config."

CDS = TypeUrl(_PREFIX + "cluster.v3.Cluster")
EDS = TypeUrl(_PREFIX + "endpoint.v3.ClusterLoadAssignment")
LDS = TypeUrl(_PREFIX + "listener.v3.Listener")
RDS = TypeUrl(_PREFIX + "route.v3.RouteConfiguration")

TYPES = (CDS, EDS, LDS, RDS)
"""In the order in which they are sent (rule 7): make before break."""

PARENT = {EDS: CDS, RDS: LDS}
"""The type whose resources make a proxy ask for this type's."""

CHILD = {parent: child for child, parent in PARENT.items()}

FULL_SET = frozenset({CDS, LDS})
"""Types with a wildcard, and of which a SotW response holds everything: an absence means deletion (rule 16)."""

VANISHES_AS_EMPTY = frozenset({EDS, RDS})
"""Types of which Envoy ignores a deletion: what is gone is sent as an empty resource instead (rule 25)."""


def short_name(type_url: TypeUrl) -> str:
    """`Cluster` for Envoy's Cluster type, and so on."""
    return type_url.rpartition(".")[2]
