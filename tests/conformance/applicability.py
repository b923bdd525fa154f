"""Which rule does not concern which transport, or which driver, and why."""

from collections.abc import Iterable

from tests.conformance.rules import CORE, Rule
from tests.conformance.transports import ALL, DELTA, PER_TYPE, SOTW, Kind


def _of(numbers: Iterable[Rule], kinds: Iterable[Kind], why: str) -> dict[tuple[Rule, Kind], str]:
    return {(number, kind): why for number in numbers for kind in kinds}


NOT_APPLICABLE: dict[tuple[Rule, Kind], str] = {
    **_of([7], PER_TYPE, "it orders the types of one ADS stream; per-type streams are not ordered with each other"),
    **_of(
        [8],
        PER_TYPE,
        "Envoy opens an EDS (RDS) stream for each cluster (listener), so one that warms asks anew and rule 5 answers",
    ),
    **_of([15, 16, 17, 18, 19, 20], DELTA, "a rule of the state of the world only"),
    **_of([21, 22, 23, 24], SOTW, "a rule of delta only"),
    **_of([30], PER_TYPE, "Envoy pauses a type on an ADS stream only, while another is being applied"),
    **_of([32], [k for k in ALL if k is not Kind.ADS_SOTW], "gRPC clients speak ADS, state of the world, and nothing else"),
}
"""By rule and transport: why no test is wanted."""

_NO_SHELL = "of the gRPC server, which the core knows nothing of"

NO_DRIVER: dict[tuple[Rule, str], str] = {
    (33, CORE): _NO_SHELL,
    (34, CORE): _NO_SHELL,
}
"""By rule and driver: why one of the two is enough."""

