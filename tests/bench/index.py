"""Index: one WorkloadEntry changes, from the object to the list of changed resources and their new bytes."""

import time
from collections.abc import Iterator
from itertools import islice
from statistics import median

from tests.bench import line
from tests.bench.full_scan import FullScan, assignments
from tests.bench.line import Line
from tests.bench.mesh import Indexed, applied, changes, instance, instances, service, services
from xds.objects import WorkloadEntry

SERVICES = 5_000
"""With 10,000 instances the size at which Istio 1.7's full scan took minutes."""

_MEDIAN_SECONDS, _P99_SECONDS = 100e-6, 500e-6
_GROWTH = 1.2
"""Times the median that there may be with twice of everything."""

_TIMES_FASTER = 1000
_LARGE = 10_000
"""Endpoints of one service."""

_LARGE_SECONDS = 5e-3
_CHANGED = 1000
"""The instance that changes: the first one of a service, which has half its number."""

_BLOCK = 50
"""Changes that are measured in one go, before it is the other's turn."""


def run(quick: bool) -> Iterator[Line]:
    """One change, beside twice the objects and a full scan; and a large service."""
    sizes = (SERVICES, 2 * SERVICES)
    meshes = [Indexed([*services(size), *instances(size)]) for size in sizes]
    entries = [changes(instances(size)[: 4 * _BLOCK]) for size in sizes]
    spent: list[list[float]] = [[], []]
    for _ in range(40 if quick else 200):
        for mesh, changing, seconds in zip(meshes, entries, spent, strict=True):
            seconds.extend(_timed(mesh, islice(changing, _BLOCK)))
    one = median(spent[0])
    about = f"{SERVICES:,} services, {2 * SERVICES:,} instances: one change"
    yield line.at_most("1 index", f"{about}, median", one, _MEDIAN_SECONDS)
    yield line.at_most("1 index", f"{about}, 99th percentile", line.quantile(spent[0], 0.99), _P99_SECONDS)
    yield line.ratio("1 index", "twice of both, median", median(spent[1]), one, _GROWTH)
    yield _beside_full_scan(SERVICES // 5 if quick else SERVICES)
    yield _large(quick)


def _timed(mesh: Indexed, entries: Iterator[WorkloadEntry]) -> Iterator[float]:
    for entry in entries:
        event = applied(entry)
        began = time.perf_counter()
        changed = mesh.apply(event)
        yield time.perf_counter() - began
        assert changed, "nothing has changed"


def _beside_full_scan(size: int) -> Line:
    """Both give the same bytes, which is looked at first."""
    every, entries = services(size), instances(size)
    mesh, scan = Indexed([*every, *entries]), FullScan(every, entries)
    scan.apply(entries[_CHANGED])
    slow: list[float] = []
    quick: list[float] = []
    for entry in islice(changes([entries[_CHANGED]]), 2):
        quick.extend(_timed(mesh, iter([entry])))
        began = time.perf_counter()
        changed = scan.apply(entry)
        slow.append(time.perf_counter() - began)
        assert changed == assignments(mesh, every[_CHANGED // 2]), "the full scan has another outcome"
    times = median(slow) / median(quick)
    shown = f"{times:,.0f}x ({line.time(median(slow))})"
    numbers = {"ratio": times, "full_scan": median(slow), "index": median(quick)}
    bound, measure = f">= {_TIMES_FASTER:,}x", f"as fast as a full scan of {size:,} services"
    return Line("1 index", measure, shown, bound, times >= _TIMES_FASTER, numbers)


def _large(quick: bool) -> Line:
    members = [instance(number, 0) for number in range(_LARGE)]
    mesh = Indexed([service(0), *members])
    spent = list(_timed(mesh, islice(changes(members[:: _LARGE // 100]), 100 if quick else 1000)))
    shown = f"one of {_LARGE:,} endpoints of one service, 99th percentile"
    return line.at_most("1 index", shown, line.quantile(spent, 0.99), _LARGE_SECONDS)
