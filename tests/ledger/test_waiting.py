"""Receipts that are waited for: who is answered, when, and with what."""

import pytest

from ledger.ids import ProxyId
from ledger.receipts import Outcome
from tests.ledger.scene import CDS, EDS, Scene, cds, key


def test_what_is_confirmed_already_is_answered_at_once() -> None:
    scene = Scene()
    scene.apply("w", "web")
    scene.wait("w")
    assert scene.outcomes == [Outcome.CONFIRMED]
    assert len(scene.room) == 0


def test_a_waiter_is_answered_by_the_ack_that_completes_it_and_not_before() -> None:
    scene = Scene()
    proxies = [scene.connect(f"proxy-{number}", "web") for number in range(3)]
    scene.apply("w", "web")
    scene.wait("w")
    for proxy in proxies:
        assert scene.answers == []
        scene.take(proxy)
    assert scene.outcomes == [Outcome.CONFIRMED]
    assert (scene.answers[0].acked, scene.answers[0].audience) == (3, 3)


def test_of_many_that_one_ack_answers_only_so_many_are_answered_at_once_and_none_is_forgotten() -> None:
    scene = Scene()
    proxy = scene.connect("proxy", "web")
    scene.apply("w", "web")
    for _ in range(5):
        scene.wait("w")
    scene.deliveries.sent(proxy, ["web"], scene.revision, scene.now)
    scene.deliveries.acked(proxy, ["web"], scene.revision)
    answered: list[int] = []
    while not answered or scene.room.unfinished:
        scene.room.run(scene.now, most=2)
        answered.append(len(scene.answers))
    assert answered == [2, 4, 5]
    assert set(scene.outcomes) == {Outcome.CONFIRMED}


def test_a_waiter_is_answered_once() -> None:
    scene = Scene()
    proxy = scene.connect("proxy", "web")
    scene.apply("w", "web")
    scene.wait("w")
    scene.take(proxy)
    scene.room.surroundings_changed()
    scene.room.object_changed(key("w"))
    scene.run()
    assert len(scene.answers) == 1


def test_neither_a_response_nor_a_rejection_nor_an_older_ack_answers_a_waiter() -> None:
    scene = Scene()
    proxy = scene.connect("proxy", "web")
    scene.apply("another", "web")
    built = scene.send(proxy)
    scene.apply("w", "web")
    scene.wait("w")
    scene.ack(proxy, "web", built=built)
    scene.send(proxy)
    scene.nack(proxy, "web", again=True)
    scene.run()
    assert scene.answers == []
    scene.take(proxy)
    assert scene.outcomes == [Outcome.CONFIRMED]


def test_the_end_of_a_stream_answers_nobody() -> None:  # rule 27
    scene = Scene()
    proxy = scene.connect("proxy", "web")
    scene.apply("w", "web")
    scene.wait("w")
    scene.end(proxy)
    scene.run()
    assert scene.answers == []
    scene.deliveries.forget(ProxyId("proxy"))
    scene.run()
    assert scene.outcomes == [Outcome.CONFIRMED]


@pytest.mark.parametrize("order", ["abc", "cba", "bac"])
def test_a_receipt_over_several_resources_is_answered_by_the_last_of_them_in_any_order(order: str) -> None:
    scene = Scene()
    proxy = scene.connect("proxy", "a", "b", "c")
    scene.apply("w", "a", "b", "c")
    scene.wait("w")
    for name in order:
        assert scene.answers == []
        scene.send(proxy, name)
        scene.ack(proxy, name)
    assert scene.outcomes == [Outcome.CONFIRMED]


def test_a_resource_that_changes_again_and_again_does_not_starve_a_waiter_of_an_earlier_change() -> None:
    scene = Scene()
    proxy = scene.connect("proxy", "web")
    scene.apply("w", "web")
    scene.wait("w")
    built = scene.send(proxy)
    scene.apply("another", "web")
    scene.ack(proxy, "web", built=built)
    assert scene.outcomes == [Outcome.CONFIRMED]
    assert proxy.unsent == {"web"}


def test_a_waiter_for_a_later_generation_is_answered_when_that_is_applied_and_acked() -> None:
    scene = Scene()
    proxy = scene.connect("proxy", "web")
    scene.wait("w", generation=2)
    scene.apply("w", "web", generation=1)
    scene.take(proxy)
    assert scene.answers == []
    scene.apply("w", "web", generation=2)
    assert scene.answers == []
    scene.take(proxy)
    assert scene.outcomes == [Outcome.CONFIRMED]
    assert scene.answers[0].applied == 2


def test_a_waiter_for_a_deletion_is_answered_when_the_object_is_gone_and_that_is_acked() -> None:
    scene = Scene()
    proxy = scene.connect("proxy", "web")
    scene.apply("w", "web")
    scene.take(proxy)
    scene.wait("w", deleted=True)
    assert scene.answers == []
    scene.delete("w", "web")
    assert scene.answers == []
    scene.take(proxy)
    assert [(receipt.outcome, receipt.deleted) for receipt in scene.answers] == [(Outcome.CONFIRMED, True)]


def test_a_waiter_for_a_deletion_outlasts_changes_of_the_object() -> None:
    scene = Scene()
    scene.apply("w", "web", generation=1)
    scene.wait("w", deleted=True)
    scene.apply("w", "web", generation=2)
    scene.delete("w", "web")
    assert scene.outcomes == [Outcome.CONFIRMED]


def test_a_waiter_looks_at_the_objects_newest_form_when_that_changes_while_it_waits() -> None:
    scene = Scene()
    old, new = scene.connect("old", "old"), scene.connect("new", "new")
    scene.apply("w", "old", generation=1)
    scene.wait("w")
    scene.apply("w", "old", "new", generation=2)
    scene.take(old)
    assert scene.answers == []
    scene.take(new)
    assert scene.outcomes == [Outcome.CONFIRMED]


def test_a_waiter_also_waits_for_the_clusters_that_are_awaited() -> None:
    scene = Scene()
    proxy = scene.show(scene.open(types=(CDS,)), CDS)
    scene.deliveries.set_wildcard(proxy, True)
    scene.change("web", wildcard=True, type_url=CDS)
    scene.apply("w", "web", awaited=[cds("web")])
    scene.wait("w")
    assert scene.answers == []
    scene.take(proxy)
    assert scene.outcomes == [Outcome.CONFIRMED]


# Claims, showing, surroundings


def test_a_waiter_has_claims_asked_and_waits_for_the_ack() -> None:
    scene = Scene()
    scene.apply("w", "web")
    proxy = scene.show(scene.open("proxy"), holds=True)
    scene.deliveries.subscribe(proxy, ["web", "api"])
    scene.deliveries.claim(proxy, ["web", "api"])
    scene.wait("w")
    assert scene.answers == []
    assert scene.room.woken == {proxy.stream}
    assert proxy.unsent == {"web"}, "the object has no part in the other"
    scene.take(proxy)
    assert scene.outcomes == [Outcome.CONFIRMED]


def test_a_stream_that_comes_to_claim_while_a_waiter_waits_is_asked_too() -> None:
    scene = Scene()
    proxy = scene.connect("proxy", "web")
    scene.apply("w", "web")
    scene.wait("w")
    late = scene.show(scene.open("late"), holds=True)
    scene.deliveries.subscribe(late, ["web"])
    scene.deliveries.claim(late, ["web"])
    scene.take(proxy)
    assert scene.answers == []
    assert scene.room.woken == {late.stream}
    scene.take(late)
    assert scene.outcomes == [Outcome.CONFIRMED]


def test_a_waiter_waits_until_every_connecting_stream_has_shown_what_it_holds() -> None:  # rule 28
    scene = Scene()
    scene.apply("w", "web")
    record = scene.open("late", types=(CDS, EDS))
    scene.wait("w")
    scene.show(record, CDS)
    scene.run()
    assert scene.answers == []
    late = scene.ask(scene.show(record, EDS), "web")
    scene.run()
    assert scene.answers == [], "it holds nothing known of the resource"
    scene.take(late)
    assert scene.outcomes == [Outcome.CONFIRMED]


def test_a_waiter_is_answered_when_what_was_unknown_is_known_again() -> None:
    scene = Scene()
    scene.facts.troubles = ["trouble"]
    scene.apply("w", "web")
    scene.wait("w")
    scene.run()
    assert scene.answers == []
    scene.facts.troubles = []
    scene.room.surroundings_changed()
    scene.run()
    assert scene.outcomes == [Outcome.CONFIRMED]


def test_a_waiter_is_answered_when_an_obstacle_is_out_of_the_way() -> None:
    scene = Scene()
    scene.facts.hindrances[key("w")] = ["Envoy panics"]
    scene.apply("w", "web")
    scene.wait("w")
    scene.room.obstacles_changed()
    scene.run()
    assert scene.answers == []
    scene.facts.hindrances.clear()
    scene.room.obstacles_changed()
    scene.run()
    assert scene.outcomes == [Outcome.CONFIRMED]
