"""Runs libFuzzer on a target for some time, and reads from its log what came of it."""

import re
import subprocess
import sys
import time
from base64 import b64encode
from dataclasses import dataclass
from pathlib import Path

from tests.fuzz.targets import Target

MEMORY_MB = 1024
"""The whole process may take, libFuzzer and its corpus included; it begins with 80."""

LONGEST_RUN = 30
"""Seconds for one input, which takes 0.05 as a rule."""

_GRACE = 120.0
"""Seconds beyond the time set, to start and to play the seeds, before a process is taken to hang."""

_PROGRESS = re.compile(r"^#(\d+)\s.*?\bcov: (\d+)", re.MULTILINE)
_WRITTEN = re.compile(r"Test unit written to (\S+)")
_RAISED = re.compile(r"=== Uncaught Python exception: ===\n(.*?)\n(?:Traceback|==)", re.DOTALL)
_SUMMARY = re.compile(r"^SUMMARY: (.*)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Result:
    """executions: inputs played. coverage: edges of the product's code reached by all of them. failure: what was wrong
    with the last one; None if nothing was. culprit: where that one is saved."""

    target: str
    seconds: float
    executions: int
    coverage: int
    failure: str | None = None
    culprit: Path | None = None

    def __str__(self) -> str:
        speed = f"{self.executions / max(self.seconds, 1):.0f}/s"
        told = f"{self.target}: {self.executions} executions in {self.seconds:.0f} s ({speed}), {self.coverage} edges"
        if self.failure is None:
            return f"{told}, nothing found"
        lines = [f"{told}, FAILED: {self.failure}"]
        if self.culprit is not None:
            lines.append(f"  replay it: python -m tests.fuzz --replay {self.culprit}")
            if self.culprit.exists():
                told, there = b64encode(self.culprit.read_bytes()).decode(), f".fuzz/{self.target}"
                lines.append(f"  elsewhere: mkdir -p {there} && echo {told} | base64 -d > {there}/it")
        return "\n".join(lines)


def fuzz(target: Target, seconds: int, cache: Path) -> Result:
    """Runs a target for that long, or until an input fails.

    Args:
        cache: a folder for what is found, with which the next time begins.
    """
    folder = cache / target.name
    (folder / "corpus").mkdir(parents=True, exist_ok=True)
    log = folder / "log.txt"
    began = time.monotonic()
    with log.open("wb") as out:
        process = subprocess.Popen(_command(target, seconds, folder), stdout=out, stderr=subprocess.STDOUT)
        try:
            code: int | None = process.wait(seconds + _GRACE)
        except subprocess.TimeoutExpired:
            code = None
        finally:
            process.kill()
            process.wait()
    return read_log(target.name, log.read_text(errors="replace"), code, time.monotonic() - began)


def _command(target: Target, seconds: int, folder: Path) -> list[str]:
    words = [f"-dict={target.words}"] if target.words.exists() else []
    return [
        sys.executable,
        "-m",
        "tests.fuzz.engine",
        target.name,
        f"-max_total_time={seconds}",
        f"-max_len={target.longest}",
        "-len_control=0",  # stories take some length to get anywhere
        f"-timeout={LONGEST_RUN}",
        f"-rss_limit_mb={MEMORY_MB}",
        f"-artifact_prefix={folder}/",
        *words,
        str(folder / "corpus"),
        str(target.seeds),
    ]


def read_log(target: str, log: str, code: int | None, seconds: float) -> Result:
    """What libFuzzer's log tells.

    Args:
        code: with which the process ended; None if it did not.
    """
    progress = _PROGRESS.findall(log)
    executions, coverage = map(int, progress[-1]) if progress else (0, 0)
    if code == 0:
        return Result(target, seconds, executions, coverage)
    raised, summary, written = _RAISED.search(log), _SUMMARY.search(log), _WRITTEN.search(log)
    if raised is not None:
        failure = " ".join(raised[1].split())
    elif summary is not None:
        failure = summary[1]
    else:
        failure = "it hangs" if code is None else f"it ended with {code}: {log.strip().rpartition(chr(10))[2]}"
    return Result(target, seconds, executions, coverage, failure, Path(written[1]) if written is not None else None)
