"""Processes that share a node id: which streams are whose, as far as can be told."""

from ledger.ids import ProxyId
from ledger.interest import Interest
from ledger.processes import LOST_STREAM_SECONDS, ONE_LEFT_SECONDS
from ledger.stream_record import StreamRecord
from tests.ledger.scene import EDS, VIEW, Scene, eds

PROXY = ProxyId("proxy")


def reconnect(scene: Scene, *names: str) -> Interest:
    """A process that was connected before is back, on a new stream."""
    interest = scene.show(scene.open(), holds=True)
    scene.ask(interest, *names)
    return interest


def start(scene: Scene, *names: str) -> Interest:
    """A new process connects, and has ACKed what it asked for."""
    interest = scene.connect("proxy", *names)
    answer(scene, interest)
    return interest


def answer(scene: Scene, interest: Interest) -> None:
    """Its process ACKs a response that was sent just now."""
    scene.deliveries.answered(record_of(scene, interest), scene.deliveries.moment)


def record_of(scene: Scene, interest: Interest) -> StreamRecord:
    return scene.deliveries.streams[interest.stream]


def test_a_stream_that_opened_before_the_end_of_the_last_was_seen_succeeds_it() -> None:
    scene = Scene()
    half_open = start(scene, "web")
    back = reconnect(scene, "web")
    assert scene.is_obliged(half_open), "as long as it lives"
    scene.end(half_open)
    assert not scene.is_obliged(half_open)
    assert scene.is_obliged(back)


def test_a_stream_that_took_over_and_ended_in_turn_is_what_is_left() -> None:
    scene = Scene()
    half_open = start(scene, "web")
    back = reconnect(scene, "web")
    scene.end(back)
    scene.end(half_open)
    scene.change("web")
    assert not scene.deliveries.reached(eds("web"), scene.revision)
    again = reconnect(scene, "web")
    scene.take(again)
    assert not scene.is_obliged(half_open)
    assert not scene.is_obliged(back)
    assert scene.deliveries.reached(eds("web"), scene.revision)


def test_the_end_of_a_stream_is_seen_late_and_its_process_has_reconnected_twice() -> None:
    scene = Scene()
    half_open = start(scene, "web")
    scene.end(reconnect(scene, "web"))
    scene.take(reconnect(scene, "web"))
    scene.end(half_open)
    assert not scene.is_obliged(half_open)


def test_a_stream_that_opened_before_another_ended_and_spoke_after_is_not_taken_for_its_successor() -> None:
    scene = Scene()
    parent = start(scene, "web")
    (child,) = scene.new_ids(1)
    scene.deliveries.arrive(child, scene.now)
    scene.end(parent)
    record = scene.deliveries.open(child, PROXY, VIEW, [EDS], scene.now)
    scene.show(record)
    assert scene.is_obliged(parent), "both were there at once"


def test_in_a_hot_restart_parent_and_child_are_both_obliged() -> None:
    scene = Scene()
    parent, child = start(scene, "web"), start(scene, "web")
    scene.change("web")
    scene.take(child)
    assert not scene.deliveries.reached(eds("web"), scene.revision)
    scene.take(parent)
    assert scene.deliveries.reached(eds("web"), scene.revision)


def test_a_parent_that_ended_is_obliged_until_its_time_is_up() -> None:
    scene = Scene()
    parent = start(scene, "web")
    scene.now += 50
    restarted = scene.now
    child = start(scene, "web")
    scene.now += 10
    scene.end(parent)
    for seconds, obliged in ((ONE_LEFT_SECONDS - 1, True), (ONE_LEFT_SECONDS, False)):
        scene.deliveries.expire(restarted + seconds)
        assert scene.is_obliged(parent) is obliged
    assert scene.is_obliged(child)


def test_a_parent_that_lives_is_obliged_however_late_it_is() -> None:
    scene = Scene()
    parent, child = start(scene, "web"), start(scene, "web")
    scene.deliveries.expire(scene.now + 10 * ONE_LEFT_SECONDS)
    scene.change("web")
    scene.take(child)
    assert not scene.deliveries.reached(eds("web"), scene.revision)
    assert parent.unsent == {"web"}


def test_processes_that_are_connected_at_once_for_long_are_no_hot_restart() -> None:
    """A node id that was given to two proxies: neither is going to end."""
    scene = Scene()
    one, other = start(scene, "web"), start(scene, "web")
    scene.deliveries.expire(scene.now + ONE_LEFT_SECONDS)
    scene.end(one)
    scene.deliveries.expire(scene.now + 100 * ONE_LEFT_SECONDS)
    assert scene.is_obliged(one)
    scene.deliveries.forget(PROXY)
    scene.deliveries.expire(scene.now + 100 * ONE_LEFT_SECONDS)
    assert not scene.is_obliged(one)
    assert not scene.deliveries.processes.of(PROXY)
    assert scene.is_obliged(other)


def test_a_stream_of_which_no_other_process_was_seen_does_not_expire() -> None:
    scene = Scene()
    proxy = start(scene, "web")
    scene.end(proxy)
    scene.deliveries.expire(scene.now + 100 * ONE_LEFT_SECONDS)
    assert scene.is_obliged(proxy)


def test_where_two_processes_were_cut_off_both_must_be_back() -> None:
    scene = Scene()
    parent, child = start(scene, "web"), start(scene, "web")
    scene.end(parent)
    scene.end(child)
    scene.change("web")
    one = reconnect(scene, "web")
    scene.take(one)
    assert scene.is_obliged(child)
    assert not scene.deliveries.reached(eds("web"), scene.revision), "it can't be told which of them is back"
    scene.take(reconnect(scene, "web"))
    assert scene.is_obliged(child), "it may be the same one, whose stream was lost"
    answer(scene, one)
    assert not scene.is_obliged(parent)
    assert not scene.is_obliged(child)
    assert scene.deliveries.reached(eds("web"), scene.revision)


def test_two_streams_that_stay_open_are_of_two_processes() -> None:
    """If they were of one, the end of the first would have been noticed."""
    scene = Scene()
    parent, child = start(scene, "web"), start(scene, "web")
    scene.end(parent)
    scene.end(child)
    reconnect(scene, "web")
    reconnect(scene, "web")
    for seconds, obliged in ((LOST_STREAM_SECONDS - 1, True), (LOST_STREAM_SECONDS, False)):
        scene.deliveries.expire(scene.now + seconds)
        assert scene.is_obliged(child) is obliged


def test_an_ack_of_what_was_sent_before_another_stream_opened_tells_nothing() -> None:
    scene = Scene()
    parent, child = start(scene, "web"), start(scene, "web")
    scene.end(parent)
    scene.end(child)
    one = reconnect(scene, "web")
    sent = scene.deliveries.moment
    reconnect(scene, "web")
    scene.deliveries.answered(record_of(scene, one), sent)
    assert scene.is_obliged(child)


def test_one_process_that_came_back_twice_is_not_two() -> None:
    scene = Scene()
    parent, child = start(scene, "web"), start(scene, "web")
    scene.end(parent)
    scene.end(child)
    again = reconnect(scene, "web")
    scene.end(again)
    scene.take(reconnect(scene, "web"))
    assert scene.is_obliged(again), "which obliges for all of them"


def test_once_the_parents_time_is_up_the_child_alone_need_be_back() -> None:
    scene = Scene()
    parent, child = start(scene, "web"), start(scene, "web")
    scene.end(parent)
    scene.end(child)
    scene.take(reconnect(scene, "web"))
    scene.deliveries.expire(scene.now + ONE_LEFT_SECONDS)
    assert not scene.is_obliged(parent)
    assert not scene.is_obliged(child)


def test_after_a_hot_restart_a_stream_is_not_taken_for_a_successor_of_one_that_lives() -> None:
    scene = Scene()
    parent, child = start(scene, "web"), start(scene, "web")
    scene.end(parent)
    scene.deliveries.forget(PROXY)
    somebody = reconnect(scene, "web")  # the child, or the parent back
    scene.end(child)
    assert scene.is_obliged(child)
    assert scene.is_obliged(somebody)


def test_a_process_that_is_back_beside_an_ended_one_replaces_nobody_in_a_hot_restart() -> None:
    scene = Scene()
    one = start(scene, "web")
    scene.end(one)
    back = reconnect(scene, "web")
    answer(scene, back)
    assert not scene.deliveries.processes.of(PROXY)


def test_many_processes_of_one_node_id_expire_together() -> None:
    scene = Scene()
    first, second, third = start(scene, "web"), start(scene, "web"), start(scene, "web")
    scene.end(first)
    scene.end(second)
    fourth = start(scene, "web")
    scene.deliveries.expire(scene.now + ONE_LEFT_SECONDS)
    assert not scene.is_obliged(first)
    assert not scene.is_obliged(second)
    scene.end(third)
    assert scene.is_obliged(third), "the two that were left were connected at once for long"
    assert scene.is_obliged(fourth)
