"""Which rule does not concern which transport, or which driver, and why."""

from collections.abc import Iterable

from tests.conformance.rules import CORE, Rule
from tests.conformance.transports import ALL, DELTA, PER_TYPE, SOTW, Kind


def _of(numbers: Iterable[Rule], kinds: Iterable[Kind], why: str) -> dict[tuple[Rule, Kind], str]:
    return {(number, kind): why for number in numbers for kind in kinds}


_OTHERS = [kind for kind in ALL if kind is not Kind.ADS_SOTW]

NOT_APPLICABLE: dict[tuple[Rule, Kind], str] = {
    **_of([7], PER_TYPE, "orders the types of one ADS stream; streams of one type each can't be ordered"),
    **_of([8], PER_TYPE, "Envoy opens a stream for each cluster's endpoints: one that warms asks anew (rule 5)"),
    **_of([15, 16, 17, 18, 19, 20], DELTA, "of the state of the world"),
    **_of([21, 22, 23, 24], SOTW, "of delta"),
    **_of([30], PER_TYPE, "Envoy pauses a type only on an ADS stream, while another is applied"),
    **_of([32], _OTHERS, "gRPC clients speak ADS, state of the world"),
}
"""By rule and transport: why no test is wanted."""

NO_DRIVER: dict[tuple[Rule, str], str] = {
    (33, CORE): "of the gRPC server",
    (34, CORE): "of the gRPC server",
}
"""By rule and driver: why the other is enough."""
