"""`lastack serve`, with one thing added: each time that it begins to apply a change, it says when that is.

The time is that of the machine's monotonic clock, which is the same in every process.
"""

import sys
import time
from collections.abc import Iterable

import controllers.replica
from controllers.cli import main
from xds.objects import Event
from xds.plane import Plane


class TellingPlane(Plane):
    """Writes a line to standard output for each change that is applied while proxies are served."""

    def apply(self, events: Iterable[Event], now: float) -> None:
        if self.ready:
            print(time.monotonic(), flush=True)
        super().apply(events, now)


if __name__ == "__main__":
    controllers.replica.Plane = TellingPlane  # type: ignore[attr-defined]
    main(sys.argv[1:])
