"""How answers are printed: as tables to be read, or as data."""

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

import click
import yaml
from rich.console import Console
from rich.table import Table
from rich.text import Text

from xds.durations import show_duration

WIDE = 500
"""Columns where there is no terminal: nothing is cut or wrapped then."""

_STYLES = {
    "SYNCED": "green",
    "CONFIRMED": "green",
    "NOT_SENT": "yellow",
    "STALE": "yellow",
    "PENDING": "yellow",
    "SENT": "yellow",
    "ERROR": "red",
    "NACKED": "red",
    "ABSENT": "magenta",
    "UNKNOWN": "magenta",
    "RELEASED_UNCONFIRMED": "magenta",
}


def print_data(value: Any, form: str) -> None:
    """Prints a JSON value as `json` or `yaml`."""
    if form == "json":
        click.echo(json.dumps(value, indent=2, ensure_ascii=False))
    else:
        click.echo(yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=120), nl=False)


def console(stderr: bool = False) -> Console:
    """Where to print to: as wide as the terminal, or without a limit."""
    plain = Console(stderr=stderr, highlight=False, emoji=False, markup=False)
    if not plain.is_terminal:
        plain.width = WIDE
    return plain


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> Table:
    """A table without lines. Cells that are a state are coloured."""
    made = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), header_style="bold")
    for heading in headings:
        made.add_column(heading, overflow="fold", no_wrap=False)
    for row in rows:
        made.add_row(*(styled(cell) for cell in row))
    return made


def print_table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Prints a table; lines carry no trailing blanks, so that they can be cut and compared."""
    target = console()
    with target.capture() as captured:
        target.print(table(headings, rows))
    for line in captured.get().splitlines():
        click.echo(line.rstrip() if not target.is_terminal else line)


def styled(cell: str) -> Text:
    """A cell, coloured if it is a state."""
    return Text(cell, style=_STYLES.get(cell.split(" ")[0], "") if cell.isascii() else "")


def age(since: str) -> str:
    """How long ago an RFC 3339 time was: `12s`."""
    return show_duration((datetime.now(UTC) - datetime.fromisoformat(since)).total_seconds())
