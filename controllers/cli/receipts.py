"""How receipts are told on the command line."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from controllers.cli.output import age

HEADINGS = ("PROXY", "RESOURCE", "STATE", "SINCE", "DETAIL")
_SHOWN = 30

Json = Mapping[str, Any]


def progress(receipt: Json) -> str:
    """One line: `acked 97/100, pending 2, nacked 1, excluded 14 not subscribed`, and what else holds it back."""
    parts = [f"acked {receipt['acked']}/{receipt['audience']}", f"pending {receipt['pending']}"]
    if receipt["nacked"]:
        parts.append(f"nacked {receipt['nacked']}")
    if receipt["released"]:
        parts.append(f"released {len(streams(receipt['released']))} absent")
    if receipt["excluded"]:
        parts.append(f"excluded {receipt['excluded']} not subscribed")
    return "; ".join([", ".join(parts), *receipt["reasons"]])


def streams(stragglers: Iterable[Json]) -> set[tuple[str, int]]:
    """The proxies' streams among them."""
    return {(straggler["proxy"], straggler["stream"]) for straggler in stragglers}


def straggler_rows(stragglers: Sequence[Json]) -> list[tuple[str, ...]]:
    """A row for each of the first ones, under `HEADINGS`, and a last one for the others."""
    rows: list[tuple[str, ...]] = [
        (
            straggler["proxy"] or "(unnamed)",
            straggler["resource"] or "-",
            straggler["state"],
            age(straggler["since"]),
            " ".join(str(straggler["detail"]).split()),
        )
        for straggler in stragglers[:_SHOWN]
    ]
    if len(stragglers) > _SHOWN:
        rows.append((f"and {len(stragglers) - _SHOWN} more (-o json)",))
    return rows
