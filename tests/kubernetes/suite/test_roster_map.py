"""The roster in a ConfigMap: whoever has read it last writes it, and nobody else."""

import asyncio
import base64
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from controllers.fence import Fence, LeaseLost
from controllers.kubernetes.api import ApiError
from controllers.kubernetes.failure import Failure
from controllers.kubernetes.objects import Object
from controllers.kubernetes.roster_map import MOST_BYTES, MapRoster
from controllers.saved import SavedRoster
from ledger.ids import ProxyId
from tests.kubernetes.suite.lab import Lab, path_of
from xds.plane import Plane

PLACE = "serving"
NAME = f"{PLACE}-roster"


def roster(*proxies: str, complete: bool = True) -> SavedRoster:
    plane = Plane()
    for proxy in proxies:
        plane.roster.connected(ProxyId(proxy), "10.0.0.1", "envoy", 0.0)
    return SavedRoster(plane.dump(), complete)


@asynccontextmanager
async def process(lab: Lab, name: str) -> AsyncIterator[MapRoster]:
    """A process that holds the Lease."""
    fence = Fence(lambda: 0.0)
    fence.extend(1.0)
    api = lab.connection(name)
    try:
        yield MapRoster(lambda: api, (lab.namespace, PLACE), name, fence)
    finally:
        await api.close()


async def test_the_first_start_ever_knows_no_roster_and_the_next_one_has_what_was_saved(lab: Lab) -> None:
    async with process(lab, "one") as one:
        assert await one.load() is None
        await one.save(roster("a"))
        await one.save(roster("a", "b"))
    async with process(lab, "two") as two:
        assert await two.load() == roster("a", "b")


async def test_who_ended_before_it_saved_anything_leaves_a_roster_that_is_not_known(lab: Lab) -> None:
    async with process(lab, "one") as one:
        await one.load()
    async with process(lab, "two") as two:
        loaded = await two.load()
        assert loaded is not None
        assert not loaded.complete


async def test_who_has_it_no_more_can_not_save_once_another_has_loaded_it(lab: Lab) -> None:
    async with process(lab, "one") as one, process(lab, "two") as two:
        await one.load()
        await one.save(roster("a"))
        assert await two.load() == roster("a")
        with pytest.raises(LeaseLost, match="two has written the roster"):
            await one.save(roster("a", "late"))
        await two.save(roster("a", "b"))
    async with process(lab, "three") as three:
        assert await three.load() == roster("a", "b")


async def test_a_save_whose_answer_was_lost_is_no_strangers(lab: Lab) -> None:
    async with process(lab, "one") as one:
        await one.load()
        api = one._api()
        patch, lost = api.patch, [True]

        async def losing(path: str, body: Object, *more: Any, **named: Any) -> Object:
            done = await patch(path, body, *more, **named)
            if lost.pop():
                lost.append(False)
                raise ApiError(Failure(0, "no answer in time"))
            lost.append(False)
            return done

        api.patch = losing  # type: ignore[method-assign]
        with pytest.raises(OSError, match="no answer in time"):
            await one.save(roster("a"))
        await one.save(roster("a", "b"))
    async with process(lab, "two") as two:
        assert await two.load() == roster("a", "b")


async def test_one_that_was_deleted_is_made_anew_by_who_has_it(lab: Lab) -> None:
    async with process(lab, "one") as one:
        await one.load()
        await lab.delete("configmaps", NAME)
        await one.save(roster("a"))
    async with process(lab, "two") as two:
        assert await two.load() == roster("a")


@pytest.mark.parametrize("data", [b"", b"nonsense", None])
async def test_one_that_is_damaged_is_not_an_empty_one(lab: Lab, data: bytes | None) -> None:
    async with process(lab, "one") as one:
        await one.load()
        await one.save(roster("a"))
    text = None if data is None else base64.b64encode(data).decode()
    await lab.api.patch(path_of("configmaps", lab.namespace, NAME), {"binaryData": {"roster": text}})
    async with process(lab, "two") as two:
        assert await two.load() is None
    async with process(lab, "three") as three:
        loaded = await three.load()
        assert loaded is not None
        assert not loaded.complete, "nor is it for whoever comes next"


async def test_one_that_does_not_fit_is_told_and_the_last_one_stays(lab: Lab) -> None:
    noise = random.Random(1)
    large = roster(*(noise.randbytes(500).hex() for _ in range(MOST_BYTES // 500)))
    async with process(lab, "one") as one:
        await one.load()
        await one.save(roster("a"))
        with pytest.raises(OSError, match="forget proxies that are gone"):
            await one.save(large)
    async with process(lab, "two") as two:
        assert await two.load() == roster("a")


async def test_one_that_just_fits_is_taken_by_the_server(lab: Lab) -> None:
    noise = random.Random(1)
    async with process(lab, "one") as one:
        await one.load()
        await one.save(roster(*(noise.randbytes(500).hex() for _ in range(MOST_BYTES // 580))))


async def test_loading_waits_for_a_server_that_does_not_answer(lab: Lab) -> None:
    async with process(lab, "one") as one:
        api = one._api()
        get, failures = api.get, [ApiError(Failure(503, "not now"))] * 3

        async def failing(path: str, **query: str) -> Object:
            if failures:
                raise failures.pop()
            return await get(path, **query)

        api.get = failing  # type: ignore[method-assign]
        async with asyncio.timeout(20):
            assert await one.load() is None
        assert not failures
