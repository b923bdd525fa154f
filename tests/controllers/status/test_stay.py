"""A receipt that has to stay what it is: an instance may be used again that proxies had let go of."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from controllers.status.questions import BadArgument, checked_stay
from controllers.status.stay import Stay
from ledger.ids import Generation, ObjectKey, Revision
from ledger.receipts import Outcome, Query, Receipt
from tests.controllers.documents import instance
from tests.controllers.world import World, running

FIRST = "/v1/receipts/we/shop/pay-1"
QUERY = Query(ObjectKey("WorkloadEntry", "shop", "pay-1"))
CONFIRMED = Receipt(QUERY, Outcome.CONFIRMED, Generation(1), False, 0, 0, (), (), (), (), Revision(7))
PENDING = replace(CONFIRMED, outcome=Outcome.PENDING)


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with running() as made:
        yield made


def test_a_moment_is_enough_unless_more_is_asked_for() -> None:
    assert Stay(0.0).looked(CONFIRMED, 100.0) is CONFIRMED


def test_until_it_has_stayed_so_for_long_enough_it_is_pending_and_says_why() -> None:
    stay = Stay(16.0)
    found = stay.looked(CONFIRMED, 100.0)
    assert found == replace(PENDING, reasons=("CONFIRMED, and it has to stay so for 16s",))
    assert stay.left(104.0) == 12.0
    assert stay.looked(CONFIRMED, 115.9).outcome is Outcome.PENDING
    assert stay.looked(CONFIRMED, 116.0) is CONFIRMED


def test_the_time_begins_anew_after_a_break() -> None:
    stay = Stay(16.0)
    stay.looked(CONFIRMED, 100.0)
    assert stay.looked(PENDING, 110.0) is PENDING
    assert stay.left(110.0) is None
    assert stay.looked(CONFIRMED, 116.0).outcome is Outcome.PENDING
    assert stay.looked(CONFIRMED, 132.0) is CONFIRMED


def test_a_break_that_nobody_looked_at_shows_in_what_was_touched() -> None:
    stay = Stay(16.0)
    stay.looked(CONFIRMED, 100.0)
    used_again = replace(CONFIRMED, touched_at=Revision(9))
    assert stay.looked(used_again, 116.0).outcome is Outcome.PENDING
    assert stay.looked(used_again, 132.0) is used_again


def test_who_was_not_waited_for_any_more_and_is_back_begins_the_time_anew() -> None:
    """It has sent requests until it was back, and that took less time than passes between two looks."""
    stay = Stay(16.0)
    stay.looked(replace(CONFIRMED, outcome=Outcome.RELEASED_UNCONFIRMED), 100.0)
    assert stay.looked(CONFIRMED, 116.0).outcome is Outcome.PENDING
    assert stay.looked(CONFIRMED, 132.0) is CONFIRMED


def test_what_no_question_can_wait_for_is_refused() -> None:
    assert checked_stay(600.0) == 600.0
    with pytest.raises(BadArgument, match="stays: 601 s is longer than anybody is let wait: at most 600 s"):
        checked_stay(601.0)


async def test_the_answer_comes_when_the_receipt_has_stayed(world: World) -> None:
    began = world.runtime.clock()
    receipt = await world.get(FIRST, timeout="20s", stays="300ms")
    assert (receipt["outcome"], receipt["reasons"]) == ("CONFIRMED", [])
    assert world.runtime.clock() - began >= 0.3


async def test_where_the_timeout_is_shorter_the_answer_is_pending(world: World) -> None:
    receipt = await world.get(FIRST, timeout="0", stays="16s")
    assert (receipt["outcome"], receipt["reasons"]) == ("PENDING", ["CONFIRMED, and it has to stay so for 16s"])


async def test_an_instance_that_was_used_again_for_a_moment_has_its_time_anew(world: World) -> None:
    """All of its service are draining, and then not all any more: Envoy's panic, however short."""
    await world.apply(instance(2), instance(1, 2, draining=True))
    asking = asyncio.create_task(world.get(FIRST, timeout="20s", stays="1s"))
    await asyncio.sleep(0.5)
    await world.apply(instance(2, 2, draining=True))
    await world.apply(instance(3))
    over = world.runtime.clock()
    assert (await asking)["outcome"] == "CONFIRMED"
    assert world.runtime.clock() - over >= 1.0
