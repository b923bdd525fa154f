"""Streams whose end is seen late: the process is back on another meanwhile, or a second process is there."""

from ledger.processes import ONE_LEFT_SECONDS, RECONNECT_SECONDS
from ledger.stream_record import StreamRecord
from tests.ledger.scene import CDS, EDS, VIEW, Scene, eds
from tests.ledger.test_remembered import remember
from tests.ledger.test_succession import PROXY, answer, reconnect, record_of, start


def half_shown(scene: Scene) -> StreamRecord:
    """A process that is back, and whose stream broke when it had shown its clusters only."""
    record = scene.open(types=(CDS, EDS))
    scene.show(record, CDS, holds=True)
    return record


def test_what_a_replaced_stream_had_not_shown_its_process_shows_on_the_next() -> None:
    scene = Scene()
    lost = half_shown(scene)
    back = half_shown(scene)
    scene.show(back, EDS, holds=True)
    scene.deliveries.end(lost.id, scene.now)
    assert lost.id not in scene.deliveries.streams
    assert scene.deliveries.all_shown


def test_what_a_replaced_stream_had_not_shown_and_its_process_never_asks_for_is_nothing() -> None:
    scene = Scene()
    lost = half_shown(scene)
    back = half_shown(scene)
    scene.deliveries.answered(back, scene.deliveries.moment)
    scene.deliveries.end(lost.id, scene.now)
    assert scene.deliveries.all_shown


def test_a_process_that_lost_two_streams_unnoticed_succeeds_both() -> None:
    scene = Scene()
    start(scene, "web")
    lost = [record_of(scene, reconnect(scene, "web")) for _ in range(2)]
    back = reconnect(scene, "web")
    for record in lost:
        scene.deliveries.end(record.id, scene.now)
        assert record.id not in scene.deliveries.streams
    scene.change("web")
    scene.take(back)
    assert not scene.deliveries.reached(eds("web"), scene.revision), "the first is not seen to have ended yet"


def test_once_only_one_process_can_be_left_a_stream_that_is_open_is_its() -> None:
    scene = Scene()
    parent = start(scene, "web")
    child = start(scene, "web")
    back = reconnect(scene, "web")  # one of them
    scene.end(parent)
    scene.end(child)
    scene.deliveries.expire(scene.now + ONE_LEFT_SECONDS - 1)
    assert scene.is_obliged(child)
    scene.deliveries.expire(scene.now + ONE_LEFT_SECONDS)
    assert not scene.is_obliged(child)
    assert scene.is_obliged(back)


def test_a_parent_that_reconnected_after_its_child_and_is_gone_is_succeeded_by_the_child() -> None:
    scene = Scene()
    scene.end(start(scene, "web"))
    child = start(scene, "web")
    parent = reconnect(scene, "web")
    scene.end(parent)
    scene.deliveries.expire(scene.now + ONE_LEFT_SECONDS)
    assert not scene.is_obliged(parent)
    assert scene.is_obliged(child)


def test_while_two_processes_are_connected_both_are_back() -> None:
    scene = Scene()
    parent = start(scene, "web")
    child = start(scene, "web")
    back = reconnect(scene, "web")
    reconnect(scene, "web")
    answer(scene, back)
    scene.end(parent)
    assert not scene.is_obliged(parent)
    scene.end(child)
    assert not scene.is_obliged(child)


# A process that boots while no stream is open


def test_a_process_that_boots_again_succeeds_the_earlier_one_once_that_would_be_back() -> None:
    scene = Scene()
    past = start(scene, "web")
    scene.end(past)
    start(scene, "web")
    for seconds, obliged in ((RECONNECT_SECONDS - 1, True), (RECONNECT_SECONDS, False)):
        scene.deliveries.expire(scene.now + seconds)
        assert scene.is_obliged(past) is obliged


def test_a_process_that_boots_long_after_the_earlier_one_was_lost_succeeds_it_at_once() -> None:
    scene = Scene()
    past = start(scene, "web")
    scene.end(past)
    scene.now += RECONNECT_SECONDS
    start(scene, "web")
    assert not scene.is_obliged(past)


def test_after_a_start_a_remembered_process_has_time_to_be_back_before_one_that_boots_succeeds_it() -> None:
    scene = Scene()
    past = remember(scene)
    scene.now += 10 * RECONNECT_SECONDS
    scene.deliveries.reachable(scene.now)
    start(scene, "web")
    for seconds, obliged in ((RECONNECT_SECONDS - 1, True), (RECONNECT_SECONDS, False)):
        scene.deliveries.expire(scene.now + seconds)
        assert scene.is_obliged(past) is obliged


def test_a_process_that_is_lost_after_it_has_booted_is_waited_for_as_well() -> None:
    scene = Scene()
    past = start(scene, "web")
    scene.end(past)
    child = start(scene, "web")
    scene.now += RECONNECT_SECONDS - 1
    scene.end(child)
    parent = reconnect(scene, "web")
    scene.now += RECONNECT_SECONDS - 1
    scene.deliveries.expire(scene.now)
    assert scene.is_obliged(child)
    assert scene.is_obliged(parent)


def test_a_process_that_booted_again_as_it_seemed_is_not_replaced_by_one_that_holds_something() -> None:
    """The proxy restarted hot while the control plane was away: the parent is back after the child."""
    scene = Scene()
    remember(scene)
    child = start(scene, "web")
    parent = reconnect(scene, "web")
    scene.deliveries.expire(scene.now + RECONNECT_SECONDS)
    scene.end(child)
    scene.change("web")
    scene.take(parent)
    assert not scene.deliveries.reached(eds("web"), scene.revision)


# Two processes


def test_a_stream_that_spoke_after_one_that_opened_later_does_not_succeed_it() -> None:
    scene = Scene()
    (early,) = scene.new_ids(1)
    scene.deliveries.arrive(early, scene.now)
    late = start(scene, "web")
    scene.end(late)
    record = scene.deliveries.open(early, PROXY, VIEW, [EDS], scene.now)
    scene.take(scene.ask(scene.show(record, holds=True), "web"))
    assert scene.is_obliged(late)


def test_two_streams_in_use_at_once_show_that_there_are_two_processes() -> None:
    """Both were there before the roster was lost; one may be away just when the other is not."""
    scene = Scene()
    one, other = reconnect(scene, "web"), reconnect(scene, "web")
    answer(scene, one)
    scene.end(one)
    assert scene.is_obliged(one), "without that, the other would have been taken for its successor"
    assert scene.is_obliged(other)


def test_where_no_roster_is_known_a_stream_beside_another_may_be_of_another_process() -> None:
    scene = Scene()
    scene.deliveries.in_doubt_until = scene.now + ONE_LEFT_SECONDS
    one = reconnect(scene, "web")
    other = reconnect(scene, "web")
    scene.end(one)
    scene.change("web")
    scene.take(other)
    assert not scene.deliveries.reached(eds("web"), scene.revision)


def test_a_second_process_that_holds_nothing_and_asks_for_a_target_replaces_nobody() -> None:
    scene = Scene()
    streams = []
    for _ in range(2):
        record = scene.open()
        scene.deliveries.aim(record, {"target"})
        streams.append(scene.ask(scene.show(record), "web"))
        scene.take(streams[-1])
    scene.end(streams[0])
    assert scene.is_obliged(streams[0])


def test_a_process_that_needs_nothing_of_a_type_does_not_stand_for_another_that_holds_some() -> None:
    """Two processes were cut off; the one that is back never got any assignments."""
    scene = Scene()
    parent, child = scene.open(types=(CDS, EDS)), scene.open(types=(CDS, EDS))
    for record in (parent, child):
        scene.show(record, CDS)
    scene.take(scene.ask(scene.show(child, EDS), "web"))
    for record in (parent, child):
        scene.end(record)
    back = scene.open(types=(CDS, EDS))
    scene.show(back, CDS)
    scene.deliveries.answered(back, scene.deliveries.moment)
    scene.deliveries.outgrown(back, EDS)
    scene.change("web")
    assert not scene.deliveries.reached(eds("web"), scene.revision)


def test_streams_for_different_types_are_not_taken_for_different_processes() -> None:
    """A process with a stream for each type; each is lost and comes back by itself."""
    scene = Scene()
    clusters, assignments = scene.open(types=(CDS,)), scene.open(types=(EDS,))
    scene.show(clusters, CDS)
    scene.show(assignments, EDS)
    scene.end(clusters)
    scene.end(assignments)
    scene.show(scene.open(types=(CDS,)), CDS, holds=True)
    assert clusters.id not in scene.deliveries.streams
    assert assignments.id in scene.deliveries.streams


def test_streams_lost_one_after_the_other_are_succeeded_in_whatever_type() -> None:
    """The one in between had shown its clusters only."""
    scene = Scene()
    first = scene.open(types=(CDS, EDS))
    scene.show(first, CDS)
    scene.show(first, EDS)
    scene.deliveries.answered(first, scene.deliveries.moment)
    between, last = half_shown(scene), half_shown(scene)
    scene.show(last, EDS, holds=True)
    scene.end(first)
    scene.end(between)
    assert list(scene.deliveries.streams) == [last.id]


def test_who_is_waited_for_to_return_is_known_after_a_restart() -> None:
    """The parent in a hot restart lost its stream, its child booted; then the control plane restarts, and both come."""
    scene = Scene()
    remember(scene)
    newcomer = {"proxy": PROXY, "until": scene.now, "returning": True, "types": [EDS], "targets": []}
    scene.deliveries.processes.load([{**newcomer, "everything": False}])
    scene.deliveries.reachable(scene.now)
    child = reconnect(scene, "web")
    reconnect(scene, "web")
    scene.deliveries.expire(scene.now + RECONNECT_SECONDS)
    scene.end(child)
    assert scene.is_obliged(child)
