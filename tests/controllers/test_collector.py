"""Garbage is looked for a little at a time."""

import asyncio
import gc
import weakref
from collections.abc import Iterator
from contextlib import suppress

import pytest

from controllers.collector import Collector


class Thing:
    """Something that holds on to itself: garbage that only a look finds."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def no_other_collection() -> Iterator[None]:
    gc.disable()
    yield
    gc.unfreeze()
    gc.enable()


def test_what_is_new_and_garbage_goes_with_the_next_look() -> None:
    collector, thing = Collector(), weakref.ref(Thing())
    assert not collector.look(0.05)
    assert thing() is None


def test_everything_is_looked_at_when_much_has_been_added_and_not_too_often() -> None:
    collector, thing = Collector(), Thing()
    collector.look(0.05)
    gone = weakref.ref(thing)
    del thing
    grown = [[] for _ in range(2_000_000)]  # type: ignore[var-annotated]
    looks = [collector.look(1.0) for _ in range(200)]
    assert looks.count(True) == 1
    assert looks.index(True) >= 59
    assert gone() is None
    del grown


def test_without_growth_not_everything_is_looked_at() -> None:
    collector = Collector()
    assert not any(collector.look(1.0) for _ in range(200))


def test_what_was_loaded_is_never_looked_at() -> None:
    loaded = [Thing() for _ in range(1000)]
    Collector().settle()
    assert gc.get_freeze_count() > len(loaded)


async def test_python_collects_by_itself_again_when_it_stands_in_no_longer() -> None:
    gc.enable()
    task = asyncio.create_task(Collector().run())
    await asyncio.sleep(0)
    assert not gc.isenabled()
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    assert gc.isenabled()
