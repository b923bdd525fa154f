"""A task that dies takes the process along."""

import asyncio

import pytest

from controllers.supervision import Supervisor, TaskDied


async def forever() -> None:
    await asyncio.Event().wait()


async def fails() -> None:
    raise KeyError("lost")


async def returns() -> None:
    return


async def test_while_all_live_the_first_thing_awaited_decides() -> None:
    async with Supervisor() as tasks:
        tasks.start("a", forever())
        await tasks.first(asyncio.sleep(0), forever())


async def test_a_task_that_fails_is_named_with_its_error() -> None:
    async with Supervisor() as tasks:
        tasks.start("the ticks", fails())
        with pytest.raises(TaskDied, match="the ticks has died: KeyError: 'lost'") as died:
            await tasks.first(forever())
        assert isinstance(died.value.__cause__, KeyError)


async def test_a_task_that_returns_has_died_too() -> None:
    async with Supervisor() as tasks:
        tasks.start("a source", returns())
        with pytest.raises(TaskDied, match="a source has died: it returned"):
            await tasks.first(forever())


async def test_a_death_before_anybody_waits_is_not_missed() -> None:
    async with Supervisor() as tasks:
        task = tasks.start("a source", returns())
        await asyncio.wait({task})
        with pytest.raises(TaskDied):
            await tasks.first(forever())


async def test_what_is_awaited_may_fail_as_itself() -> None:
    async with Supervisor() as tasks:
        with pytest.raises(KeyError):
            await tasks.first(fails(), forever())


async def test_a_task_that_may_end_ends_in_peace() -> None:
    async with Supervisor() as tasks:
        task = tasks.start("the API", returns())
        tasks.let_end(task)
        await task
        await tasks.first(asyncio.sleep(0))


async def test_with_the_block_all_tasks_end() -> None:
    async with Supervisor() as tasks:
        task = tasks.start("a", forever())
    assert task.cancelled()
