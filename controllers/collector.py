"""Garbage collection: a little at a time and between other things, instead of whenever Python's own counts say so.

Nearly all that lastack lets go of is freed at once, for it makes no cycles, and a stream that ends leaves none. Python
looks for them when so many objects more have been made than freed, and what is freed meanwhile makes it wait until
there are many more: then everybody waits for tens of milliseconds, in the middle of a request. As often as here there
is little to look through each time.
"""

import asyncio
import gc
import sys

_PERIOD_SECONDS = 0.1
"""From one look at what is new to the next. A response that is on its way has about fifty objects, which it costs 15 us
to look at, mostly in vain: twice as often would take an eighth of all time while many are pushed."""

_FULL_SECONDS = 60.0
"""No look at everything within so long of the last: it may take a second."""

_GROWTH = 1.25
"""Times as much memory in use as after the last look at everything calls for another one: Python's own ratio."""


class Collector:
    """Looks when it is told to; `run` does so from time to time."""

    def __init__(self) -> None:
        self._since_full = 0.0
        self._in_use = sys.getallocatedblocks()

    async def run(self) -> None:
        """Stands in for Python's own collections until it is cancelled."""
        gc.disable()
        try:
            while True:
                await asyncio.sleep(_PERIOD_SECONDS)
                self.look(_PERIOD_SECONDS)
        finally:
            gc.enable()

    def settle(self) -> None:
        """What is there now stays: it is never looked at again."""
        gc.collect()
        self._spare()

    def loaded(self) -> None:
        """Much has been loaded, which makes no cycles: as `settle`, without a look that would take long."""
        gc.collect(1)
        self._spare()

    def _spare(self) -> None:
        gc.freeze()
        self._in_use = sys.getallocatedblocks()

    def look(self, elapsed: float) -> bool:
        """Looks for garbage, so many seconds after the last time. Returns whether it looked at everything.

        Else it looks at what is new, once: a second look at what has survived would find little, and take as long as
        twenty of these.
        """
        self._since_full += elapsed
        is_due = self._since_full >= _FULL_SECONDS and sys.getallocatedblocks() > _GROWTH * self._in_use
        if is_due:
            self.settle()
            self._since_full = 0.0
        else:
            gc.collect(1)
        return is_due
