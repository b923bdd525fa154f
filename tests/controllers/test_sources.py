"""Several sources: the first one that holds an object gives it."""

import asyncio

from controllers.runtime import Runtime
from controllers.sources import Arbiter
from ledger.ids import ObjectKey
from ledger.receipts import Query
from tests.controllers.documents import gone, instance, instance_key
from xds.objects import Applied, Deleted, Event
from xds.plane import Plane

FIRST, SECOND = instance(1), instance(1, draining=True)


class Sources:
    """Two sources, and what they make of the objects."""

    def __init__(self) -> None:
        self.plane = Plane()
        self.arbiter = Arbiter(Runtime(self.plane))
        self.sinks = [self.arbiter.sink(name, name == "files:b") for name in ("files:a", "files:b")]

    async def say(self, source: int, *events: Event) -> None:
        await self.sinks[source].apply(events)

    def outcome(self, number: int, deleted: bool = False) -> str:
        """Of the receipt for an instance."""
        return self.plane.receipt(Query(instance_key(number), deleted=deleted), 0.0).outcome.value

    def is_draining(self) -> bool | None:
        """Of instance 1; None if it is not there."""
        workload = self.plane.index.workloads.get(instance_key(1))
        return None if workload is None else workload.endpoint.is_draining


async def test_an_object_of_one_source_is_as_that_says() -> None:
    sources = Sources()
    await sources.say(1, FIRST)
    assert sources.is_draining() is False
    await sources.say(1, SECOND)
    assert sources.is_draining() is True
    await sources.say(1, gone(1))
    assert sources.is_draining() is None


async def test_the_first_source_counts_in_whatever_order_they_are_heard() -> None:
    for order in ((0, 1), (1, 0)):
        sources = Sources()
        for source in order:
            await sources.say(source, (FIRST, SECOND)[source])
        assert sources.is_draining() is False
        assert sources.arbiter.overlaps() == [(instance_key(1), "files:a", "files:b")]


async def test_what_the_first_source_lets_go_the_second_gives() -> None:
    sources = Sources()
    await sources.say(0, FIRST)
    await sources.say(1, SECOND)
    await sources.say(0, gone(1))
    assert sources.is_draining() is True
    assert sources.arbiter.overlaps() == []


async def test_what_the_second_source_lets_go_stays_with_the_first() -> None:
    sources = Sources()
    await sources.say(0, FIRST)
    await sources.say(1, SECOND)
    await sources.say(1, gone(1))
    assert sources.is_draining() is False


def test_a_deletion_of_what_nobody_held_is_nothing() -> None:
    arbiter = Sources().arbiter
    assert arbiter.decide(0, Deleted(ObjectKey("WorkloadEntry", "shop", "x"))) is None
    assert isinstance(arbiter.decide(0, FIRST), Applied)
    assert arbiter.decide(1, SECOND) is None
    assert arbiter.decide(1, SECOND) is None


async def test_a_source_that_may_be_away_leaves_only_its_own_objects_in_doubt() -> None:
    sources = Sources()
    await sources.say(0, FIRST)
    await sources.say(1, instance(2))
    sources.plane.start(0.0, roster_known=True)
    sources.sinks[1].trouble("files:b", "it can't be asked")
    assert sources.outcome(1) == "CONFIRMED"
    assert sources.outcome(2) == sources.outcome(3, deleted=True) == "UNKNOWN"
    sources.sinks[1].trouble("files:b", None)
    assert sources.outcome(2) == sources.outcome(3, deleted=True) == "CONFIRMED"


async def test_what_a_source_held_that_is_no_more_is_gone() -> None:
    sources = Sources()
    await sources.say(0, FIRST)
    await sources.say(1, instance(2), SECOND)
    await sources.sinks[1].end("files:b")
    assert set(sources.plane.index.workloads) == {instance_key(1)}


MANY = range(100, 200)
"""More than are applied in one go."""


async def underway(sources: Sources, *last: Event) -> asyncio.Task[None]:
    """The first source lets many go, and then says this; the first of them are applied, and the others wait."""
    await sources.say(0, *(instance(number) for number in MANY))
    sources.plane.start(0.0, roster_known=True)
    saying = asyncio.create_task(sources.say(0, *(gone(number) for number in MANY), *last))
    await asyncio.sleep(0)
    assert sources.outcome(MANY[0], deleted=True) == "CONFIRMED"
    assert sources.outcome(MANY[-1], deleted=True) == "PENDING"
    return saying


async def test_what_both_sources_let_go_at_once_does_not_come_back() -> None:
    """The receipt for its end has been given."""
    sources = Sources()
    await sources.say(0, FIRST)
    await sources.say(1, SECOND)
    saying = await underway(sources, gone(1))
    await sources.say(1, gone(1))
    await saying
    assert sources.outcome(1, deleted=True) == "CONFIRMED"
    assert sources.is_draining() is None


async def test_the_form_of_the_second_source_is_its_newest_however_long_the_first_one_takes_to_let_go() -> None:
    sources = Sources()
    await sources.say(0, FIRST)
    await sources.say(1, FIRST)
    saying = await underway(sources, gone(1))
    await sources.say(1, SECOND)
    await saying
    assert sources.is_draining() is True


async def test_what_a_source_that_is_stopped_did_not_get_to_say_is_made_up_for_by_whoever_has_its_place() -> None:
    """As that of a cluster, which has another kubeconfig meanwhile."""
    sources = Sources()
    await sources.say(0, FIRST)
    saying = await underway(sources, gone(1))
    saying.cancel()
    await asyncio.wait({saying})
    await sources.sinks[0].retain(lambda _: False)
    assert sources.is_draining() is None
    assert sources.outcome(MANY[-1], deleted=True) == "CONFIRMED"


async def test_what_a_source_has_anew_while_it_lets_go_what_another_gave_stays() -> None:
    """The other one had an object of that name."""
    sources, has = Sources(), set[ObjectKey]()
    await sources.say(1, *(instance(number) for number in MANY), FIRST)
    sources.plane.start(0.0, roster_known=True)
    retaining = asyncio.create_task(sources.sinks[1].retain(has.__contains__))
    await asyncio.sleep(0)
    has.add(instance_key(1))
    await sources.say(1, SECOND)
    await retaining
    assert sources.is_draining() is True
    assert sources.outcome(MANY[-1], deleted=True) == "CONFIRMED"
