"""How fast a stream is read that sends requests of its own accord, without end.

It is not refused: it may be an honest proxy with much to ask for. It is read more slowly, so that HTTP/2's flow control
holds it back, and what others do comes in between. Answers to responses don't count; of those there are no more than
responses.
"""

BURST = 50.0
"""Requests that a stream may send at once: many more than a proxy needs to ask for everything."""

STEADY = 5.0
"""Requests a second that it may send for as long as it lives."""

LARGE_SECONDS = 0.005
"""A request that takes so long to take in counts as two, and so on."""

SHARE = 0.2
"""Of all time, for all streams together that send more than that, one after another."""

READ_SECONDS = 0.0002
"""What it costs to read a request, however small, beyond what it takes to take it in. As measured."""


class Meter:
    """The requests of one stream that are still counted at the time `at`."""

    __slots__ = ("at", "count")

    def __init__(self) -> None:
        self.count = 0.0
        self.at = 0.0


class Pace:
    """Says how long streams are to pause. All times are in seconds, and of one monotonic clock."""

    def __init__(self) -> None:
        self._free_at = 0.0
        """When those that send too much have had their time's worth."""

    def pause(self, meter: Meter, seconds: float, now: float) -> float:
        """A stream's request, which answered nothing, took so long. Returns after what time to read the next one."""
        meter.count = max(0.0, meter.count - (now - meter.at) * STEADY) + 1 + seconds / LARGE_SECONDS
        meter.at = now
        if meter.count <= BURST:
            return 0.0
        self._free_at = max(self._free_at, now) + (seconds + READ_SECONDS) / SHARE
        return self._free_at - now
