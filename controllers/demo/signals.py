"""Ctrl-C and its kin, taken as a wish to end in order."""

import asyncio
import signal
from collections.abc import Coroutine
from typing import TypeVar

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

T = TypeVar("T")


class Interrupted(Exception):
    """A signal ended the work."""

    def __init__(self, number: int) -> None:
        super().__init__(f"ended by {signal.Signals(number).name}")
        self.number = number


def run(work: Coroutine[object, object, T]) -> T:
    """Runs `work` on an event loop of its own.

    Raises:
        Interrupted: a signal came. The work was cancelled and has cleaned up; a second signal does not disturb that.
    """
    return asyncio.run(_run(work))


async def _run(work: Coroutine[object, object, T]) -> T:
    loop = asyncio.get_running_loop()
    task = asyncio.create_task(work)
    received: list[int] = []

    def stop(number: int) -> None:
        if not received:
            received.append(number)
            task.cancel()

    for number in _SIGNALS:
        loop.add_signal_handler(number, stop, number)
    try:
        return await task
    except asyncio.CancelledError:
        if received:
            raise Interrupted(received[0]) from None
        raise
