"""Child processes, none of which outlives this one."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import Any, TypeVar

from controllers.demo.errors import DemoError

_LOG_LINES = 3
_NOTICED_WITHIN_SECONDS = 0.5

T = TypeVar("T")


def environment() -> dict[str, str]:
    """The environment for children: settings of lastack that are meant for another control plane are left out."""
    return {name: value for name, value in os.environ.items() if not name.startswith("LASTACK_")}


class Child:
    """A running child process. `log` is the file with what it writes."""

    def __init__(self, name: str, process: asyncio.subprocess.Process, log: Path) -> None:
        self.name = name
        self.process = process
        self.log = log
        self.killed = False

    def last_words(self) -> str:
        """The end of its log, in one line."""
        lines = self.log.read_text(errors="replace").split("\n")
        return " / ".join([line.strip() for line in lines if line.strip()][-_LOG_LINES:]) or "it said nothing"


class Processes:
    """Starts and kills children.

    Args:
        logs: the directory for their logs.
    """

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._children: set[Child] = set()
        self._watches: set[asyncio.Task[None]] = set()
        self.trouble: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Fails with a `DemoError` when a child ends that nobody killed; never completes otherwise."""

    async def start(self, name: str, command: Sequence[str], talks: bool = False) -> Child:
        """Starts a child, in a session of its own: a terminal's Ctrl-C reaches this process only, which then ends all
        children in order.

        Args:
            talks: its stdout is for the caller to read; else it goes to the log, like stderr.
        """
        path = self._logs / f"{name}.log"
        tied = [sys.executable, "-m", "controllers.demo.tied", str(os.getpid())]
        with path.open("wb") as log:
            process = await asyncio.create_subprocess_exec(
                *tied,
                *command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE if talks else log,
                stderr=log,
                start_new_session=True,
                env=environment(),
            )
        child = Child(name, process, path)
        self._children.add(child)
        watch = asyncio.create_task(self._watch(child))
        self._watches.add(watch)
        watch.add_done_callback(self._watches.discard)
        return child

    async def guard(self, work: Coroutine[object, object, T]) -> T:
        """Does the work; but when a child ends that nobody killed, stops it.

        Raises:
            DemoError: a child ended.
        """
        task = asyncio.create_task(work)
        either: set[asyncio.Future[Any]] = {task, self.trouble}
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if task.done() and task.exception() is not None:  # maybe since a child has just ended
                await asyncio.wait({self.trouble}, timeout=_NOTICED_WITHIN_SECONDS)
            if self.trouble.done():
                self.trouble.result()
            return await task
        finally:
            task.cancel()
            await asyncio.wait({task})

    async def kill(self, child: Child) -> None:
        """Kills a child with SIGKILL, and whatever it started."""
        child.killed = True
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.process.pid, signal.SIGKILL)
        await child.process.wait()
        self._children.discard(child)

    async def kill_all(self) -> None:
        """Kills every child that is left."""
        for child in list(self._children):
            await self.kill(child)
        if self.trouble.done():
            self.trouble.exception()  # so that asyncio doesn't complain that nobody looked

    async def _watch(self, child: Child) -> None:
        code = await child.process.wait()
        if not child.killed and not self.trouble.done():
            self.trouble.set_exception(
                DemoError(f"{child.name} ended unexpectedly, with status {code}; its last words: {child.last_words()}")
            )
