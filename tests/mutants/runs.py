"""What the simulation and tests say of a tree: that all is well, that something is wrong, or nothing.

A mistake is noticed where an invariant does not hold or a test fails. A tree that can't be imported, tests that can't
be collected and a command line that is refused say nothing of the mistake, and are errors.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from tests.mutants.processes import Ended, python

IMPORT_SECONDS = 60.0

_VIOLATION = re.compile(r"^(?!.*\b0 violations).*\bviolation.*$", re.IGNORECASE | re.MULTILINE)
_CRASH = re.compile(r"violation of crash\b")
_TEST_FAILED = re.compile(r"^FAILED \S*?(\w+\.py::\S+)", re.MULTILINE)
_NOT_COLLECTED = re.compile(r"errors? during collection|^ERROR \S+\.py( - |$)", re.MULTILINE)
_EXCEPTION = re.compile(r"^(?:E +)?((?:\w+\.)*\w*(?:Error|Exception|Violation|Failed)\b.*)$", re.MULTILINE)


class Verdict(StrEnum):
    """What a run says. CRASHED: the code failed by itself, before any invariant did. ERROR: it could not be run."""

    PASSED = "passed"
    FAILED = "failed"
    CRASHED = "crashed"
    OUT_OF_TIME = "out of time"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Run:
    """What a run says, in a line, and how long it took."""

    verdict: Verdict
    what: str
    seconds: float

    @property
    def noticed(self) -> bool:
        """Whether it tells that something is wrong with the code."""
        return self.verdict in (Verdict.FAILED, Verdict.CRASHED)


@dataclass(frozen=True, slots=True)
class Scope:
    """How much is simulated."""

    seeds: int = 200
    steps: int = 600


def imports(tree: Path, modules: Sequence[str]) -> Run:
    """Whether the modules can be imported, and come from the tree: not from where the package is installed."""
    script = "import importlib, sys\nfor name in sys.argv[1:]: print(importlib.import_module(name).__file__)"
    ended = python(tree, ["-c", script, *modules], IMPORT_SECONDS)
    if ended.status != 0:
        return Run(Verdict.ERROR, f"cannot be imported: {_exception(ended.output)}", ended.seconds)
    for file in ended.output.split("\n")[: len(modules)]:
        if not Path(file).resolve().is_relative_to(tree.resolve()):
            return Run(Verdict.ERROR, f"{file} was imported, which is not of the copy", ended.seconds)
    return Run(Verdict.PASSED, "", ended.seconds)


def simulation(tree: Path, scope: Scope, seconds: float) -> Run:
    """Runs worlds until an invariant is broken."""
    many = ["--seeds", str(scope.seeds), "--steps", str(scope.steps)]
    arguments = ["-m", "tests.simulation", *many, "--jobs", "1", "--stop"]
    return judge_simulation(python(tree, arguments, seconds, enough=_VIOLATION))


PROPERTIES = ("tests/property",)

KUBERNETES = (
    "tests/property/test_pods.py",
    "tests/property/test_election.py",
    "tests/kubernetes/pods",
    "tests/kubernetes/test_drain.py",
    "tests/kubernetes/test_reflector.py",
    "tests/kubernetes",
    # These start processes, or wait for time-outs, and are about neither.
    "--ignore=tests/kubernetes/test_takeover.py",
    "--ignore=tests/kubernetes/remote",
    "--ignore=tests/kubernetes/webhook",
    "--ignore=tests/kubernetes/traps/test_members.py",
)


def tests(tree: Path, which: Sequence[str], seconds: float) -> Run:
    """Runs these tests until one fails; what Hypothesis tries is always the same."""
    plugins = ["-p", "no:cacheprovider", "-p", "tests.mutants.unshrunk"]
    arguments = ["-m", "pytest", *which, "-q", "-x", "--tb=short", "--hypothesis-seed=0", *plugins]
    return judge_tests(python(tree, arguments, seconds))


def judge_simulation(ended: Ended) -> Run:
    """What the simulation's output and exit status mean."""
    broken = _VIOLATION.search(ended.output)
    if ended.status == 0 and broken is None:
        return Run(Verdict.PASSED, "", ended.seconds)
    if broken is not None and ended.status in (1, None):
        what = broken.group().strip()
        return Run(Verdict.CRASHED if _CRASH.search(what) else Verdict.FAILED, what, ended.seconds)
    if ended.status is None:
        return Run(Verdict.OUT_OF_TIME, "", ended.seconds)
    if "Traceback (most recent call last)" in ended.output:
        return Run(Verdict.CRASHED, _exception(ended.output), ended.seconds)
    return Run(Verdict.ERROR, f"ended with {ended.status}: {_last_line(ended.output)}", ended.seconds)


def judge_tests(ended: Ended) -> Run:
    """What pytest's output and exit status mean."""
    if ended.status == 0:
        return Run(Verdict.PASSED, "", ended.seconds)
    if ended.status is None:
        return Run(Verdict.OUT_OF_TIME, "", ended.seconds)
    failed = _TEST_FAILED.search(ended.output)
    if ended.status == 1 and failed is not None and _NOT_COLLECTED.search(ended.output) is None:
        return Run(Verdict.FAILED, failed.group(1), ended.seconds)
    return Run(Verdict.ERROR, f"pytest ended with {ended.status}: {_exception(ended.output)}", ended.seconds)


def _exception(output: str) -> str:
    found = _EXCEPTION.findall(output)
    return str(found[-1])[:200] if found else _last_line(output)


def _last_line(output: str) -> str:
    return output.strip().rpartition("\n")[2][:200]
