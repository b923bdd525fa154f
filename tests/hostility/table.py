"""What a run has shown, as a table: measure, calm, hostile, bound, and whether it holds."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from statistics import median

from tests.columns import in_columns
from tests.hostility.battle import Account, Phase, named
from tests.hostility.ways import WAYS

MOST_LATE = 2.0
"""Times the latency that there was without the crowd."""

LEVEL = 1.25
"""Times as much memory later as earlier is taken for no growth: messages of megabytes come and go.

For the same reason growth is judged by medians: which moment has the most of them is chance. Peaks have a bound of
their own.
"""

MEBIBYTES_EACH = 1.0
"""Of the server's memory, for each misbehaving stream."""


@dataclass(frozen=True, slots=True)
class Row:
    """A line. `holds` is None where something is told and nothing is judged."""

    measure: str
    calm: str
    hostile: str
    bound: str
    holds: bool | None

    @property
    def cells(self) -> tuple[str, ...]:
        verdict = "" if self.holds is None else "pass" if self.holds else "MISS"
        return (self.measure, self.calm, self.hostile, self.bound, verdict)


def rows(account: Account) -> list[Row]:
    """Everything that is judged, and what helps to understand it."""
    return [*_latency(account), *_memory(account), *_receipts(account)]


def render(lines: Iterable[Row]) -> str:
    """The table as text."""
    return in_columns([("measure", "calm", "hostile", "bound", ""), *(row.cells for row in lines)])


def crowds(account: Account) -> str:
    """What became of the streams, way by way."""
    lines = []
    for place, crowd in enumerate(account.crowds, 1):
        for way, told in crowd.items():
            ends = ", ".join(f"{number} {status}" for status, number in sorted(told["endings"].items()))
            lines.append(f"round {place}  {way:15} opened {told['opened']:6}  ended: {ends or 'none'}")
    return "\n".join(lines)


# Latency


def _latency(account: Account) -> Iterator[Row]:
    calm, hostile = (_pooled(account.phases, hostile) for hostile in (False, True))
    for name, share in (("median", 0.5), ("99th percentile", 0.99)):
        before, during = (_quantile(latencies, share) for latencies in (calm, hostile))
        ratio = during / before
        bound = f"{ratio:.2f}x of {MOST_LATE:g}x"
        yield Row(f"push latency, {name}", _ms(before), _ms(during), bound, ratio <= MOST_LATE)
    yield Row("push latency, longest", _ms(max(calm)), _ms(max(hostile)), "", None)
    missed = [sum(phase.missed for phase in account.phases if phase.hostile is hostile) for hostile in (False, True)]
    yield Row("pushes that took over 10 s", str(missed[0]), str(missed[1]), "0", not any(missed))
    yield Row("healthy streams that ended", "", str(account.lost), "0", not account.lost)
    waited = [median(p.waited for p in account.phases if p.hostile is hostile) for hostile in (False, True)]
    yield Row("server waited for a processor", f"{waited[0]:.0%}", f"{waited[1]:.0%}", "", None)


def _pooled(phases: Iterable[Phase], hostile: bool) -> list[float]:
    return sorted(chain.from_iterable(phase.latencies for phase in phases if phase.hostile is hostile))


def _quantile(ordered: list[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def _ms(seconds: float) -> str:
    return f"{1000 * seconds:.1f} ms"


# Memory


def _memory(account: Account) -> Iterator[Row]:
    before = max(account.phases[0].memory)
    first, second = (phase.memory for phase in account.phases if phase.hostile)
    after_first, after_second = (phase.memory[-1] for phase in account.phases[1:] if not phase.hostile)
    third = len(first) // 3  # in the first of them they are still coming
    peak = max(*first, *second)
    each = (peak - before) / account.streams
    yield Row("memory, peak per stream", "", f"{each:.2f} MiB", f"{MEBIBYTES_EACH:g} MiB", each <= MEBIBYTES_EACH)
    last, last_of_second = median(first[2 * third :]), median(second[2 * len(second) // 3 :])
    yield _growth("memory in 2nd third, last third", median(first[third : 2 * third]), last)
    yield _growth("memory in last third of 1st round, 2nd round", last, last_of_second)
    yield _growth("memory after 1st round, 2nd round", after_first, after_second)
    yield Row("memory at the start", f"{before:.0f} MiB", "", "", None)


def _growth(measure: str, earlier: float, later: float) -> Row:
    told = f"{earlier:.0f}, {later:.0f} MiB"
    return Row(measure, "", told, f"{later / earlier:.2f}x of {LEVEL:g}x", later <= LEVEL * earlier)


# Receipts


def _receipts(account: Account) -> Iterator[Row]:
    there, gone = named(account.there), named(account.gone, ["ABSENT"])
    for way in WAYS:
        if way.is_refused:
            held = {node for node in gone if node.startswith(way.way)}
            yield Row(f"held back once gone: {way.way}", "", str(len(held)), "0", not held)
            continue
        sent = {node for crowd in account.crowds for node in crowd[way.way]["sent"]}
        first = set(account.crowds[-1][way.way]["sent"])
        told = f"{len(first & there)} of {len(first)}; {len(sent & gone)} of {len(sent)}"
        yield Row(f"named, there and gone: {way.way}", "", told, "all", bool(sent) and first <= there and sent <= gone)
    outcomes = [receipt["outcome"] for receipt in (account.there, account.gone, account.forgotten)]
    yield Row(
        "receipt: there, gone, forgotten",
        "",
        ", ".join(outcomes),
        "PENDING, PENDING, CONFIRMED",
        outcomes == ["PENDING", "PENDING", "CONFIRMED"],
    )
