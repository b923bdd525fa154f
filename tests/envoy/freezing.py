"""Freezes a process of the test's own."""

import os
import signal


def freeze(pid: int) -> None:
    """Returns when every thread of the child has stopped: until then one may go on reading, and ACK."""
    os.kill(pid, signal.SIGSTOP)
    os.waitid(os.P_PID, pid, os.WSTOPPED)
