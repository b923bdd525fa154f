"""Runs the work of a controller: a task for each key, one at a time for each, and again later where it failed."""

import asyncio
import math
from collections.abc import Awaitable, Callable, Iterable
from typing import Generic, TypeVar

import structlog

from controllers.kubernetes.api import CONFLICT, NOT_FOUND, ApiError
from controllers.kubernetes.backoff import Backoff
from controllers.work_queue import WorkQueue

log = structlog.get_logger("controller")

RECONCILE_SECONDS = 60.0
"""Between two looks at everything that may need work, whatever was heard of it."""

_AGAIN_SECONDS = 0.2

_AT_A_TIME = 100
"""Keys that are begun before others have a turn: with each look at everything there may be very many."""

K = TypeVar("K")
T = TypeVar("T")


class Worker(Generic[K]):
    """Takes keys from a queue.

    Args:
        name: of the controller, in messages and metrics.
        step: does what is next for a key; an `ApiError` puts it off.
        every: the keys that are to be looked at from time to time.
        most: keys that are worked on at once; without it, all that there are: one that waits holds up no other.
    """

    def __init__(
        self,
        name: str,
        clock: Callable[[], float],
        step: Callable[[K], Awaitable[None]],
        every: Callable[[], Iterable[K]],
        backoff: Callable[[], Backoff] = Backoff,
        most: float = math.inf,
    ) -> None:
        self.name = name
        self.queue: WorkQueue[K] = WorkQueue()
        self._clock = clock
        self._step = step
        self._every = every
        self._new_backoff = backoff
        self._most = most
        self._is_running = False
        self._working = 0
        self._backoffs: dict[K, Backoff] = {}
        self._refused: dict[K, str] = {}
        """Why the last step of each failed, of those whose last step did."""
        self._waiting: dict[K, asyncio.Event] = {}
        self._wake = asyncio.Event()

    async def run(self) -> None:
        """Until it is cancelled. What happened before is found by the look at everything with which it begins."""
        self._is_running = True
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._reconcile())
            while True:
                self._wake.clear()
                begun = 0
                while self._working < self._most and (key := self.queue.take(self._clock())) is not None:
                    self._working += 1
                    tasks.create_task(self._work(key))
                    begun += 1
                    if begun % _AT_A_TIME == 0:
                        await asyncio.sleep(0)
                # While all hands are full nothing can be taken, whatever is due: whose work ends wakes this.
                due, now = self.queue.next_at if self._working < self._most else None, self._clock()
                try:
                    async with asyncio.timeout(None if due is None else max(0.0, due - now)):
                        await self._wake.wait()
                except TimeoutError:
                    pass  # something is due

    def add(self, key: K) -> None:
        """Something has happened to it."""
        if self._is_running:  # a standby's never may
            self.queue.add(key, self._clock())
            self._wake.set()
            if key in self._waiting:
                self._waiting[key].set()

    def add_at(self, key: K, at: float) -> None:
        """It is to be looked at then."""
        self.queue.add_at(key, at)
        self._wake.set()

    def again(self, key: K) -> None:
        """A step of it has waited for nothing, and is to wait on."""
        self.add_at(key, self._clock() + _AGAIN_SECONDS)

    def later(self, key: K) -> None:
        """It is to be tried again, after longer each time."""
        backoff = self._backoffs.setdefault(key, self._new_backoff())
        self.queue.retry(key, self._clock() + backoff.failed())

    async def while_unchanged(self, key: K, answer: Awaitable[T]) -> T | None:
        """The answer; None as soon as something happens to the key: then it may be another question.

        For a step that waits for long, and asks before it has awaited anything else.
        """
        changed = self._waiting[key] = asyncio.Event()
        if self.queue.waits(key):
            changed.set()
        asking, changing = asyncio.ensure_future(answer), asyncio.ensure_future(changed.wait())
        try:
            await asyncio.wait({asking, changing}, return_when=asyncio.FIRST_COMPLETED)
            return asking.result() if asking.done() else None
        finally:
            del self._waiting[key]
            asking.cancel()
            changing.cancel()

    def advanced(self, key: K) -> None:
        """A step of it is done: the next failure is its first."""
        self._backoffs.pop(key, None)

    async def _reconcile(self) -> None:
        while True:
            for key in self._every():
                self.queue.add_in_background(key, self._clock())
            self._wake.set()
            await asyncio.sleep(RECONCILE_SECONDS)

    async def _work(self, key: K) -> None:
        try:
            await self._step(key)
        except ApiError as error:
            # Somebody else was faster, which is no fault: with what the watch tells next it is looked at again.
            # And in an outage everything that is under way fails for one reason, each time that it is tried.
            is_known = self._refused.get(key) == str(error)
            tell = log.debug if is_known or error.status in (NOT_FOUND, CONFLICT) else log.warning
            tell("a step failed", controller=self.name, key=str(key), reason=str(error))
            self._refused[key] = str(error)
            self.later(key)
        except Exception:  # one key must not end the work on all others
            log.exception("a step failed", controller=self.name, key=str(key))
            self.later(key)
        else:
            self._refused.pop(key, None)
        finally:
            self._working -= 1
            self.queue.done(key)
            self._wake.set()
