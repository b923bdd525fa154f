"""Runs Python on a tree that is a copy of this one, and stops it when it has taken too long or has shown enough."""

import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

_LOOK_SECONDS = 0.1
"""How often the output is looked at."""


@dataclass(frozen=True, slots=True)
class Ended:
    """A process that has ended. `status`: None if it was stopped."""

    output: str
    status: int | None
    seconds: float


def python(tree: Path, arguments: list[str], seconds: float, enough: re.Pattern[str] | None = None) -> Ended:
    """Runs Python in the tree, with the tree's packages.

    Args:
        seconds: after which it is stopped.
        enough: what it prints when there is no need to wait for its end.
    """
    # The tree comes before the finder by which the installed package is found, which is at the end of `sys.meta_path`.
    environment = {**os.environ, "PYTHONPATH": str(tree), "PYTHONHASHSEED": "0", "PYTHONUNBUFFERED": "1"}
    output = tree / "output.txt"  # not a pipe, which would have to be emptied all the time
    started = time.monotonic()
    with output.open("w") as file:
        process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=tree,
            env=environment,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            status = _wait(process, output, started + seconds, enough)
        finally:
            _end(process)
    return Ended(output.read_text(errors="replace"), status, time.monotonic() - started)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Stops the process if it has not ended, and with it those that it has started, which would outlive it."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _wait(process: subprocess.Popen[bytes], output: Path, until: float, enough: re.Pattern[str] | None) -> int | None:
    while time.monotonic() < until:
        try:
            return process.wait(_LOOK_SECONDS)
        except subprocess.TimeoutExpired:
            if enough is not None and enough.search(output.read_text(errors="replace")):
                return None
    return None
