"""Tasks that have to live as long as the process: one that ends takes the process along, in plain sight."""

import asyncio
from collections.abc import Awaitable, Coroutine
from types import TracebackType
from typing import Any


class TaskDied(Exception):
    """A supervised task has ended that never should have; `__cause__` is what it raised, if it did. Terminal."""

    def __init__(self, name: str, error: BaseException | None) -> None:
        why = f"{type(error).__name__}: {error}" if error is not None else "it returned"
        super().__init__(f"{name} has died: {why}")


class Supervisor:
    """Starts tasks, and ends them with the `async with` block."""

    def __init__(self) -> None:
        self._tasks: dict[asyncio.Task[None], str] = {}
        self._death: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def __aenter__(self) -> "Supervisor":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._tasks:
            self.let_end(task)
            task.cancel()
        self._death.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def start(self, name: str, work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        """Runs `work` for as long as the block lasts."""
        task = asyncio.create_task(work, name=name)
        self._tasks[task] = name
        task.add_done_callback(self._ended)
        return task

    def let_end(self, task: "asyncio.Task[None]") -> None:
        """From now on the task may end."""
        task.remove_done_callback(self._ended)

    async def first(self, *awaited: Awaitable[Any]) -> None:
        """Returns when one of these is done; the others are cancelled.

        Raises:
            TaskDied: if a supervised task ends meanwhile, or has.
            Exception: what the one that is done raised.
        """
        futures = [asyncio.ensure_future(each) for each in awaited]
        try:
            done, _ = await asyncio.wait([self._death, *futures], return_when=asyncio.FIRST_COMPLETED)
        finally:
            for future in futures:
                future.cancel()
            await asyncio.gather(*futures, return_exceptions=True)
        for each in (self._death, *futures):
            if each in done:
                each.result()

    def _ended(self, task: asyncio.Task[None]) -> None:
        if self._death.done():
            return
        error = asyncio.CancelledError() if task.cancelled() else task.exception()
        died = TaskDied(self._tasks[task], error)
        died.__cause__ = error
        self._death.set_exception(died)
