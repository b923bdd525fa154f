"""What waiting costs, counted in calls."""

from collections import Counter

from ledger.receipts import Outcome
from tests.ledger.scene import Scene, calls, eds, key

MANY = 10_000


def cost_of_an_ack(waiters: int) -> Counter[str]:
    """What an ACK costs that completes none of so many receipts, all over the resource that it is about."""
    scene = Scene()
    scene.connect("stuck", "web", "api")
    proxy = scene.connect("proxy", "web", "api")
    for number in range(10):
        scene.apply(f"w{number}", "web", "api")
    for number in range(waiters):
        scene.wait(f"w{number % 10}")
    scene.send(proxy)
    cost = calls(scene.ack, proxy, "web", "api")
    assert scene.answers == []
    assert len(scene.room) == waiters
    return cost


def test_an_ack_costs_the_same_however_many_receipts_wait_for_others() -> None:
    assert cost_of_an_ack(1) == cost_of_an_ack(MANY)


def test_an_event_that_completes_no_receipt_costs_the_same_however_many_wait() -> None:
    costs = []
    for waiters in (1, MANY):
        scene = Scene()
        scene.connect("stuck", "web")
        scene.apply("w", "web")
        for _ in range(waiters):
            scene.wait("w")
        costs.append(calls(scene.run))
    assert costs[0] == costs[1]


def test_a_change_costs_the_same_however_many_wait_for_other_objects() -> None:
    costs = []
    for waiters in (1, MANY):
        scene = Scene()
        scene.connect("stuck", "web")
        scene.apply("w", "web")
        for _ in range(waiters):
            scene.wait("w")

        def change(scene: Scene = scene) -> None:
            scene.room.object_changed(key("another"))
            scene.run()

        costs.append(calls(change))
    assert costs[0] == costs[1]


def test_a_receipt_that_waits_looks_at_one_resource_at_a_time() -> None:
    costs = []
    names = [f"web-{number}" for number in range(200)]
    for count in (2, 200):
        scene = Scene()
        scene.connect("stuck", names[0])
        proxy = scene.connect("proxy", *names)
        scene.apply("w", *names[:count])
        scene.wait("w")
        scene.send(proxy, names[1])
        costs.append(calls(scene.ack, proxy, names[1]))
    assert costs[0] == costs[1]


def test_many_receipts_are_answered_by_the_one_ack_that_completes_them_all() -> None:
    scene = Scene()
    proxy = scene.connect("proxy", "web")
    scene.apply("w", "web")
    for _ in range(100):
        scene.wait("w")
    scene.take(proxy)
    assert scene.outcomes == [Outcome.CONFIRMED] * 100
    assert scene.deliveries.lag(eds("web")) is None


def test_receipts_that_were_answered_leave_nothing_behind() -> None:
    scene = Scene()
    proxy = scene.connect("proxy", "web")
    for generation in range(1, 100):
        scene.wait("w", generation=generation)
        scene.apply("w", "web", generation=generation)
        scene.take(proxy)
    assert len(scene.answers) == 99
    assert not any(value for value in vars(scene.room).values() if isinstance(value, dict | set))
