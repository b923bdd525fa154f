"""The outcome of the demo, for programs."""

from collections.abc import Sequence
from math import ceil

from controllers.demo.comparison import Run
from controllers.demo.plan import Plan
from controllers.demo.replacement import Way

LATE_SECONDS = 0.1
"""A client that is later than this with one request in a hundred is not the steady traffic that it should be."""

_NEGLIGIBLE_BEHIND_SECONDS = 0.5


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that at least `percent` of the values do not exceed (nearest rank); 0 if there are none."""
    ordered = sorted(values)
    return ordered[max(1, ceil(len(ordered) * percent / 100)) - 1] if ordered else 0.0


def milliseconds(values: Sequence[float], percent: float) -> float:
    """A percentile of seconds, in ms."""
    return round(1000 * percentile(values, percent), 1)


def report(plan: Plan, runs: Sequence[Run]) -> dict[str, object]:
    """What `--json` prints."""
    found: dict[str, object] = {run.way.value: _run(run) for run in runs}
    return found | {
        "proxies": plan.proxies,
        "instances": plan.instances,
        "rate": plan.rate,
        "seconds": plan.seconds,
        "interval_seconds": plan.interval,
        "warnings": warnings(runs),
    }


def succeeded(runs: Sequence[Run]) -> bool:
    """Whether no request failed in the confirmed way."""
    return all(run.tally.requests > 0 and not run.tally.failed for run in runs if run.way is Way.CONFIRMED)


def warnings(runs: Sequence[Run]) -> list[str]:
    """What makes the numbers worth less than they look."""
    found = []
    for run in runs:
        late = percentile(run.tally.lateness, 99)
        if late > LATE_SECONDS:
            found.append(
                f"{run.way}: the client itself was late, 1 % of the requests by more than {1000 * late:.0f} ms: this "
                "machine is too busy for the rate"
            )
        if run.behind > _NEGLIGIBLE_BEHIND_SECONDS:
            found.append(f"{run.way}: the replacements fell {run.behind:.1f} s behind the pace")
    return found


def _run(run: Run) -> dict[str, object]:
    found: dict[str, object] = {
        "requests": run.tally.requests,
        "failed": run.tally.failed,
        "failures": {kind.value: number for kind, number in sorted(run.tally.failures.items())},
        "replaced": run.replaced,
        "late_ms": {"p99": milliseconds(run.tally.lateness, 99), "max": milliseconds(run.tally.lateness, 100)},
    }
    if run.way is Way.CONFIRMED:
        times = [receipt.seconds for receipt in run.receipts]
        found["receipts"] = {
            "count": len(times),
            "p50_ms": milliseconds(times, 50),
            "p99_ms": milliseconds(times, 99),
            "max_ms": milliseconds(times, 100),
        }
    return found
