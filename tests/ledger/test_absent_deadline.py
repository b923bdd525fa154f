"""The deadline of an absence: it ends the waiting, and confirms nothing."""

from ledger.ids import NEVER
from ledger.receipts import Outcome
from tests.ledger.scene import CDS, EDS, Scene, eds

# Receipts


def test_without_a_deadline_an_absent_proxy_is_waited_for_for_ever() -> None:
    scene = Scene()
    scene.end(scene.connect("proxy", "web"))
    scene.apply("w", "web")
    scene.now += 10**9
    assert scene.receipt("w").outcome is Outcome.PENDING


def test_a_proxy_absent_for_the_deadline_is_released_on_record_and_nothing_is_confirmed() -> None:
    scene = Scene(absent_deadline=60.0)
    scene.end(scene.connect("proxy", "web"))
    scene.apply("w", "web")
    scene.now += 59.9
    assert scene.receipt("w").outcome is Outcome.PENDING
    assert scene.receipt("w").released == ()
    scene.now += 0.1
    receipt = scene.receipt("w")
    assert receipt.outcome is Outcome.RELEASED_UNCONFIRMED
    assert receipt.stragglers == ()
    assert [s.proxy for s in receipt.released] == ["proxy"]
    assert (receipt.acked, receipt.audience) == (0, 1)


def test_the_deadline_releases_absent_proxies_and_no_others() -> None:
    scene = Scene(absent_deadline=60.0)
    here = scene.connect("here", "web")
    scene.end(scene.connect("away", "web"))
    scene.apply("w", "web")
    scene.now += 100
    receipt = scene.receipt("w")
    assert receipt.outcome is Outcome.PENDING
    assert ([s.proxy for s in receipt.stragglers], [s.proxy for s in receipt.released]) == (["here"], ["away"])
    scene.take(here)
    assert scene.receipt("w").outcome is Outcome.RELEASED_UNCONFIRMED


def test_one_that_is_released_is_on_record_for_what_came_later_too_and_forgets_nothing() -> None:
    scene = Scene(absent_deadline=60.0)
    away, here = scene.connect("away", "old"), scene.connect("here", "old", "new")
    scene.end(away)
    scene.now += 100
    scene.receipt("w")  # it is released
    scene.apply("w", "old", generation=1)
    scene.apply("w", "old", "new", generation=2)
    scene.apply("w", "new", generation=3)
    scene.take(here)
    receipt = scene.receipt("w")
    assert receipt.outcome is Outcome.RELEASED_UNCONFIRMED
    assert [(s.proxy, s.resource) for s in receipt.released] == [("away", str(eds("old")))]


def test_one_that_never_showed_what_it_holds_is_released_too() -> None:
    scene = Scene(absent_deadline=60.0)
    record = scene.open("away", types=(CDS, EDS))
    scene.show(record, CDS, holds=True)
    scene.end(record)
    scene.apply("w", "web")
    scene.wait("w")
    scene.now += 60
    scene.room.surroundings_changed()
    scene.run()
    assert scene.outcomes == [Outcome.RELEASED_UNCONFIRMED]


def test_what_is_unknown_or_not_applied_is_not_released_by_the_deadline() -> None:
    scene = Scene(absent_deadline=60.0)
    scene.end(scene.connect("proxy", "web"))
    scene.apply("w", "web")
    scene.now += 100
    assert scene.receipt("w", generation=2).outcome is Outcome.PENDING
    scene.facts.troubles = ["trouble"]
    assert scene.receipt("w").outcome is Outcome.UNKNOWN


def test_the_deadline_counts_from_the_end_of_the_stream_and_a_proxy_that_is_back_is_no_longer_released() -> None:
    scene = Scene(absent_deadline=60.0)
    proxy = scene.connect("proxy", "web")
    scene.now += 1000
    scene.apply("w", "web")
    scene.end(proxy)
    scene.now += 30
    assert scene.receipt("w").outcome is Outcome.PENDING
    scene.now += 100
    back = scene.ask(scene.show(scene.open("proxy"), EDS, holds=True), "web")
    assert back.behind["web"].held == NEVER
    assert scene.receipt("w").outcome is Outcome.PENDING
    scene.take(back)
    assert scene.receipt("w").outcome is Outcome.CONFIRMED


# Waiters


def test_a_waiter_is_released_unconfirmed_when_the_absence_has_lasted_for_the_deadline() -> None:
    scene = Scene(absent_deadline=60.0)
    scene.end(scene.connect("proxy", "web"))
    scene.apply("w", "web")
    scene.wait("w")
    scene.now += 59
    scene.room.surroundings_changed()
    scene.run()
    assert scene.answers == []
    scene.now += 1
    scene.room.surroundings_changed()
    scene.run()
    assert scene.outcomes == [Outcome.RELEASED_UNCONFIRMED]
    assert [s.proxy for s in scene.answers[0].released] == ["proxy"]


def test_a_waiter_is_released_by_the_last_ack_of_those_that_are_there_after_the_deadline() -> None:
    scene = Scene(absent_deadline=60.0)
    here = scene.connect("here", "web")
    scene.end(scene.connect("away", "web"))
    scene.apply("w", "web")
    scene.wait("w")
    scene.now += 60
    scene.room.surroundings_changed()
    scene.run()
    assert scene.answers == []
    scene.take(here)
    assert scene.outcomes == [Outcome.RELEASED_UNCONFIRMED]


def test_what_can_be_confirmed_is_confirmed_though_the_deadline_is_over() -> None:
    scene = Scene(absent_deadline=60.0)
    scene.end(scene.connect("away", "api"))
    scene.now += 100
    proxy = scene.connect("proxy", "web")
    scene.apply("w", "web")
    scene.wait("w")
    scene.take(proxy)
    assert scene.outcomes == [Outcome.CONFIRMED]
