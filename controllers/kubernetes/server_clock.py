"""An API server's clock, as the dates of its answers tell. It reads no clock itself.

A deletion is dated by it, so it decides when a grace period ends. Ours may be another: a machine that begins with a
wrong time, and is set right later, leaves the process with the first (`Clock`).
"""

from datetime import UTC
from email.utils import parsedate_to_datetime

TOLERATED_SECONDS = 5.0
"""Beyond which it is told of: people read both clocks' times side by side."""


class ServerClock:
    """Knows how far that clock is from a monotonic one, between two bounds that each answer narrows."""

    def __init__(self) -> None:
        self._bounds: tuple[float, float] | None = None
        self._is_off = False

    def heard(self, date: str, asked: float, answered: float) -> None:
        """An answer has come.

        Args:
            date: its header `Date`, which is exact to a second; empty if it has none.
            asked, answered: when, in seconds of the monotonic clock.
        """
        theirs = _seconds_of(date)
        if theirs is None:
            return
        low, high = theirs - answered, theirs + 1.0 - asked
        if self._bounds is not None and max(low, self._bounds[0]) < min(high, self._bounds[1]):
            low, high = max(low, self._bounds[0]), min(high, self._bounds[1])
        self._bounds = low, high  # else it was set since, or another server answers

    def ahead(self, ours: float, at: float) -> float:
        """Seconds that it is ahead of another clock, negative if it is behind; 0 if they may well agree.

        Args:
            ours: what that one tells, in seconds since the epoch.
            at: what the monotonic clock tells now.
        """
        if self._bounds is None:
            return 0.0
        low, high = (bound + at - ours for bound in self._bounds)
        return 0.0 if low <= 0.0 <= high else (low + high) / 2

    def told(self, ours: float, at: float) -> str | None:
        """What is new about it, for people to know: the clocks are far apart, or not any more; None if nothing is."""
        ahead = self.ahead(ours, at)
        is_off = abs(ahead) > TOLERATED_SECONDS
        if is_off == self._is_off:
            return None
        self._is_off = is_off
        if not is_off:
            return "the API server's clock and ours agree again"
        side = "ahead of" if ahead > 0 else "behind"
        return f"the API server's clock is {abs(ahead):.0f} s {side} ours: its own counts for grace periods"


def _seconds_of(date: str) -> float | None:
    try:
        return parsedate_to_datetime(date).replace(tzinfo=UTC).timestamp()
    except (ValueError, OverflowError):
        return None
