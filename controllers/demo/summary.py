"""The outcome of the demo, for people."""

from collections.abc import Callable, Sequence

from rich.box import SIMPLE
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from controllers.demo.comparison import Run
from controllers.demo.plan import DRAIN_SECONDS
from controllers.demo.replacement import Way
from controllers.demo.report import milliseconds, warnings


def summary(runs: Sequence[Run]) -> RenderableType:
    """The two runs side by side, and what it means."""
    table = Table("", box=SIMPLE)
    for run in runs:
        table.add_column(run.way.value, justify="right")

    def row(label: str, cell: Callable[[Run], str], style: str = "") -> None:
        table.add_row(label, *(cell(run) for run in runs), style=style)

    row("instances replaced", lambda run: str(run.replaced))
    row("requests", lambda run: f"{run.tally.requests:,}")
    table.add_row(Text("requests that failed", style="bold"), *map(_failed, runs))
    for kind in sorted({kind for run in runs for kind in run.tally.failures}):
        row(f"  {kind.meaning}", lambda run, kind=kind: f"{run.tally.failures[kind]:,}", "dim")  # type: ignore[misc]
    row("receipts", _count)
    row("  from the change to its receipt, median", lambda run: _time(run, 50), "dim")
    row("  99th percentile", lambda run: _time(run, 99), "dim")
    notes = [Text(f"Mind: {warning}", style="yellow") for warning in warnings(runs)]
    return Group(table, *notes, Text(_conclusion({run.way: run for run in runs})))


def _failed(run: Run) -> Text:
    failed = run.tally.failed
    return Text(f"{failed:,}", style="bold red" if failed else "bold green")


def _count(run: Run) -> str:
    return str(len(run.receipts)) if run.receipts else "-"


def _time(run: Run, percent: float) -> str:
    return f"{milliseconds([r.seconds for r in run.receipts], percent):.0f} ms" if run.receipts else "-"


def _conclusion(runs: dict[Way, Run]) -> str:
    lost, kept = runs[Way.UNCONFIRMED].tally.failed, runs[Way.CONFIRMED].tally.failed
    trouble = warnings(list(runs.values()))
    if kept and trouble:
        return f"{kept:,} requests failed although every removal was confirmed, on a busy machine: try a lower --rate."
    if kept:
        return f"{kept:,} requests failed although every removal was confirmed. That must not be: please report it."
    return (
        f"{'' if trouble else 'Same traffic, same pace. '}Without waiting {lost:,} requests failed; with receipts, and "
        f"{DRAIN_SECONDS:g} s for requests in flight, none did."
    )
