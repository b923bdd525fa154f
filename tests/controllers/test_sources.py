"""Several sources: the first one that holds an object gives it."""

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
