"""What libFuzzer's log tells is read as it is meant; and where the fuzzer is installed, it runs."""

from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.fuzz.campaign import fuzz, read_log
from tests.fuzz.targets import TARGETS

BEGINNING = """\
INFO: Using built-in libfuzzer
INFO: seed corpus: files: 2 min: 1b max: 9b total: 10b rss: 74Mb
#3\tINITED cov: 10 ft: 12 corp: 2/10b exec/s: 0 rss: 75Mb
#64\tNEW    cov: 11 ft: 14 corp: 3/12b lim: 600 exec/s: 16 rss: 76Mb L: 2/9 MS: 1 ChangeByte-
"""
DONE = "#512\tDONE   cov: 12 ft: 15 corp: 3/12b lim: 600 exec/s: 170 rss: 76Mb\nDone 512 runs in 3 second(s)\n"
RAISED = """
 === Uncaught Python exception: ===
KeyError: 'a nonce'
Traceback (most recent call last):
  File "x.py", line 1, in run

==7== ERROR: libFuzzer: fuzz target exited
SUMMARY: libFuzzer: fuzz target exited
artifact_prefix='/f/'; Test unit written to /f/crash-1
"""
SLOW = """
ALARM: working on the last Unit for 31 seconds
==7== ERROR: libFuzzer: timeout after 31 seconds
SUMMARY: libFuzzer: timeout
artifact_prefix='/f/'; Test unit written to /f/timeout-1
"""


def test_a_run_that_finds_nothing_tells_how_much_it_did() -> None:
    result = read_log("requests", BEGINNING + DONE, 0, 4.0)
    assert (result.executions, result.coverage, result.failure) == (512, 12, None)
    assert str(result) == "requests: 512 executions in 4 s (128/s), 12 edges, nothing found"


def test_an_exception_is_told_with_the_input_and_how_to_play_it_again() -> None:
    result = read_log("requests", BEGINNING + RAISED, 77, 2.0)
    assert result.failure == "KeyError: 'a nonce'"
    assert result.culprit == Path("/f/crash-1")
    assert str(result).endswith("python -m tests.fuzz --replay /f/crash-1")


def test_an_input_that_fails_is_printed_so_that_a_log_is_enough_to_play_it_again(tmp_path: Path) -> None:
    culprit = tmp_path / "crash-1"
    culprit.write_bytes(b"\0bad")
    result = read_log("requests", BEGINNING + RAISED.replace("/f/crash-1", str(culprit)), 77, 2.0)
    assert str(result).endswith("echo AGJhZA== | base64 -d > .fuzz/requests/it")


def test_an_input_that_takes_too_long_is_a_failure() -> None:
    result = read_log("requests", BEGINNING + SLOW, 70, 40.0)
    assert (result.failure, result.culprit) == ("libFuzzer: timeout", Path("/f/timeout-1"))


@pytest.mark.parametrize(("code", "told"), [(None, "it hangs"), (1, "it ended with 1: ModuleNotFoundError: no")])
def test_a_process_that_ends_in_another_way_is_a_failure(code: int | None, told: str) -> None:
    result = read_log("requests", "ModuleNotFoundError: no\n", code, 1.0)
    assert (result.executions, result.failure, result.culprit) == (0, told, None)


@pytest.mark.skipif(find_spec("atheris") is None, reason="atheris is not to be had for this Python")
def test_a_target_runs_under_the_fuzzer(tmp_path: Path) -> None:
    target = TARGETS["objects"]
    result = fuzz(target, 1, tmp_path)
    assert result.failure is None, result
    assert result.executions >= len(list(target.seeds.iterdir()))
    assert result.coverage > 500
