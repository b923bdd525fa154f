"""What is shown on a terminal, as far as it differs."""

import os
import pty
import select
import signal
import subprocess
import sys
from contextlib import suppress

from tests.controllers.cli.live import Live

_PATIENCE_SECONDS = 30.0
_PRESSES = 20
_BETWEEN_PRESSES_SECONDS = 1.5

_INTERRUPTIBLE = """
import runpy, signal
signal.signal(signal.SIGINT, signal.default_int_handler)
runpy.run_module("controllers.cli", run_name="__main__", alter_sys=True)
"""
"""The command, also where the tests run in the background of a shell: there, interrupts are ignored from the start."""


class Terminal:
    """A command on a terminal of its own."""

    def __init__(self, plane: Live, *arguments: str) -> None:
        self._here, there = pty.openpty()
        environment = {**os.environ, "LASTACK_API": str(plane.world.api), "TERM": "xterm", "COLUMNS": "200"}
        self._process = subprocess.Popen(
            [sys.executable, "-c", _INTERRUPTIBLE, *arguments],
            stdin=there,
            stdout=there,
            stderr=there,
            env=environment,
        )
        os.close(there)
        self.shown = b""

    def until(self, text: bytes) -> None:
        """Reads until this was shown."""
        while text not in self.shown:
            ready, _, _ = select.select([self._here], [], [], _PATIENCE_SECONDS)
            assert ready, self.shown
            self.shown += os.read(self._here, 65536)

    def interrupt(self) -> int:
        """Presses Ctrl-C as people do: again, if nothing happens. Returns the exit code.

        Python misses an interrupt that comes just before it begins to wait in the kernel.
        """
        code: int | None = None
        for _ in range(_PRESSES):
            self._process.send_signal(signal.SIGINT)
            with suppress(subprocess.TimeoutExpired):
                code = self._process.wait(_BETWEEN_PRESSES_SECONDS)
                break
        os.close(self._here)
        assert code is not None, self.shown
        return code


def test_watching_goes_on_until_it_is_interrupted(plane: Live) -> None:
    plane.do(plane.world.synced("edge-1"))
    terminal = Terminal(plane, "proxies", "-w", "--every", "100ms")
    terminal.until(b"edge-1")
    plane.do(plane.world.synced("edge-2"))
    terminal.until(b"edge-2")
    assert terminal.interrupt() == 0


def test_progress_is_one_line_that_is_written_over(plane: Live) -> None:
    terminal = Terminal(plane, "wait", "we/shop/nope", "--timeout", "1m")
    terminal.until(b"\r\x1b[2Kacked 0/0, pending 0; WorkloadEntry/shop/nope is not known here")
    assert terminal.interrupt() == 1
