"""gRPC processes: a stream for each target, all under one node id."""

from ledger.ids import ProxyId
from ledger.interest import Interest
from ledger.processes import LOST_STREAM_SECONDS
from ledger.stream_record import StreamRecord
from tests.ledger.scene import EDS, LDS, Scene, eds

PROXY = ProxyId("client")


def ask(scene: Scene, target: str, assignment: str, holds: bool = False) -> Interest:
    """A stream of the process for a target, which has ACKed the assignment behind it."""
    record = scene.open("client", types=(LDS, EDS))
    scene.show(record, LDS, holds)
    scene.deliveries.aim(record, {target})
    interest = scene.ask(scene.show(record, EDS, holds), assignment)
    scene.take(interest)
    return interest


def remember(scene: Scene, *targets: str) -> list[StreamRecord]:
    """A process of the loaded roster, with a stream for each target."""
    scene.deliveries.remember(scene.new_ids(len(targets)), PROXY, [LDS, EDS], scene.now, targets)
    return list(scene.deliveries.streams.values())


def test_a_process_with_several_targets_is_not_taken_for_several_processes() -> None:
    scene = Scene()
    ask(scene, "a", "assignment-a")
    ask(scene, "b", "assignment-b")
    assert not scene.deliveries.processes.of(PROXY)


def test_a_stream_succeeds_the_one_of_its_own_target_and_no_other() -> None:
    scene = Scene()
    a, b = ask(scene, "a", "assignment-a"), ask(scene, "b", "assignment-b")
    scene.end(a)
    scene.end(b)
    back = ask(scene, "a", "assignment-a", holds=True)
    assert not scene.is_obliged(a)
    assert scene.is_obliged(b)
    scene.change("assignment-a", "assignment-b")
    scene.take(back)
    assert scene.deliveries.reached(eds("assignment-a"), scene.revision)
    assert not scene.deliveries.reached(eds("assignment-b"), scene.revision)
    ask(scene, "b", "assignment-b", holds=True)
    assert not scene.is_obliged(b)


def test_a_stream_that_comes_back_with_its_types_in_another_order_is_known_by_its_target() -> None:
    scene = Scene()
    a, b = ask(scene, "a", "assignment-a"), ask(scene, "b", "assignment-b")
    scene.end(a)
    scene.end(b)
    record = scene.open("client", types=(LDS, EDS))
    scene.show(record, EDS, holds=True)
    scene.show(record, LDS, holds=True)
    assert scene.is_obliged(a)
    assert scene.is_obliged(b), "whose it is can't be told yet"
    scene.deliveries.aim(record, {"b"})
    assert scene.is_obliged(a)
    assert not scene.is_obliged(b)


def test_until_its_target_is_known_a_stream_inherits_what_any_stream_of_the_process_rejected() -> None:
    scene = Scene()
    a = ask(scene, "a", "assignment-a")
    scene.change("assignment-a")
    scene.send(a)
    scene.nack(a, "assignment-a")
    scene.end(a)
    record = scene.open("client", types=(LDS, EDS))
    _, inherited = scene.deliveries.show(record, EDS, True)
    assert inherited.tainted == {"assignment-a"}


def test_of_a_remembered_process_every_target_must_be_back() -> None:
    scene = Scene()
    past = remember(scene, "a", "b")
    assert len(past) == 2
    ask(scene, "a", "assignment-a", holds=True)
    assert not scene.deliveries.all_shown
    ask(scene, "b", "assignment-b", holds=True)
    assert scene.deliveries.all_shown
    assert not any(scene.is_obliged(record) for record in past)


def test_a_stream_that_asks_for_everything_may_be_of_any_party() -> None:
    scene = Scene()
    a = ask(scene, "a", "assignment-a")
    scene.end(a)
    scene.change("assignment-a")
    record = scene.open("client", types=(EDS,))
    record.asks_for_everything = True
    scene.show(record, EDS, holds=True)
    assert scene.deliveries.reached(eds("assignment-a"), scene.revision)


def test_a_target_that_is_told_again_changes_nothing() -> None:
    scene = Scene()
    a = ask(scene, "a", "assignment-a")
    record = scene.deliveries.streams[a.stream]
    scene.deliveries.aim(record, {"a"})
    assert record.targets == {"a"}
    scene.deliveries.aim(record, {"b"})
    assert record.targets == {"b"}, "what it gave up is none of its targets"


def test_two_processes_with_one_node_id_and_one_target_must_both_be_back() -> None:
    """Workers that share a bootstrap file: whose stream is back can't be told."""
    scene = Scene()
    one, two = ask(scene, "a", "assignment-a"), ask(scene, "a", "assignment-a")
    scene.end(one)
    scene.end(two)
    back = ask(scene, "a", "assignment-a", holds=True)
    ask(scene, "b", "assignment-b", holds=True)
    scene.deliveries.expire(scene.now + LOST_STREAM_SECONDS)
    assert scene.is_obliged(two)
    ask(scene, "a", "assignment-a", holds=True)
    scene.deliveries.answered(scene.deliveries.streams[back.stream], scene.deliveries.moment)
    assert not scene.is_obliged(two)
