"""One line of the results: what was measured, its bound, and whether it holds."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from tests.columns import in_columns

_HEADER = ("", "measure", "value", "bound", "verdict")


@dataclass(frozen=True, slots=True)
class Line:
    """A measure.

    section: the part of the suite. value, bound: as shown. holds: None where something is told and nothing is judged.
    numbers: what was measured, in SI units and bytes, for machines.
    """

    section: str
    measure: str
    value: str
    bound: str = ""
    holds: bool | None = None
    numbers: dict[str, float] = field(default_factory=dict)

    @property
    def verdict(self) -> str:
        return "" if self.holds is None else "pass" if self.holds else "MISS"

    def plain(self) -> dict[str, Any]:
        """As plain values, for JSON."""
        return asdict(self)


def render(lines: Iterable[Line]) -> str:
    """The table as text."""
    cells = [(line.section, line.measure, line.value, line.bound, line.verdict) for line in lines]
    return in_columns([_HEADER, *cells])


def at_most(section: str, measure: str, seconds: float, bound: float) -> Line:
    """A time, and the longest that it may be."""
    return Line(section, measure, time(seconds), f"<= {time(bound)}", seconds <= bound, {"seconds": seconds})


def ratio(section: str, measure: str, over: float, under: float, bound: float, shown: str = "") -> Line:
    """What something costs, in terms of something else that was measured beside it."""
    times = over / under
    numbers = {"ratio": times, "over": over, "under": under}
    return Line(section, measure, f"{times:.2f}x {shown}".rstrip(), f"<= {bound:g}x", times <= bound, numbers)


def time(seconds: float) -> str:
    """A duration with a unit that suits it."""
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds * 1e6:.3g} us"


def kibibytes(size: float) -> str:
    return f"{size / 2**10:.3g} KiB"


def mebibytes(size: float) -> str:
    return f"{size / 2**20:.3g} MiB"


def quantile(values: Sequence[float], share: float) -> float:
    """The value that this share of them does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
