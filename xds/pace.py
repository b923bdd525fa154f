"""How fast a stream is read that sends requests of its own accord, without end.

It is not refused: it may be an honest proxy with much to ask for. It is read more slowly, so that HTTP/2's flow control
holds it back, and what others do comes in between. Answers to responses don't count; of those there are no more than
responses. Streams of one connection count as one, also one after another: who was refused, or hangs up, and comes back
at once is no better than who goes on.
"""

from collections import OrderedDict

BURST = 50.0
"""Requests that a connection may bring at once: many more than a proxy needs to ask for everything."""

STEADY = 5.0
"""Requests a second that it may bring for as long as it lives."""

LARGE_SECONDS = 0.005
"""A request that takes so long to take in counts as two, and so on."""

SHARE = 0.1
"""Of all time, for all streams together that send more than that, one after another."""

READ_SECONDS = 0.0002
"""What it costs to read a request, however small, beyond what it takes to take it in. As measured."""


REFUSED = BURST
"""Requests that one counts as which was refused, when whoever sent it comes back."""

MOST = 10 * BURST
"""Requests that are held against a connection at most, so that it is forgiven in time."""


class Meter:
    """The requests that are still counted at the time `at`: of one connection, whatever became of its streams."""

    __slots__ = ("at", "count")

    def __init__(self) -> None:
        self.count = 0.0
        self.at = 0.0

    def add(self, requests: float, now: float) -> float:
        """Counts so many more. Returns how many are counted now."""
        self.count = min(max(0.0, self.count - (now - self.at) * STEADY) + requests, MOST)
        self.at = now
        return self.count


class Pace:
    """Says how long streams are to pause. All times are in seconds, and of one monotonic clock."""

    def __init__(self) -> None:
        self._free_at = 0.0
        """When those that send too much have had their time's worth."""
        self._meters: OrderedDict[str, Meter] = OrderedDict()

    def __len__(self) -> int:
        return len(self._meters)

    def meter(self, peer: str, now: float) -> Meter:
        """The meter of a connection on which a stream has opened. `peer`: as gRPC has it, `ipv4:192.0.2.1:1234`."""
        for _ in range(2):  # more than are added, so that those that count nothing any more go
            if self._meters:
                first, meter = self._meters.popitem(last=False)
                if meter.add(0, now):
                    self._meters[first] = meter
        if not peer.startswith(("ipv4:", "ipv6:")):
            return Meter()  # of a Unix socket, whose other side can't be told from another
        return self._meters.setdefault(peer, Meter())

    def start(self, meter: Meter, now: float) -> float:
        """A stream has opened. Returns after what time to read its first request."""
        return self._turn(READ_SECONDS, now) if meter.add(0, now) > BURST else 0.0

    def pause(self, meter: Meter, seconds: float, now: float) -> float:
        """A stream's request, which answered nothing, took so long. Returns after what time to read the next one."""
        if meter.add(1 + seconds / LARGE_SECONDS, now) <= BURST:
            return 0.0
        return self._turn(seconds + READ_SECONDS, now)

    def refused(self, meter: Meter, seconds: float, now: float) -> None:
        """It took so long to find that a request can't be taken in: whoever sent it may well send it again."""
        if meter.add(REFUSED, now) > BURST:
            self._turn(seconds, now)

    def _turn(self, seconds: float, now: float) -> float:
        self._free_at = max(self._free_at, now) + seconds / SHARE
        return self._free_at - now
