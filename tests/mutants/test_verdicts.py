"""A mistake counts as caught only where the tests noticed it; what could not be run at all is an error."""

from pathlib import Path

import pytest

from tests.mutants.processes import Ended, python
from tests.mutants.runs import Run, Verdict, imports, judge_simulation, judge_tests
from tests.mutants.trial import judge

TRACEBACK = 'Traceback (most recent call last):\n  File "x.py", line 1, in f\nKeyError: 7\n'


@pytest.mark.parametrize(
    ("output", "status", "verdict"),
    [
        ("40 worlds, 9 s: 0 violations\n", 0, Verdict.PASSED),
        ("seed 3, step 7: violation of confirmed: w is CONFIRMED\n40 worlds: 1 violations\n", 1, Verdict.FAILED),
        ("seed 3, step 7: violation of confirmed: w is CONFIRMED\n", None, Verdict.FAILED),
        ("seed 3, step 7: violation of crash: KeyError(7) at x.py:1\n", 1, Verdict.CRASHED),
        (TRACEBACK, 1, Verdict.CRASHED),
        ("", None, Verdict.OUT_OF_TIME),
        ("simulate: error: argument --seeds: invalid int value\n", 2, Verdict.ERROR),
        ("No module named tests.simulation\n", 1, Verdict.ERROR),
    ],
)
def test_the_simulation_is_judged_by_its_status_and_by_what_it_names(
    output: str, status: int | None, verdict: Verdict
) -> None:
    assert judge_simulation(Ended(output, status, 1.0)).verdict is verdict


@pytest.mark.parametrize(
    ("output", "status", "verdict"),
    [
        ("....\n", 0, Verdict.PASSED),
        ("FAILED tests/property/test_lag.py::test_a_lag - AssertionError\n", 1, Verdict.FAILED),
        ("", None, Verdict.OUT_OF_TIME),
        ("ERROR tests/property/test_lag.py - ImportError\n1 error during collection\n", 2, Verdict.ERROR),
        ("ERROR tests/property/test_lag.py\n", 1, Verdict.ERROR),
        ("no tests ran\n", 5, Verdict.ERROR),
    ],
)
def test_tests_are_judged_by_their_status_and_by_what_failed(output: str, status: int | None, verdict: Verdict) -> None:
    assert judge_tests(Ended(output, status, 1.0)).verdict is verdict


def test_a_failure_is_told_by_the_line_that_tells_it() -> None:
    assert (
        judge_simulation(Ended("seed 3: violation of root: r1\nmore\n", 1, 1.0)).what == "seed 3: violation of root: r1"
    )
    assert judge_simulation(Ended(TRACEBACK, 1, 1.0)).what == "KeyError: 7"
    assert judge_tests(Ended("FAILED tests/property/test_lag.py::test_a\n", 1, 1.0)).what == "test_lag.py::test_a"


def test_the_simulation_catches_before_the_property_tests_do() -> None:
    failed, passed = Run(Verdict.FAILED, "so", 1.0), Run(Verdict.PASSED, "", 2.0)
    assert judge("m", ("simulation", failed)).by == "simulation"
    assert judge("m", ("simulation", passed), ("property", failed)).by == "property"
    assert judge("m", ("simulation", Run(Verdict.CRASHED, "so", 1.0))).by == "simulation, crash"
    assert not judge("m", ("simulation", passed), ("property", passed)).caught


def test_what_could_not_be_run_is_not_caught() -> None:
    outcome = judge(
        "m", ("simulation", Run(Verdict.PASSED, "", 1.0)), ("property", Run(Verdict.ERROR, "no such option", 1.0))
    )
    assert not outcome.caught
    assert outcome.error == "property: no such option"


def test_out_of_time_is_not_caught() -> None:
    outcome = judge("m", ("simulation", Run(Verdict.OUT_OF_TIME, "", 1.0)), ("property", Run(Verdict.PASSED, "", 1.0)))
    assert not outcome.caught
    assert outcome.what == "out of time: simulation"


def test_a_copy_is_imported_and_not_what_is_installed(tmp_path: Path) -> None:
    (tmp_path / "ledger").mkdir()
    (tmp_path / "ledger" / "__init__.py").write_text("")
    assert imports(tmp_path, ["ledger"]).verdict is Verdict.PASSED
    assert "not of the copy" in imports(tmp_path, ["xds"]).what


def test_a_copy_that_can_not_be_imported_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "ledger").mkdir()
    (tmp_path / "ledger" / "__init__.py").write_text("import no_such_module")
    run = imports(tmp_path, ["ledger"])
    assert run.verdict is Verdict.ERROR
    assert "No module named 'no_such_module'" in run.what


def test_a_process_that_takes_too_long_is_stopped_and_its_output_kept(tmp_path: Path) -> None:
    ended = python(tmp_path, ["-c", "print('here', flush=True); import time; time.sleep(60)"], 1.0)
    assert ended.status is None
    assert ended.output == "here\n"
