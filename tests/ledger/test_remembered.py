"""Proxies of an earlier process's roster: they may hold anything until they are back."""

from collections.abc import Iterable

from ledger.ids import ProxyId
from ledger.stream_record import StreamRecord
from tests.ledger.scene import EDS, Scene
from tests.ledger.test_succession import PROXY, answer, reconnect


def remember(scene: Scene, newcomers: Iterable[float] = (), proxy: ProxyId = PROXY) -> StreamRecord:
    """A proxy of an earlier process's roster, which asked for assignments.

    Args:
        newcomers: until when other processes of its node id may be there.
    """
    (stream,) = scene.new_ids(1)
    scene.deliveries.remember([stream], proxy, [EDS], scene.now)
    past = scene.deliveries.streams[stream]
    for until in newcomers:
        newcomer = {"proxy": proxy, "until": until, "returning": False, "types": [EDS], "targets": []}
        scene.deliveries.processes.load([{**newcomer, "everything": False}])
    return past


def test_a_remembered_proxy_may_hold_anything_until_it_is_back() -> None:
    scene = Scene()
    past = remember(scene)
    assert not scene.deliveries.all_shown
    scene.take(reconnect(scene, "web"))
    assert scene.deliveries.all_shown
    assert not scene.is_obliged(past)


def test_a_stream_of_a_remembered_proxy_inherits_that_it_may_hold_relics() -> None:
    scene = Scene()
    remember(scene)
    _, inherited = scene.deliveries.show(scene.open(), EDS, True)
    assert inherited.relics


def test_a_remembered_proxy_that_is_gone_holds_nothing_back() -> None:
    scene = Scene()
    remember(scene)
    assert scene.deliveries.forget(PROXY)
    assert scene.deliveries.all_shown


def test_a_remembered_proxy_that_asked_for_nothing_leaves_nothing() -> None:
    scene = Scene()
    scene.deliveries.remember(scene.new_ids(1), PROXY, [], scene.now)
    assert not scene.deliveries.streams
    assert scene.deliveries.all_shown


def test_of_a_proxy_that_restarted_hot_before_this_process_started_both_processes_are_awaited() -> None:
    scene = Scene()
    remember(scene, [scene.now + 100])
    one = reconnect(scene, "web")
    scene.take(one)
    scene.take(reconnect(scene, "web"))
    assert not scene.deliveries.all_shown
    answer(scene, one)
    assert scene.deliveries.all_shown


def test_the_remembered_parent_is_awaited_until_its_time_is_up() -> None:
    scene = Scene()
    remember(scene, [scene.now + 100])
    scene.take(reconnect(scene, "web"))
    for seconds, shown in ((99, False), (100, True)):
        scene.deliveries.expire(scene.now + seconds)
        assert scene.deliveries.all_shown is shown
