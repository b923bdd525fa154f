"""Cold start: from documents, parsed or in files, to ready."""

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tests.bench import line
from tests.bench.index import SERVICES
from tests.bench.line import Line

_DOCUMENTS_SECONDS, _FILES_SECONDS = 2.0, 6.0
_BYTES = 200 * 2**20
_GROWTH = 2.2
"""Times as long that twice as much may take."""

_ONE = 25_000
"""Instances of one service; and twice as many."""


@dataclass(frozen=True, slots=True)
class Load:
    """What it took in one process."""

    seconds: float
    bytes: float


def run(quick: bool) -> Iterator[Line]:
    """Each in processes of their own, in turns."""
    rounds = 1 if quick else 5
    about = f"{SERVICES:,} services, {2 * SERVICES:,} instances"
    small, large = _in_turns("documents", (SERVICES, 2 * SERVICES), rounds)
    yield line.at_most("2 cold start", f"{about}: as parsed documents", small.seconds, _DOCUMENTS_SECONDS)
    shown, bound = line.mebibytes(small.bytes), line.mebibytes(_BYTES)
    yield Line("2 cold start", "memory of that", shown, f"<= {bound}", small.bytes <= _BYTES, {"bytes": small.bytes})
    yield line.ratio("2 cold start", "twice as much", large.seconds, small.seconds, _GROWTH)
    (files,) = _in_turns("files", (SERVICES,), rounds)
    yield line.at_most("2 cold start", f"{about}: from YAML files", files.seconds, _FILES_SECONDS)
    few = _ONE // 5 if quick else _ONE
    half, whole = _in_turns("one", (few, 2 * few), rounds)
    measure = f"{2 * few:,} instances of one service, for {few:,}"
    yield line.ratio("2 cold start", measure, whole.seconds, half.seconds, _GROWTH, f"({line.time(whole.seconds)})")


def _in_turns(how: str, sizes: Sequence[int], rounds: int) -> list[Load]:
    """Of each size what it took where it was least disturbed: the work is the same every time."""
    loads: list[list[Load]] = [[] for _ in sizes]
    for _ in range(rounds):
        for size, found in zip(sizes, loads, strict=True):
            found.append(_load(how, size))
    return [Load(min(one.seconds for one in found), min(one.bytes for one in found)) for found in loads]


def _load(how: str, size: int) -> Load:
    command = [sys.executable, "-m", "tests.bench.load", how, str(size)]
    told = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return Load(told["seconds"], told["bytes"])
