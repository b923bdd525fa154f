"""A control plane in a thread of its own, for the command line to talk to."""

import asyncio
from collections.abc import Coroutine, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from threading import Thread
from typing import Any, TypeVar

from click.testing import CliRunner, Result

from controllers.cli import main
from tests.controllers.world import World, running

_T = TypeVar("_T")

_PATIENCE_SECONDS = 30.0


class Live:
    """The control plane, from outside its thread."""

    def __init__(self, loop: asyncio.AbstractEventLoop, world: World) -> None:
        self._loop = loop
        self.world = world

    def do(self, work: Coroutine[Any, Any, _T]) -> _T:
        """Has it done there, and returns when it is."""
        return self.begin(work).result(_PATIENCE_SECONDS)

    def begin(self, work: Coroutine[Any, Any, _T]) -> "Future[_T]":
        """Has it done there meanwhile."""
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def lastack(self, *arguments: str) -> Result:
        """Runs a command against it."""
        return CliRunner(env={"LASTACK_API": str(self.world.api)}).invoke(main, arguments)


@contextmanager
def live() -> Iterator[Live]:
    """A control plane as in `running`."""
    started: Future[Live] = Future()
    stop = asyncio.Event()

    async def run() -> None:
        async with running() as world:
            started.set_result(Live(asyncio.get_running_loop(), world))
            await stop.wait()

    thread = Thread(target=asyncio.run, args=(run(),))
    thread.start()
    made = started.result(_PATIENCE_SECONDS)
    try:
        yield made
    finally:
        made._loop.call_soon_threadsafe(stop.set)
        thread.join(_PATIENCE_SECONDS)


def words(result: Result) -> list[list[str]]:
    """The lines of standard output, each as its words."""
    return [line.split() for line in result.stdout.splitlines()]
