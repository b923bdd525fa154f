"""Waiters that give up, and answers that call back."""

from collections.abc import Callable

import pytest

from ledger.ids import ANY_GENERATION, Generation
from ledger.receipts import Outcome, Query, Receipt
from ledger.waiting import Waiter
from tests.ledger.scene import Scene, eds, key


@pytest.mark.parametrize("state", ["not applied", "behind", "connecting", "unknown"])
def test_a_waiter_that_leaves_is_never_answered_and_leaves_nothing_behind(state: str) -> None:
    scene = Scene()
    proxy = scene.connect("proxy", "web")
    if state != "not applied":
        scene.apply("w", "web")
    if state in ("connecting", "unknown"):
        scene.take(proxy)
    record = scene.open("late") if state == "connecting" else None
    if state == "unknown":
        scene.facts.troubles = ["trouble"]
    waiter = scene.wait("w")
    assert len(scene.room) == 1
    scene.room.leave(waiter)
    scene.room.leave(waiter)
    assert len(scene.room) == 0
    if record is not None:
        scene.show(record)
    scene.facts.troubles = []
    scene.apply("w", "web")
    scene.take(proxy)
    scene.room.surroundings_changed()
    scene.run()
    assert scene.answers == []
    assert scene.deliveries.lag(eds("web")) is None


def test_a_waiter_that_left_between_the_ack_and_the_answer_is_not_answered() -> None:
    scene = Scene()
    proxy = scene.connect("proxy", "web")
    scene.apply("w", "web")
    waiter = scene.wait("w")
    scene.send(proxy)
    scene.deliveries.acked(proxy, ["web"], scene.revision)
    scene.room.leave(waiter)
    scene.run()
    assert scene.answers == []


def test_an_answer_may_have_another_waiter_leave() -> None:
    scene = Scene()
    proxy = scene.connect("proxy", "web")
    scene.apply("w", "web")
    waiters: list[Waiter] = []

    def leave_the_others(receipt: Receipt) -> None:
        scene.answers.append(receipt)
        for waiter in waiters:
            scene.room.leave(waiter)

    waiters += [wait(scene, leave_the_others) for _ in range(3)]
    scene.take(proxy)
    assert len(scene.answers) == 1
    assert len(scene.room) == 0


def test_an_answer_may_wait_for_something_else() -> None:
    scene = Scene()
    proxy = scene.connect("proxy", "web", "api")
    scene.apply("w", "web")
    scene.apply("a", "api")

    def wait_for_the_other(receipt: Receipt) -> None:
        scene.answers.append(receipt)
        scene.wait("a")

    wait(scene, wait_for_the_other)
    scene.send(proxy, "web")
    scene.ack(proxy, "web")
    assert [receipt.query.key for receipt in scene.answers] == [key("w")]
    scene.take(proxy)
    assert [receipt.query.key for receipt in scene.answers] == [key("w"), key("a")]


def test_an_answer_may_be_an_event_in_itself() -> None:
    scene = Scene()
    proxy = scene.connect("proxy", "web")
    scene.apply("w", "web")

    def change_something(receipt: Receipt) -> None:
        scene.answers.append(receipt)
        scene.apply("another", "api")

    for _ in range(3):
        wait(scene, change_something)
    scene.take(proxy)
    assert scene.outcomes == [Outcome.CONFIRMED] * 3


def wait(scene: Scene, answer: Callable[[Receipt], None]) -> Waiter:
    return scene.room.wait(Query(key("w"), Generation(ANY_GENERATION)), answer, scene.now)
