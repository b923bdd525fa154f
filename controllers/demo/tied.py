"""Runs a command that can't outlive who started it: `python -m controllers.demo.tied PARENT-PID COMMAND [ARGUMENT]...`.

A program of its own, since what must happen in the child before `exec` is not safe in a process that has threads.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1  # prctl(2)


def tie(parent: int) -> None:
    """Has the kernel kill this process when `parent` ends, even if that was killed itself.

    Only Linux can do that; elsewhere only an orderly end of the parent ends its children.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it ended before the kernel was told
            sys.exit(1)


if __name__ == "__main__":
    tie(int(sys.argv[1]))
    os.execvp(sys.argv[2], sys.argv[2:])
