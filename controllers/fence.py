"""Whether this process may serve proxies and write: asked wherever an effect leaves it, with the clock as it is then.

A process that was frozen (SIGSTOP, a starved node) goes on in the middle of whatever it did, and with what the network
has brought meanwhile, before any timer of its own is looked at. So nothing may rely on a timer having told it that its
time is over.
"""

import time
from collections.abc import Callable


class LeaseLost(Exception):
    """This process held the Lease and does not any more: it must end. Terminal; the text says why."""


def running_time() -> float:
    """Seconds that go on while the process stands still, and the machine sleeps, where the system can tell that."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


class Fence:
    """The right to serve: not there at first, then until a time that may be put off, then gone for good.

    Args:
        clock: tells the time that `extend` and the others are given. It must go on while the process stands still.
    """

    def __init__(self, clock: Callable[[], float] = running_time) -> None:
        self.clock = clock
        self.on_loss: list[Callable[[], None]] = []
        """Called once, by whoever finds that the right is gone."""
        self.standing = "standby: it is not known yet who holds the lease"
        """Why the right is not there, for as long as it never was."""
        self.lost: str | None = None
        """Why it is gone; None if it is not, as far as has been looked."""
        self._until: float | None = None

    @property
    def was_held(self) -> bool:
        """Whether the right has ever been there."""
        return self._until is not None

    def barred(self) -> str | None:
        """Why nothing may be served or written at this moment; None if it may be."""
        if self.lost is None:
            if self._until is None:
                return self.standing
            late = self.clock() - self._until
            if late >= 0:
                self.lose(f"the lease could not be renewed in time: the right to serve has ended {late:.1f} s ago")
        return self.lost

    def extend(self, until: float) -> bool:
        """The right is there until then. Returns whether it is: what is gone once never comes back."""
        if self.lost is not None or (self._until is not None and self.barred() is not None):
            return False
        self._until = until if self._until is None else max(until, self._until)
        return self.barred() is None

    def lose(self, why: str) -> None:
        """The right is gone."""
        if self.lost is None:
            self.lost = why
            for call in self.on_loss:
                call()
