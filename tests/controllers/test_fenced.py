"""A replica whose right to serve is over does nothing more, whatever it is in the middle of: nobody has told it so."""

from collections.abc import AsyncIterator

import grpc
import pytest

from controllers.fence import Fence
from ledger.receipts import Outcome, Query
from tests.controllers.documents import instance, service
from tests.controllers.proxy import FakeProxy
from tests.controllers.world import World, running
from xds.types import CDS, EDS

OVER = "the lease could not be renewed in time: the right to serve has ended 1.0 s ago"


class Hand:
    """A clock that is set by hand."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def hand() -> Hand:
    return Hand()


@pytest.fixture
async def world(hand: Hand) -> AsyncIterator[World]:
    fence = Fence(hand)
    fence.extend(10.0)
    async with running(fence=fence) as made:
        yield made


async def refused(proxy: FakeProxy) -> str:
    with pytest.raises(grpc.aio.AioRpcError) as ended:
        await proxy.take()
    assert ended.value.code() is grpc.StatusCode.UNAVAILABLE
    return str(ended.value.details())


async def test_it_gives_no_response(world: World, hand: Hand) -> None:
    proxy = await world.synced("edge")
    sent = world.plane.traffic.sent[EDS]
    hand.now = 11.0
    await world.apply(instance(2))
    assert await refused(proxy) == OVER
    assert world.plane.traffic.sent[EDS] == sent


async def test_it_credits_no_ack(world: World, hand: Hand) -> None:
    proxy = await world.synced("edge")
    await world.apply(instance(2))
    response = await proxy.take()
    hand.now = 11.0
    acked = world.plane.traffic.acked[EDS]
    await proxy.ack(response)
    assert await refused(proxy) == OVER
    assert world.plane.traffic.acked[EDS] == acked


async def test_it_takes_no_stream(world: World, hand: Hand) -> None:
    hand.now = 11.0
    proxy = world.proxy("late")
    await proxy.ask(CDS)
    assert await refused(proxy) == OVER
    assert world.plane.roster.all() == []


async def test_its_receipts_are_unknown(world: World, hand: Hand) -> None:
    await world.synced("edge")
    key = instance(1).key
    assert (await world.runtime.receipt(Query(key), 5.0)).outcome is Outcome.CONFIRMED
    hand.now = 11.0
    receipt = await world.runtime.receipt(Query(key), 0.0)
    assert (receipt.outcome, receipt.reasons) == (Outcome.UNKNOWN, (OVER,))
    told = await world.get(f"/v1/receipts/{key}")
    assert (told["outcome"], told["reasons"]) == ("UNKNOWN", [OVER])


async def test_a_receipt_that_was_made_before_is_not_told_after(world: World, hand: Hand) -> None:
    await world.synced("edge")
    receipt = await world.runtime.receipt(Query(service().key), 5.0)
    assert receipt.outcome is Outcome.CONFIRMED
    hand.now = 11.0
    assert world.runtime.fenced(receipt).outcome is Outcome.UNKNOWN
