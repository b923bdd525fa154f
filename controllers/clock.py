"""The time of a process."""

import time


class Clock:
    """Seconds since the epoch that never go back, even if the machine's clock is set."""

    def __init__(self) -> None:
        self._offset = time.time() - time.monotonic()

    def __call__(self) -> float:
        return self._offset + time.monotonic()
