"""Waiting for what Envoy does in its own time."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable

POLL_SECONDS = 0.02


async def eventually(condition: Callable[[], bool | Awaitable[bool]], seconds: float = 10.0, what: str = "") -> None:
    """Returns as soon as the condition holds.

    Raises:
        AssertionError: it did not hold within that time.
    """
    try:
        async with asyncio.timeout(seconds):
            while True:
                held = condition()
                if await held if inspect.isawaitable(held) else held:
                    return
                await asyncio.sleep(POLL_SECONDS)
    except TimeoutError:
        raise AssertionError(f"did not come to be within {seconds:g} s: {what or condition}") from None
