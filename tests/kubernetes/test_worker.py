"""Runs the work of a controller."""

import asyncio
import math
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from itertools import cycle

from structlog.testing import capture_logs

from controllers.clock import Clock
from controllers.kubernetes.api import ApiError
from controllers.kubernetes.backoff import Backoff
from controllers.kubernetes.failure import Failure
from controllers.kubernetes.worker import Worker
from tests.envoy.waiting import eventually


@asynccontextmanager
async def running(worker: Worker[str]) -> AsyncIterator[None]:
    task = asyncio.create_task(worker.run())
    yield
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


class Work:
    """Steps that are remembered, fail as often as they are to, and wait until they are let go."""

    def __init__(self, failures: int = 0, reasons: Sequence[str] = ("broken",)) -> None:
        self.done: list[str] = []
        self.at_once = self.most_at_once = 0
        self.may_end = asyncio.Event()
        self._failures = failures
        self._reasons = cycle(reasons)

    def fail(self, times: int) -> None:
        """From now on."""
        self._failures = times

    async def step(self, key: str) -> None:
        self.at_once += 1
        self.most_at_once = max(self.at_once, self.most_at_once)
        try:
            await self.may_end.wait()
            if self._failures:
                self._failures -= 1
                raise ApiError(Failure(500, next(self._reasons)))
            self.done.append(key)
        finally:
            self.at_once -= 1


def worker(work: Work, every: Callable[[], list[str]] = list, most: float = 1000) -> Worker[str]:
    return Worker("test", Clock(), work.step, every, lambda: Backoff(0.01, 0.02), most)


async def test_what_fails_is_done_again() -> None:
    work = Work(failures=3)
    work.may_end.set()
    works = worker(work)
    async with running(works):
        await asyncio.sleep(0)
        works.add("a")
        await eventually(lambda: work.done == ["a"], 5.0, "it is done")
    assert works.queue.retries == 3


async def told_of(*reasons: str) -> list[str]:
    """What people are warned of while a step fails once for each of these, and then is done."""
    work = Work(failures=len(reasons), reasons=reasons)
    work.may_end.set()
    works = worker(work)
    with capture_logs() as lines:
        async with running(works):
            await asyncio.sleep(0)
            works.add("a")
            await eventually(lambda: work.done == ["a"], 5.0, "it is done")
    return [line["reason"] for line in lines if line["log_level"] == "warning"]


async def test_what_fails_for_one_reason_again_and_again_is_told_once() -> None:
    """In an outage everything that is under way fails, each time that it is tried."""
    assert await told_of(*["broken"] * 5) == ["broken"]
    assert await told_of("one", "another", "another", "one") == ["one", "another", "one"]


async def test_what_fails_anew_after_it_was_done_is_told_anew() -> None:
    work = Work(failures=1)
    work.may_end.set()
    works = worker(work)
    with capture_logs() as lines:
        async with running(works):
            await asyncio.sleep(0)
            works.add("a")
            await eventually(lambda: len(work.done) == 1, 5.0, "it is done")
            work.fail(1)
            works.add("a")
            await eventually(lambda: len(work.done) == 2, 5.0, "it is done again")
    assert [line["log_level"] for line in lines] == ["warning", "warning"]


async def test_it_begins_with_a_look_at_everything() -> None:
    work = Work()
    work.may_end.set()
    async with running(worker(work, lambda: ["a", "b"])):
        await eventually(lambda: sorted(work.done) == ["a", "b"], 5.0, "both are done")


async def test_while_it_does_not_run_nothing_waits() -> None:
    """As on a standby, which may never run: what happened then is found by the look at everything."""
    works = worker(Work())
    works.add("a")
    assert works.queue.depth == 0


async def test_no_more_are_worked_on_at_once_than_is_said() -> None:
    work = Work()
    async with running(worker(work, lambda: [str(number) for number in range(10)], most=3)):
        await eventually(lambda: work.at_once == 3, 5.0, "three are")
        work.may_end.set()
        await eventually(lambda: len(work.done) == 10, 5.0, "all are done")
    assert work.most_at_once == 3


async def test_while_all_hands_are_full_what_is_due_waits_and_nothing_spins() -> None:
    """What is due can't be taken then: whoever looks at the time alone looks again at once, and for ever."""
    work, looked = Work(), 0
    real = Clock()

    def clock() -> float:
        nonlocal looked
        looked += 1
        return real()

    works = Worker("test", clock, work.step, list, lambda: Backoff(0.01, 0.02), most=1)
    async with running(works):
        await asyncio.sleep(0)
        works.add("busy")
        await eventually(lambda: work.at_once == 1, 5.0, "it is worked on")
        works.add_at("due", real() - 1.0)
        before = looked
        for _ in range(1000):
            await asyncio.sleep(0)
        assert looked - before < 10
        work.may_end.set()
        await eventually(lambda: work.done == ["busy", "due"], 5.0, "both are done")


async def test_of_very_many_some_are_begun_and_then_others_have_their_turn() -> None:
    work = Work()
    work.may_end.set()
    most_in_one_turn = done = 0
    async with running(worker(work, lambda: [str(number) for number in range(1000)], most=math.inf)):
        while done < 1000:
            await asyncio.sleep(0)
            most_in_one_turn, done = max(most_in_one_turn, len(work.done) - done), len(work.done)
    assert most_in_one_turn <= 200
