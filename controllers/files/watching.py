"""Hears of changes in a directory from the operating system. A hint to look, and nothing more."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

from watchfiles import awatch

STEP_MS = 10
"""How often the watcher's thread looks for what it has heard, and how long it waits for more."""

DEBOUNCE_MS = 100
"""How long it waits at most while more comes in."""


async def changes(directory: Path, stop: asyncio.Event) -> AsyncIterator[None]:
    """Yields once when changes are heard of from now on, and then whenever there were some, until `stop` is set.

    Raises:
        OSError: the directory can't be watched.
    """
    watch = awatch(
        directory,
        watch_filter=None,  # a ConfigMap changes by a link whose name begins with a dot
        step=STEP_MS,
        debounce=DEBOUNCE_MS,
        stop_event=stop,
        ignore_permission_denied=True,
    )
    try:
        # The watch is set up before `awatch` first waits, so that one turn of the event loop is enough.
        heard = asyncio.ensure_future(anext(watch, None))
        try:
            await asyncio.sleep(0)
            if heard.done():
                heard.result()
            yield
            while await heard is not None:
                yield
                heard = asyncio.ensure_future(anext(watch, None))
        finally:
            heard.cancel()
            await asyncio.wait([heard])
    finally:
        await watch.aclose()
