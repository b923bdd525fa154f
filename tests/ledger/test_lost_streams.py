"""Streams whose end is seen late: the process is back on another meanwhile, or a second process is there."""

from ledger.stream_record import StreamRecord
from ledger.succession import LOST_STREAM_SECONDS, PARENT_SHUTDOWN_SECONDS
from tests.ledger.scene import CDS, EDS, Scene, eds
from tests.ledger.test_succession import reconnect, record_of, remember, start


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
    scene.deliveries.answered(back)
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


ONLY_ONE = PARENT_SHUTDOWN_SECONDS + LOST_STREAM_SECONDS
"""Seconds after a hot restart by which one process at most is left, and streams of others are known to have ended."""


def test_once_only_one_process_can_be_left_a_stream_that_is_open_is_its() -> None:
    scene = Scene()
    parent = start(scene, "web")
    child = start(scene, "web")
    back = reconnect(scene, "web")  # one of them
    scene.end(parent)
    scene.end(child)
    scene.deliveries.expire(scene.now + ONLY_ONE - 1)
    assert scene.is_obliged(child)
    scene.deliveries.expire(scene.now + ONLY_ONE)
    assert not scene.is_obliged(child)
    assert scene.is_obliged(back)


def test_while_two_processes_are_connected_neither_is_taken_for_that_of_an_ended_stream() -> None:
    scene = Scene()
    parent = start(scene, "web")
    child = start(scene, "web")
    reconnect(scene, "web")
    reconnect(scene, "web")
    scene.end(parent)
    scene.end(child)
    scene.deliveries.expire(scene.now + ONLY_ONE)
    assert scene.is_obliged(child)


def test_a_process_that_booted_again_as_it_seemed_is_not_replaced_by_one_that_holds_something() -> None:
    """The proxy restarted hot while the control plane was away: the parent is back after the child."""
    scene = Scene()
    remember(scene)
    child = start(scene, "web")
    parent = reconnect(scene, "web")
    scene.end(child)
    scene.change("web")
    scene.take(parent)
    assert not scene.deliveries.reached(eds("web"), scene.revision)


def test_where_no_roster_is_known_a_stream_beside_another_may_be_of_another_process() -> None:
    scene = Scene()
    scene.deliveries.in_doubt_until = scene.now + PARENT_SHUTDOWN_SECONDS
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
    scene.deliveries.answered(back)
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
    scene.deliveries.answered(first)
    between, last = half_shown(scene), half_shown(scene)
    scene.show(last, EDS, holds=True)
    scene.end(first)
    scene.end(between)
    assert list(scene.deliveries.streams) == [last.id]
