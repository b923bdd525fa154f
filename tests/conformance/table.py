"""Runs the conformance suite and prints which rule holds on which transport.

    python -m tests.conformance.table [pytest's arguments]

A cell gives the number of tests that passed, against the core and on sockets, such as `8+8`; or how many failed of how
many; or a letter for why the rule does not concern the transport. The exit status is pytest's.
"""

import sys
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.applicability import NO_DRIVER, NOT_APPLICABLE
from tests.conformance.rules import CORE, SOCKET, Rule, cited_by, rules
from tests.conformance.transports import ALL, Kind

_TITLE_WIDTH = 62
_CELL_WIDTH = 14


@dataclass
class Cell:
    """The tests of one rule on one transport: by driver, whether each passed."""

    outcomes: dict[str, list[bool]] = field(default_factory=lambda: {CORE: [], SOCKET: []})

    def __str__(self) -> str:
        every = [passed for outcomes in self.outcomes.values() for passed in outcomes]
        if not every:
            return "no test"
        if not all(every):
            return f"FAIL {every.count(False)} of {len(every)}"
        return "+".join(str(len(self.outcomes[driver])) if self.outcomes[driver] else "-" for driver in (CORE, SOCKET))


class Recorder:
    """A plugin of pytest that notes the outcome of every test by rule and transport."""

    def __init__(self) -> None:
        self.cells: dict[tuple[Rule, Kind], Cell] = defaultdict(Cell)
        self.failed: dict[str, tuple[Rule, ...]] = {}
        self.seconds = 0.0
        self.count = 0
        self._about: dict[str, tuple[tuple[Rule, ...], Kind, str]] = {}

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        for item in items:
            if not isinstance(item, pytest.Function) or not hasattr(item, "callspec"):
                continue
            parameters: dict[str, Any] = item.callspec.params
            if "kind" in parameters:
                driver = str(parameters.get("bench") or parameters.get("sockets") or SOCKET)
                self._about[item.nodeid] = cited_by(list(item.iter_markers())), Kind(parameters["kind"]), driver

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.seconds += report.duration
        if report.when != "call" and report.passed:
            return
        self.count += 1
        about = self._about.get(report.nodeid)
        if about is None:
            return
        cited, kind, driver = about
        for rule in cited:
            self.cells[rule, kind].outcomes[driver].append(report.passed)
        if not report.passed:
            self.failed[report.nodeid.rpartition("/")[2]] = cited


def render(recorder: Recorder) -> str:
    """The table, the reasons for what is not applicable, and the tests that failed."""
    letters: dict[str, str] = {}
    lines = [_row("rule", "", [str(kind) for kind in ALL])]
    for rule, title in rules().items():
        cells = []
        for kind in ALL:
            reason = NOT_APPLICABLE.get((rule, kind))
            if reason is None or (rule, kind) in recorder.cells:
                cells.append(str(recorder.cells[rule, kind]))
            else:
                cells.append(f"n/a ({letters.setdefault(reason, chr(ord('a') + len(letters)))})")
        lines.append(_row("" if isinstance(rule, str) else str(rule), title, cells))
    lines.append("")
    lines += [f"({letter}) {reason}" for reason, letter in letters.items()]
    lines += [f"-: rule {rule} does not concern the {driver}: {why}" for (rule, driver), why in NO_DRIVER.items()]
    lines.append("")
    lines.append(f"{recorder.count} tests, {len(recorder.failed)} failed, {recorder.seconds:.0f} s")
    for test, cited in recorder.failed.items():
        lines.append(f"FAILED {', '.join(map(str, cited))}: {test}")
    return "\n".join(lines)


def _row(number: str, title: str, cells: list[str]) -> str:
    if len(title) > _TITLE_WIDTH:
        title = title[: _TITLE_WIDTH - 3] + "..."
    return f"{number:>4}  {title:<{_TITLE_WIDTH}}  " + "".join(f"{cell:<{_CELL_WIDTH}}" for cell in cells).rstrip()


def main(arguments: list[str]) -> int:
    """Runs the suite and prints the table. Returns the exit status."""
    recorder = Recorder()
    folder = str(Path(__file__).parent)
    options = ["-qq", "--tb=no", "--no-summary", "--disable-warnings", "-p", "no:cacheprovider"]
    status = pytest.main([folder, *options, *arguments], plugins=[recorder])
    print(render(recorder))
    return int(status)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
