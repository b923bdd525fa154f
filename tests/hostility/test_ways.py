"""What nobody may be credited with, whatever way it misbehaves; and that the others go on."""

import asyncio
from collections.abc import AsyncIterator
from itertools import chain

import pytest

from ledger.receipts import StragglerState
from tests.conformance.watched import PATIENCE
from tests.hostility.arena import CLUSTERS, INSTANCE, MOVED, Arena
from tests.hostility.healthy import Healthy
from tests.hostility.ways import WAYS, Misbehaving
from xds.types import CDS, EDS

EACH = 5

ABSENT = {StragglerState.ABSENT}

every_way_that_is_taken_in = pytest.mark.parametrize(
    "way", [way for way in WAYS if not way.is_refused], ids=lambda way: way.way
)
every_way_that_is_refused = pytest.mark.parametrize(
    "way", [way for way in WAYS if way.is_refused], ids=lambda way: way.way
)


def crowd_of(way: type[Misbehaving]) -> list[Misbehaving]:
    """Some that misbehave in this way, and are back at once whenever they were cut off."""
    crowd = [way(number, CLUSTERS) for number in range(EACH)]
    for one in crowd:
        one.pause = 0.0
    return crowd


def nodes(crowd: list[Misbehaving]) -> set[str]:
    return {one.node for one in crowd}


@pytest.fixture
async def healthy(arena: Arena) -> AsyncIterator[Healthy]:
    """Proxies that hold everything."""
    healthy = Healthy(arena.port, 3)
    await healthy.start(CLUSTERS)
    await arena.until(lambda: not arena.stragglers(INSTANCE), "the healthy ones have ACKed")
    yield healthy
    await healthy.stop()


async def told(arena: Arena, healthy: Healthy) -> None:
    """Returns when all healthy ones have heard of a change and ACKed it, whoever else has not."""
    async with asyncio.timeout(PATIENCE):
        await healthy.all_heard()
    well = {proxy.node for proxy in healthy.proxies}
    await arena.until(lambda: not well & arena.stragglers(MOVED).keys(), "the healthy ones have ACKed")


@every_way_that_is_taken_in
async def test_nothing_is_confirmed_for_one_that_misbehaves(
    arena: Arena, healthy: Healthy, way: type[Misbehaving]
) -> None:
    """Not while it is there, nor when it has gone: until an operator says that it is gone for good."""
    crowd = crowd_of(way)
    async with arena.beside(crowd):
        await arena.until(lambda: all(arena.has_asked(one.node, CDS, EDS) for one in crowd), "all have asked")
        healthy.expect()
        await arena.put(MOVED)
        await told(arena, healthy)
        assert arena.outcome(MOVED) == "PENDING"
        assert nodes(crowd) <= arena.stragglers(MOVED).keys()
    assert arena.outcome(MOVED) == "PENDING"
    assert arena.stragglers(MOVED) == dict.fromkeys(nodes(crowd), ABSENT)

    healthy.expect()
    await arena.remove(MOVED)
    await told(arena, healthy)
    await arena.pass_time(100_000.0)
    assert arena.outcome(MOVED) == "PENDING"
    assert arena.stragglers(MOVED) == dict.fromkeys(nodes(crowd), ABSENT)
    for node in nodes(crowd):
        assert arena.outcome(MOVED) == "PENDING"
        await arena.forget(node)
    assert arena.outcome(MOVED) == "CONFIRMED"


@every_way_that_is_refused
async def test_one_that_is_refused_holds_nothing_back_once_it_has_gone(
    arena: Arena, healthy: Healthy, way: type[Misbehaving]
) -> None:
    crowd = crowd_of(way)
    async with asyncio.timeout(PATIENCE):
        await asyncio.gather(*(one.connection(arena.port, range(3)) for one in crowd))
    assert {status for one in crowd for status in one.endings} <= {"3", "8"}  # INVALID_ARGUMENT, RESOURCE_EXHAUSTED
    assert sum(sum(one.endings.values()) for one in crowd) == 3 * EACH
    await arena.until(lambda: len(arena.plane.streams) == len(healthy.proxies), "the server has let go of them")
    assert arena.outcome(INSTANCE) == "CONFIRMED"
    healthy.expect()
    await arena.put(MOVED)
    await told(arena, healthy)
    assert arena.outcome(MOVED) == "CONFIRMED"


async def test_healthy_ones_hear_of_every_change_beside_all_the_others(arena: Arena, healthy: Healthy) -> None:
    crowd = list(chain.from_iterable(crowd_of(way) for way in WAYS))
    taken_in = [one for one in crowd if not one.is_refused]
    async with arena.beside(crowd):
        await arena.until(lambda: all(arena.has_asked(one.node, CDS, EDS) for one in taken_in), "all have asked")
        for instance in (MOVED, INSTANCE) * 5:
            healthy.expect()
            await arena.put(instance)
            await told(arena, healthy)
            assert nodes(taken_in) <= arena.stragglers(instance).keys()
    assert not healthy.lost


@every_way_that_is_taken_in
async def test_coming_back_again_and_again_leaves_no_more_behind_than_coming_once(
    arena: Arena, way: type[Misbehaving]
) -> None:
    """What is kept of absent proxies is kept of each, and not of each of their streams."""
    crowd = crowd_of(way)
    before = 0

    def have_come() -> bool:
        return all(arena.has_asked(one.node, CDS, EDS, since=before) for one in crowd)

    for _ in range(5):
        before = max(arena.plane.deliveries.streams, default=0)
        async with arena.beside(crowd):
            await arena.until(have_come, "each has come again")
        assert len(arena.plane.deliveries.streams) <= 2 * EACH
