"""A proxy that is lost over and over leaves one ended stream, which obliges for all of them."""

import pytest

from ledger.ids import NEVER, Revision
from ledger.interest import Interest
from ledger.processes import ONE_LEFT_SECONDS
from tests.ledger.scene import CDS, EDS, Scene, eds
from tests.ledger.test_succession import reconnect, start


def lost(scene: Scene, *names: str) -> Interest:
    """One of two processes, which has lost its stream."""
    interest = start(scene, *names)
    scene.end(interest)
    return interest


def test_what_any_of_them_asked_for_is_waited_for() -> None:
    scene = Scene()
    lost(scene, "web")
    last = lost(scene, "api")
    assert list(scene.deliveries.streams) == [last.stream]
    scene.change("web")
    scene.change("api")
    for name in ("web", "api"):
        assert not scene.deliveries.reached(eds(name), scene.revision)


def test_of_one_resource_the_oldest_form_that_one_of_them_holds_counts() -> None:
    scene = Scene()
    first, second = start(scene, "web"), start(scene, "web")
    scene.change("web")
    newer = scene.revision
    scene.take(second)
    scene.change("web")
    scene.end(second)
    assert not scene.deliveries.reached(eds("web"), newer)
    scene.end(first)
    assert not scene.deliveries.reached(eds("web"), newer)
    assert scene.deliveries.reached(eds("web"), Revision(newer - 1))


def test_a_waiter_is_not_woken_while_one_is_absorbed() -> None:
    scene = Scene()
    first, second = start(scene, "web"), start(scene, "web")
    scene.apply("instance", "web")
    scene.wait("instance", generation=1)
    scene.take(second)
    scene.end(first)
    scene.end(second)
    scene.run()
    assert scene.outcomes == []


def test_what_one_rejected_or_was_sent_last_is_inherited() -> None:  # rule 31
    scene = Scene()
    first, second = start(scene, "web", "api"), start(scene, "web", "api")
    scene.change("web", "api")
    scene.send(first, "web", "api")
    scene.nack(first, "web")
    scene.end(first)
    scene.end(second)
    _, inherited = scene.deliveries.show(scene.open(), EDS, True)
    assert inherited.tainted == {"web"}
    assert inherited.doubtful == {"api"}


def test_what_one_may_hold_from_before_this_process_started_goes_on_holding_everything_back() -> None:  # rule 28
    scene = Scene()
    first, second = start(scene, "web"), start(scene, "web")
    scene.change("web")
    scene.take(second)
    scene.deliveries.owe(second, "web", scene.revision, scene.now, held=NEVER, relic=True)
    scene.end(second)
    scene.end(first)
    (left,) = scene.deliveries.streams.values()
    assert left.interests[EDS].behind["web"].relic
    assert scene.deliveries.relics == {(left.id, eds("web"))}
    assert not scene.deliveries.all_shown


@pytest.mark.parametrize("claims", ["the first to end", "the last to end"])
def test_a_claim_of_one_credits_nothing_of_what_the_other_is_behind_on(claims: str) -> None:  # rule 23
    scene = Scene()
    streams = one, other = start(scene), start(scene)
    behind, claiming = (one, other) if claims == "the last to end" else (other, one)
    scene.change("web")
    scene.ask(behind, "web")
    scene.take(behind)
    scene.change("web")
    assert behind.behind["web"].held > NEVER
    scene.deliveries.subscribe(claiming, ["web"])
    scene.deliveries.claim(claiming, ["web"])
    for interest in streams:
        scene.end(interest)
    (left,) = scene.deliveries.streams.values()
    assert left.interests[EDS].behind["web"].held == NEVER
    assert not scene.deliveries.reached(eds("web"), Revision(1))


def test_claims_names_given_up_wildcards_and_what_is_unshown_are_kept() -> None:
    scene = Scene()
    one, other = scene.open(types=(CDS, EDS)), scene.open(types=(CDS, EDS))
    for record in (one, other):
        scene.show(record, CDS)
        record.claims_anything = True  # by its second request: nothing of what it has not shown is known
    interest = one.interests[CDS]
    scene.deliveries.set_wildcard(interest, True)
    scene.deliveries.subscribe(interest, ["claimed", "given up"])
    scene.deliveries.claim(interest, ["claimed"])
    scene.deliveries.give_up(interest, ["given up"], lambda _: True)
    scene.end(one)
    scene.end(other)
    (left,) = scene.deliveries.streams.values()
    kept = left.interests[CDS]
    assert (kept.wildcard, kept.claimed, kept.given_up, kept.names) == (True, {"claimed"}, {"given up"}, {"claimed"})
    assert left.unshown == {EDS}
    assert not scene.deliveries.all_shown


def test_a_proxy_that_crashes_over_and_over_leaves_no_more_each_time() -> None:
    scene = Scene()
    for _ in range(100):
        scene.now += 1
        lost(scene, "web")
        scene.deliveries.expire(scene.now)
    assert len(scene.deliveries.streams) == 1
    assert len(scene.deliveries.processes.of(next(iter(scene.deliveries.of_proxy)))) == 1
    back = reconnect(scene, "web")
    scene.deliveries.expire(scene.now + ONE_LEFT_SECONDS)
    assert list(scene.deliveries.streams) == [back.stream]
