"""The bench measures what it says. How long anything takes is not looked at here."""

from itertools import islice

import pytest

from tests.bench import line
from tests.bench.child import children
from tests.bench.fanout import asking, names
from tests.bench.full_scan import FullScan, assignments
from tests.bench.line import Line, render
from tests.bench.mesh import Indexed, applied, changes, instances, services
from tests.bench.reconnect import returning


def test_a_bound_is_held_up_to_its_value_and_missed_beyond() -> None:
    assert line.at_most("1", "it", 1.0, 1.0).verdict == "pass"
    assert line.at_most("1", "it", 1.1, 1.0).verdict == "MISS"
    assert line.ratio("1", "it", 3.0, 2.0, 1.5).verdict == "pass"
    assert line.ratio("1", "it", 3.1, 2.0, 1.5).verdict == "MISS"
    assert Line("1", "told only", "5").verdict == ""


@pytest.mark.parametrize(("seconds", "shown"), [(2.5, "2.5 s"), (0.0125, "12.5 ms"), (42e-6, "42 us"), (0.0, "0 us")])
def test_times_have_a_unit_that_suits_them(seconds: float, shown: str) -> None:
    assert line.time(seconds) == shown


def test_a_quantile_is_a_value_that_was_measured() -> None:
    assert line.quantile([3.0, 1.0, 2.0], 0.5) == 2.0
    assert line.quantile([*range(1, 101)], 0.99) == 100
    assert line.quantile([7.0], 0.99) == 7.0


def test_the_verdict_is_the_last_column() -> None:
    table = render([Line("1 index", "one change", "42 us", "<= 100 us", True), Line("1 index", "told", "5")])
    assert table.splitlines()[0].split()[-1] == "verdict"
    assert table.splitlines()[1].split()[-1] == "pass"


def test_the_full_scan_finds_what_the_index_finds() -> None:
    every, entries = services(5), instances(5)
    mesh, scan = Indexed([*every, *entries]), FullScan(every, entries)
    scan.apply(entries[0])

    def indexed() -> dict[str, bytes]:
        return {name: body for service in every for name, body in assignments(mesh, service).items()}

    for entry in islice(changes(entries[::3]), 20):
        before = indexed()
        mesh.apply(applied(entry))
        changed = {name: body for name, body in indexed().items() if before[name] != body}
        assert changed
        assert scan.apply(entry) == changed


def test_proxies_that_come_back_holding_everything_are_sent_nothing_and_a_change_reaches_them() -> None:
    with children() as start:
        server, proxies = start("tests.bench.served", "3", processor=0), start("tests.bench.streams", processor=1)
        port = server.first["port"]
        new = proxies.ask("open", port=port, count=2, requests=asking(names(3)), expect=2)
        back = proxies.ask("again", port=port, count=2, requests=returning(3), expect=2)
        assert back["bytes"] < new["bytes"] / 2
        server.ask("settled", count=2)
        assert server.ask("push", changes=3).keys() == {"seconds", "confirmed"}
        assert any(name.encode() in bytes.fromhex(server.ask("written")["responses"][-1]) for name in names(3))


@pytest.mark.parametrize("module", ["tests.bench.floor", "tests.bench.floor_sync"])
def test_a_floor_pushes_to_every_stream_and_hears_from_each(module: str) -> None:
    with children() as start:
        lastack, proxies = start("tests.bench.served", "3", processor=0), start("tests.bench.streams", processor=1)
        proxies.ask("open", port=lastack.first["port"], count=1, requests=asking(names(3)), expect=2)
        responses = lastack.ask("written")["responses"]
        floor, others = start(module, processor=0), start("tests.bench.streams", processor=1)
        floor.ask("greet", responses=responses)
        others.ask("open", port=floor.first["port"], count=3, requests=asking(names(3)), expect=2)
        assert floor.ask("push", body=responses[-1])["seconds"] > 0
