"""A receiver of events, on an event loop, in the place of the runtime."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path

from controllers.clock import Clock
from controllers.files import FileSource, Patience
from controllers.files.watching import changes
from tests.controllers.files.samples import Served
from xds.objects import Event

HEARD_ONLY = Patience(vanish_grace=0.1, safety=1000.0)
"""No look without having heard of something."""

PATIENT = replace(HEARD_ONLY, vanish_grace=0.5)
"""The same, for tests in which nothing may go however slow the machine is."""


class Recorder:
    """Holds what was applied, and tells when something has changed."""

    def __init__(self) -> None:
        self.clock: Callable[[], float] = Clock()
        self.served = Served()
        self.batches: list[Sequence[Event]] = []
        self.troubles: dict[str, str] = {}
        self.watched: list[int] = []
        """The inode of the directory, each time that it began to be watched."""
        self._changed = asyncio.Event()

    async def apply(self, events: Sequence[Event]) -> None:
        self.batches.append(events)
        self.served.take(tuple(events))
        self._changed.set()

    def trouble(self, source: str, what: str | None) -> None:
        if what is None:
            del self.troubles[source]
        else:
            self.troubles[source] = what
        self._changed.set()

    async def watch(self, path: Path, stop: asyncio.Event) -> AsyncIterator[None]:
        """`changes`, with a note in `watched`."""
        inode = path.stat().st_ino  # noqa: ASYNC240
        is_first = True
        async for _ in changes(path, stop):
            if is_first:
                self.watched.append(inode)
                self._changed.set()
            is_first = False
            yield

    @property
    def objects(self) -> dict[str, str]:
        """What is served: name -> address."""
        return self.served.objects

    async def until(self, holds: Callable[[], bool]) -> None:
        """Returns as soon as the condition holds; fails if it doesn't within 10 s."""
        async with asyncio.timeout(10):
            while not holds():
                await self._changed.wait()
                self._changed.clear()

    async def until_served(self, **objects: str) -> None:
        """Until exactly these are served; name -> address."""
        await self.until(lambda: self.objects == objects)


@asynccontextmanager
async def running(source: FileSource) -> AsyncIterator[None]:
    """The source has started, hears of changes, and has looked since."""
    await source.start()
    task = asyncio.create_task(source.run())
    try:
        async with asyncio.timeout(10):
            await source.watching.wait()
            await source.catch_up()
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
