"""The life of a stream, and what it leaves behind."""

import pytest

from ledger.ids import NEVER, ProxyId, StreamId
from tests.ledger.scene import CDS, EDS, LDS, VIEW, Scene, eds

PROXY = ProxyId("proxy")


# Absence


def test_the_end_of_a_stream_credits_nothing() -> None:  # rule 27
    scene = Scene()
    proxy = scene.connect("proxy", "web")
    scene.change("web")
    scene.send(proxy)
    scene.end(proxy)
    assert not scene.deliveries.reached(eds("web"), scene.revision)
    assert proxy.behind["web"].sent == NEVER, "what was on its way will never be answered"


def test_an_absent_proxy_stays_obliged_until_it_is_back_and_has_shown_what_it_holds() -> None:
    scene = Scene()
    past = scene.connect("proxy", "web")
    scene.change("web")
    scene.end(past)
    back = scene.open()
    assert scene.is_obliged(past)
    interest = scene.show(back, holds=True)
    assert not scene.is_obliged(past)
    assert scene.deliveries.reached(eds("web"), scene.revision), "what it holds is now the later stream's to tell"
    scene.ask(interest, "web")
    assert not scene.deliveries.reached(eds("web"), scene.revision)


def test_what_was_shown_of_one_type_says_nothing_of_another() -> None:
    scene = Scene()
    past = scene.open(types=(CDS, EDS))
    scene.take(scene.ask(scene.show(past, CDS), "cluster"))
    scene.take(scene.ask(scene.show(past, EDS), "web"))
    scene.end(past)
    back = scene.open(types=(CDS, EDS))
    scene.show(back, CDS, holds=True)
    scene.change("web")
    assert not scene.deliveries.reached(eds("web"), scene.revision)
    scene.show(back, EDS, holds=True)
    assert scene.deliveries.reached(eds("web"), scene.revision)


def test_another_proxy_is_no_successor() -> None:
    scene = Scene()
    past = scene.connect("proxy", "web")
    scene.end(past)
    scene.connect("another", "web")
    assert scene.is_obliged(past)


def test_a_proxy_that_comes_and_goes_leaves_one_absent_stream_and_no_more() -> None:
    scene = Scene()
    for _ in range(100):
        scene.end(scene.connect("proxy", "web"))
        assert len(scene.deliveries.streams) == 1
    assert scene.deliveries.all_shown


def test_a_proxy_that_flaps_before_it_has_shown_everything_costs_no_more_each_time() -> None:
    scene = Scene()
    for _ in range(100):
        record = scene.open(types=(CDS, EDS))
        scene.show(record, CDS, holds=True)
        scene.end(record)
        assert len(scene.deliveries.streams) <= 2
    assert not scene.deliveries.all_shown, "it holds something, and has not said what"


def test_a_proxy_that_is_gone_obliges_no_more_and_its_living_streams_do() -> None:
    scene = Scene()
    here, gone = scene.connect("proxy", "web"), scene.connect("proxy", "web")
    scene.change("web")
    scene.end(gone)
    assert scene.deliveries.forget(PROXY)
    assert scene.is_obliged(here)
    assert not scene.is_obliged(gone)
    assert not scene.deliveries.forget(PROXY), "there is nothing left to forget"
    assert not scene.deliveries.forget(ProxyId("unheard of"))


# Showing


def test_a_stream_that_has_not_named_its_proxy_is_arriving() -> None:  # rule 28
    scene = Scene()
    scene.deliveries.arrive(StreamId(100), scene.now)
    assert not scene.deliveries.all_shown
    scene.deliveries.open(StreamId(100), PROXY, VIEW, [EDS], scene.now)
    assert not scene.deliveries.arriving
    assert not scene.deliveries.all_shown, "it is connecting"


def test_a_stream_that_never_named_its_proxy_leaves_nothing_behind() -> None:
    scene = Scene()
    scene.deliveries.arrive(StreamId(100), scene.now)
    scene.deliveries.leave(StreamId(100))
    scene.deliveries.leave(StreamId(100))
    assert scene.deliveries.all_shown
    assert not scene.deliveries.streams


def test_a_stream_that_takes_too_long_to_name_its_proxy_holds_nothing_back() -> None:
    scene = Scene()
    scene.deliveries.arrive(StreamId(100), scene.now)
    scene.deliveries.overlook(StreamId(100))
    assert scene.deliveries.all_shown
    scene.deliveries.open(StreamId(100), PROXY, VIEW, [EDS], scene.now)
    assert not scene.deliveries.all_shown, "now it is somebody's"


def test_a_fresh_stream_that_takes_too_long_to_ask_holds_nothing_and_one_that_claimed_may() -> None:
    scene = Scene()
    fresh, back = scene.open("fresh", types=(CDS, EDS)), scene.open("back", types=(CDS, EDS))
    scene.show(fresh, CDS)
    scene.show(back, CDS, holds=True)
    scene.deliveries.holds_nothing(fresh)
    scene.deliveries.holds_nothing(back)
    assert scene.deliveries.connecting == {back.id}


def test_a_stream_is_connecting_until_it_has_asked_for_every_type() -> None:  # rule 28
    scene = Scene()
    record = scene.open(types=(CDS, EDS, LDS))
    for type_url in (EDS, CDS):
        scene.show(record, type_url)
        assert not scene.deliveries.all_shown
    scene.show(record, LDS)
    assert scene.deliveries.all_shown


def test_a_stream_that_has_answered_something_has_asked_for_all_that_it_will_ask_for() -> None:  # rule 28
    scene = Scene()
    record = scene.open(types=(CDS, EDS, LDS))
    scene.show(record, CDS)
    scene.deliveries.answered(record, scene.deliveries.moment)
    assert scene.deliveries.all_shown


def test_a_stream_that_ends_before_it_asked_for_anything_leaves_nothing_behind() -> None:
    scene = Scene()
    scene.end(scene.open(types=(CDS, EDS)))
    assert scene.deliveries.all_shown
    assert not scene.deliveries.streams


def test_a_stream_that_said_it_holds_something_and_ended_is_still_to_show_the_rest() -> None:
    scene = Scene()
    record = scene.open(types=(CDS, EDS))
    scene.show(record, CDS, holds=True)
    scene.end(record)
    assert not scene.deliveries.all_shown
    back = scene.open(types=(CDS, EDS))
    scene.show(back, CDS, holds=True)
    scene.show(back, EDS, holds=True)
    assert scene.deliveries.all_shown
    assert not scene.is_obliged(record)


def test_a_fresh_stream_that_ended_holds_nothing_of_the_types_it_never_asked_for() -> None:
    scene = Scene()
    record = scene.open(types=(CDS, EDS))
    scene.take(scene.ask(scene.show(record, CDS), "cluster"))
    scene.end(record)
    assert scene.deliveries.all_shown
    assert scene.is_obliged(record), "of the type that it asked for, it may hold something"


def test_once_back_and_answering_a_proxy_has_nothing_more_to_show_of_its_past() -> None:
    scene = Scene()
    past = scene.open(types=(CDS, EDS))
    scene.show(past, CDS, holds=True)
    scene.end(past)
    back = scene.open(types=(CDS, EDS))
    scene.show(back, CDS, holds=True)
    scene.deliveries.answered(back, scene.deliveries.moment)
    assert scene.deliveries.all_shown
    assert not scene.is_obliged(past)


def test_a_type_that_the_proxy_has_outgrown_is_no_more_an_obligation_of_its_past() -> None:
    scene = Scene()
    past = scene.open(types=(CDS, EDS))
    scene.take(scene.ask(scene.show(past, CDS), "cluster"))
    scene.take(scene.ask(scene.show(past, EDS), "web"))
    scene.end(past)
    back = scene.open(types=(CDS, EDS))
    scene.show(back, CDS, holds=True)
    scene.change("web")
    assert not scene.deliveries.reached(eds("web"), scene.revision)
    scene.deliveries.outgrown(back, EDS)
    assert scene.deliveries.reached(eds("web"), scene.revision)
    assert not scene.is_obliged(past)


# Inheriting


def test_a_stream_inherits_what_its_proxy_rejected_and_what_was_on_its_way() -> None:  # rules 23 and 31
    scene = Scene()
    past = scene.connect("proxy", "rejected", "on its way", "waiting", "acked")
    scene.change("rejected", "on its way", "waiting", "acked")
    scene.send(past, "rejected", "acked")
    scene.ack(past, "acked")
    scene.nack(past, "rejected")
    scene.send(past, "on its way")
    scene.end(past)
    _, inherited = scene.deliveries.show(scene.open(), EDS, True)
    assert inherited.tainted == {"rejected"}
    assert inherited.doubtful == {"on its way"}
    assert not inherited.relics


def test_a_stream_inherits_nothing_of_another_type_or_of_another_proxy() -> None:
    scene = Scene()
    past = scene.connect("proxy", "web")
    scene.change("web")
    scene.send(past)
    scene.nack(past, "web")
    scene.end(past)
    _, of_cds = scene.deliveries.show(scene.open(types=(CDS,)), CDS, True)
    _, of_another = scene.deliveries.show(scene.open("another"), EDS, True)
    assert not of_cds.tainted
    assert not of_another.tainted


def test_a_stream_inherits_of_one_that_it_takes_over_from_before_the_end_of_that_is_seen() -> None:  # rule 31
    scene = Scene()
    past = scene.connect("proxy", "web")
    scene.change("web")
    scene.send(past)
    scene.nack(past, "web")
    _, inherited = scene.deliveries.show(scene.open(), EDS, True)
    assert inherited.tainted == {"web"}


# Relics, views


@pytest.mark.parametrize("how", ["acked", "given up", "gone"])
def test_what_a_proxy_may_hold_from_before_this_process_holds_everything_back(how: str) -> None:
    scene = Scene()
    proxy = scene.show(scene.open(), holds=True)
    scene.deliveries.subscribe(proxy, ["web"])
    scene.deliveries.owe(proxy, "web", scene.revision, scene.now, held=NEVER, relic=True)
    assert not scene.deliveries.all_shown
    if how == "acked":
        scene.take(proxy)
    elif how == "given up":
        scene.deliveries.give_up(proxy, ["web"], lambda _: False)
    else:
        scene.end(proxy)
        assert not scene.deliveries.all_shown
        scene.deliveries.forget(PROXY)
    assert scene.deliveries.all_shown


def test_an_ack_of_an_older_build_is_the_end_of_a_relic_too() -> None:
    scene = Scene()
    proxy = scene.show(scene.open(), holds=True)
    scene.deliveries.owe(proxy, "web", scene.revision, scene.now, held=NEVER, relic=True)
    built = scene.send(proxy)
    scene.deliveries.subscribe(proxy, ["web"])
    scene.change("web")
    scene.ack(proxy, "web", built=built)
    assert scene.deliveries.all_shown
    assert not scene.deliveries.reached(eds("web"), scene.revision)


def test_streams_are_counted_by_view_until_nothing_is_left_of_them() -> None:
    scene = Scene()
    one, two = scene.connect("one", "web"), scene.connect("two", "web")
    scene.end(one)
    assert scene.deliveries.views[VIEW] == 2, "an absent proxy still has its view"
    scene.deliveries.forget(ProxyId("one"))
    assert scene.deliveries.views[VIEW] == 1
    assert scene.is_obliged(two)


def test_a_view_that_no_stream_has_is_forgotten() -> None:
    scene = Scene()
    for number in range(100):
        scene.end(scene.open("proxy", view=f"view {number}"))
    assert len(scene.deliveries.views) == 0
