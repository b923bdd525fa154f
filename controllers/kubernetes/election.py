"""Who may hold a Lease: what a process does about it next, and until when it may serve. No socket, and no clock.

Nobody trusts another's clock. A candidate takes the Lease when it has itself seen it unchanged for the whole of its
duration. The holder's right ends two thirds of a duration after it *sent* the last renewal that was answered, which is
before the server wrote it, which is before any candidate saw it. So the right ends before anybody else's begins, if
clocks run equally fast to a third. Every write names the version that it is for, so of two only one is done. But who
makes the Lease can't name any, and so makes it without a holder: it may have been deleted while somebody held it.
"""

import math
from dataclasses import dataclass

RIGHT = 2 / 3
"""Of a lease duration: for how long a renewal entitles, from when it was sent."""

RENEW = 1 / 7.5
"""Of a lease duration: between two renewals, or two looks at another's Lease."""

RETRY = 1 / 30
"""Of a lease duration: after an attempt that has failed."""

ATTEMPT = 1 / 5
"""Of a lease duration: for which an answer is waited for."""

RELEASED_SECONDS = 1
"""The duration in a Lease that was given up in order: the least that there is. Nobody's right can hang on it."""


@dataclass(frozen=True, slots=True)
class Record:
    """The Lease as it was read. version: its resource version. holder: or empty. duration: in seconds; 0: not said."""

    version: str
    holder: str
    duration: float
    transitions: int

    @property
    def released(self) -> bool:
        """Whether its holder has given it up, having stopped. A hand that only took the name out does not count."""
        return not self.holder and 0 < self.duration <= RELEASED_SECONDS


@dataclass(frozen=True, slots=True)
class Look:
    """The Lease is to be read."""


@dataclass(frozen=True, slots=True)
class Pause:
    """Nothing is to be done until then."""

    until: float


@dataclass(frozen=True, slots=True)
class Write:
    """The Lease is to be written. version: that it must have; None: it is to be made. acquires: the holder is new."""

    version: str | None
    holder: str
    duration: int
    transitions: int
    acquires: bool


class Election:
    """One candidate for a Lease, and perhaps its holder. All times are of one clock, which is this process's own.

    Args:
        identity: this process's; another one, or the same one restarted, has another.
        duration: of the Lease, in seconds.
    """

    def __init__(self, identity: str, duration: int) -> None:
        self.identity = identity
        self.duration = duration
        self.until: float | None = None
        """When the right ends; None if it was never there."""
        self.lost: str | None = None
        """Why it is gone. Then nothing is to be done any more."""
        self._record: Record | None = None
        self._since = 0.0
        """When it was first seen as it is."""
        self._known = False
        """Whether the record is what the Lease was when it was last heard of; None stands for none, then."""
        self._longest = float(duration)
        """The longest duration that was seen: somebody's right may hang on it."""
        self._looked_at = 0.0
        self._not_before = -math.inf

    @property
    def is_known(self) -> bool:
        """Whether `holder` is as it was last heard of."""
        return self._known

    @property
    def holder(self) -> str:
        """Who holds it, as far as is known; empty: nobody."""
        return self._record.holder if self._record is not None else ""

    @property
    def transitions(self) -> int:
        """How often its holder has changed."""
        return self._record.transitions if self._record is not None else 0

    def holds(self, now: float) -> bool:
        """Whether this process may serve."""
        return self.lost is None and self.until is not None and now < self.until

    def next(self, now: float) -> Look | Pause | Write:
        """What is to be done now. Not to be called any more once it is lost."""
        if now < self._not_before:
            return Pause(self._not_before)
        if not self._known:
            return Look()
        record = self._record
        if record is None:
            # Without a holder: this names no version, and so may be done long after, and twice.
            return Write(None, "", self.duration, 0, acquires=False)
        if record.holder == self.identity:
            return Write(record.version, self.identity, self.duration, record.transitions, acquires=False)
        take_at = self._since + (0.0 if record.released else self._longest)
        if now >= take_at:
            return Write(record.version, self.identity, self.duration, record.transitions + 1, acquires=True)
        look_at = self._looked_at + RENEW * self.duration
        return Look() if now >= look_at else Pause(min(take_at, look_at))

    def release(self) -> Look | Write | None:
        """What is to be done to give it up; None: nothing more. Nothing may be served or written any more."""
        if not self._known:
            return Look()
        record = self._record
        if record is None or record.holder != self.identity:
            return None
        return Write(record.version, "", RELEASED_SECONDS, record.transitions, acquires=False)

    # What has come of it

    def saw(self, record: Record | None, now: float) -> None:
        """The Lease was read; None: there is none. `now`: when the answer was there."""
        if record != self._record:
            self._since = now
        self._record, self._looked_at, self._known = record, now, True
        if record is not None:
            self._longest = max(self._longest, record.duration)
        if self.until is None:
            return
        if record is None:
            self._lose("the lease was deleted, so that another may be made and held")
        elif record.holder != self.identity:
            self._lose(f"{record.holder or 'nobody'} holds the lease now")

    def wrote(self, record: Record, sent_at: float, now: float) -> None:
        """What `next` or `release` asked for was done. `sent_at`: no later than the request went out."""
        self.expire(now)
        self._record, self._since, self._known = record, now, True
        if record.holder != self.identity or self.lost is not None:
            return
        until = sent_at + RIGHT * self.duration
        self.until = until if self.until is None else max(until, self.until)
        self._not_before = sent_at + RENEW * self.duration
        self.expire(now)

    def refused(self) -> None:
        """It is not of that version, or is there already: somebody has written it, perhaps this process itself."""
        self._known, self._not_before = False, -math.inf

    def failed(self, now: float) -> None:
        """There was no answer, or none that helps. Whether anything was done is not known: a write again will tell."""
        self._not_before = now + (RENEW if self.until is None else RETRY) * self.duration

    def expire(self, now: float) -> None:
        """Looks whether the right has ended."""
        if self.until is not None and now >= self.until:
            late = now - self.until
            self._lose(f"the lease could not be renewed in time: the right to serve has ended {late:.1f} s ago")

    # The rest

    def _lose(self, why: str) -> None:
        if self.lost is None:
            self.lost = why
