"""A process of the bench, on a processor of its own, that is told what to do line by line."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

Told = Mapping[str, Any]


class Child:
    """`python -m MODULE ARGUMENTS`, which answers each line of JSON with one.

    Args:
        processor: the one that it runs on, counted from 0; of those that there are.
    """

    def __init__(self, module: str, *arguments: str, processor: int) -> None:
        self.module = module
        self._process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        usable = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(self._process.pid, {usable[processor % len(usable)]})
        self.first = self._answer()
        """What it said when it was ready."""

    def ask(self, what: str, **about: Any) -> Told:
        """Has something done, and waits for the answer."""
        assert self._process.stdin is not None
        print(json.dumps({"do": what, **about}), file=self._process.stdin, flush=True)
        return self._answer()

    def _answer(self) -> Told:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self._process.args!r} has ended with {self._process.wait()}")
        told: Told = json.loads(line)
        return told

    @property
    def name(self) -> str:
        """Differs from that of every other process."""
        return f"{self.module}-{self._process.pid}"

    def memory(self) -> int:
        """What is resident of the process, in bytes."""
        pages = int(Path(f"/proc/{self._process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()


@contextmanager
def children() -> Iterator[Callable[..., Child]]:
    """Starts processes that end with the block."""
    started: list[Child] = []

    def start(module: str, *arguments: str, processor: int) -> Child:
        child = Child(module, *arguments, processor=processor)
        started.append(child)
        return child

    try:
        yield start
    finally:
        for child in started:
            child.stop()


def say(**told: Any) -> None:
    """Answers the process that started this one."""
    print(json.dumps(told), flush=True)
