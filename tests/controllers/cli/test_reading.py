"""`lastack proxies`, `explain` and `forget`, and completion: what is read from the API."""

import json

import pytest
import yaml
from click.shell_completion import ShellComplete

from controllers.cli import main
from controllers.cli.advice import advice
from controllers.status.model import SourceProblem
from ledger.receipts import StragglerState
from tests.controllers.cli.live import Live, words
from tests.controllers.documents import instance, instance_key
from xds.types import EDS

LONG_AGO = "2020-01-01T00:00:00.000Z"


async def one_synced_one_behind(plane: Live) -> None:
    await plane.world.synced("edge-1")
    silent = await plane.world.synced("edge-2")
    await plane.world.apply(instance(2))
    await silent.nack(await silent.take(), "no such locality")
    await plane.world.until(lambda: plane.world.plane.traffic.nacked[EDS] == 1)


async def absent(plane: Live) -> None:
    proxy = await plane.world.synced("edge-1")
    await proxy.leave()
    await plane.world.until(lambda: not plane.world.plane.streams)


# proxies


def test_without_proxies_that_is_said_and_nothing_is_printed(plane: Live) -> None:
    result = plane.lastack("proxies")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "no proxy is connected here, or waited for\n")


def test_there_is_a_line_for_each_proxy_and_type(plane: Live) -> None:
    plane.do(one_synced_one_behind(plane))
    headings, *rows = words(plane.lastack("proxies"))
    assert headings == ["PROXY", "TYPE", "STATE", "WANTED", "ACKED", "AGE", "LAST", "ERROR"]
    assert [row[:3] for row in rows] == [
        ["edge-1", "Cluster", "SYNCED"],
        ["edge-1", "ClusterLoadAssignment", "STALE"],
        ["edge-2", "Cluster", "SYNCED"],
        ["edge-2", "ClusterLoadAssignment", "ERROR"],
    ]
    assert rows[3][-3:] == ["no", "such", "locality"]


def test_only_what_is_behind_can_be_asked_for(plane: Live) -> None:
    plane.do(one_synced_one_behind(plane))
    rows = words(plane.lastack("proxies", "--behind"))[1:]
    assert [row[:3] for row in rows] == [
        ["edge-1", "ClusterLoadAssignment", "STALE"],
        ["edge-2", "ClusterLoadAssignment", "ERROR"],
    ]


def test_wide_tells_where_a_proxy_is(plane: Live) -> None:
    plane.do(plane.world.synced("edge-1"))
    headings, row, *_ = words(plane.lastack("proxies", "edge-1", "-o", "wide"))
    assert headings[3] == "BEHIND"
    assert row[7] == "default"
    assert row[8].startswith("ipv4:127.0.0.1:")
    assert row[9] == "fake/1"


def test_a_proxy_that_there_is_not_is_an_error(plane: Live) -> None:
    result = plane.lastack("proxies", "nobody")
    assert (result.exit_code, result.stderr) == (1, "Error: no proxy 'nobody' is known there\n")


def test_proxies_can_be_had_as_data(plane: Live) -> None:
    plane.do(plane.world.synced("edge-1"))
    from_json = json.loads(plane.lastack("proxies", "-o", "json").stdout)
    from_yaml = yaml.safe_load(plane.lastack("proxies", "-o", "yaml").stdout)
    assert [proxy["id"] for proxy in from_json] == ["edge-1"]
    assert from_yaml == from_json


def test_watching_needs_a_terminal(plane: Live) -> None:
    result = plane.lastack("proxies", "-w")
    assert result.exit_code == 2
    assert "needs a terminal" in result.stderr


# forget


def test_forget_lets_receipts_go(plane: Live) -> None:
    plane.do(absent(plane))
    plane.do(plane.world.apply(instance(2)))
    assert plane.lastack("wait", "we/shop/pay-2", "--timeout", "0").exit_code == 3
    result = plane.lastack("forget", "edge-1")
    assert (result.exit_code, result.stdout) == (0, "edge-1 is forgotten: it holds back no receipt any more\n")
    assert plane.lastack("wait", "we/shop/pay-2", "--timeout", "0").exit_code == 0
    left = plane.lastack("proxies")
    assert (left.stdout, left.stderr) == ("", "no proxy is connected here, or waited for\n")
    assert words(plane.lastack("proxies", "--gone"))[1][:3] == ["edge-1", "-", "GONE"]


def test_who_is_connected_or_unknown_is_not_forgotten(plane: Live) -> None:
    plane.do(plane.world.synced("edge-1"))
    connected = plane.lastack("forget", "edge-1")
    assert connected.exit_code == 1
    assert connected.stderr == "Error: proxy 'edge-1' is connected, so it is not gone: stop it first\n"
    unknown = plane.lastack("forget", "a b/c?")
    assert (unknown.exit_code, unknown.stderr) == (1, "Error: no proxy 'a b/c?' is known here\n")


# explain


def test_an_object_that_has_reached_everybody_is_explained_in_three_lines(plane: Live) -> None:
    assert plane.lastack("explain", "we/shop/pay-1").stdout == (
        "WorkloadEntry/shop/pay-1\n  applied at generation 1\n  CONFIRMED: acked 0/0, pending 0\n"
    )


def test_of_an_object_that_is_confirmed_and_was_never_known_it_is_not_told_why_it_is_not_confirmed(plane: Live) -> None:
    told = plane.lastack("explain", "we/shop/never").stdout
    assert "  CONFIRMED: acked 0/0, pending 0\n\nMind that\n  - WorkloadEntry/shop/never is not known here" in told
    assert "Why not confirmed" not in told


def test_who_holds_it_back_is_told_with_what_to_do(plane: Live) -> None:
    plane.do(one_synced_one_behind(plane))
    told = plane.lastack("explain", "we/shop/pay-2").stdout
    assert "  PENDING: acked 0/2, pending 1, nacked 1\n" in told
    assert "no such locality" in told
    assert "  - NACKED (edge-2): it rejected the resource" in told


def test_an_absent_proxy_comes_with_the_command_that_forgets_it(plane: Live) -> None:
    plane.do(absent(plane))
    plane.do(plane.world.apply(instance(2)))
    assert "lastack forget edge-1\n" in plane.lastack("explain", "we/shop/pay-2").stdout


def test_a_rejected_document_is_told_with_its_place(plane: Live) -> None:
    plane.world.problems.append(SourceProblem("files:a", instance_key(1), "a.yaml:4", "spec.address: is missing", True))
    told = plane.lastack("explain", "we/shop/pay-1").stdout
    assert "  applied at generation 1, its last good form; the newest document is rejected\n" in told
    assert "In its source\n  - a.yaml:4: spec.address: is missing\n" in told


def test_remarks_and_obstacles_are_told(plane: Live) -> None:
    plane.do(plane.world.apply(instance(1, generation=2, draining=True), instance(9, labels={"app": "x"})))
    assert "Why not confirmed\n  - every endpoint of" in plane.lastack("explain", "we/shop/pay-1").stdout
    assert "Remarks\n  - no ServiceEntry of its" in plane.lastack("explain", "we/shop/pay-9").stdout


def test_an_object_that_was_never_there_is_told_so(plane: Live) -> None:
    told = plane.lastack("explain", "we/shop/nope")
    assert told.exit_code == 0
    assert "not there: deleted, or never known here" in told.stdout


def test_an_explanation_can_be_had_as_data(plane: Live) -> None:
    told = json.loads(plane.lastack("explain", "we/shop/pay-1", "-o", "json").stdout)
    assert (told["applied"], told["receipt"]["outcome"]) == (True, "CONFIRMED")


@pytest.mark.parametrize("state", list(StragglerState))
def test_there_is_advice_for_every_state_of_a_straggler(state: StragglerState) -> None:
    ((who, what),) = advice([{"proxy": "edge-1", "state": state.value, "since": LONG_AGO}])
    assert who == f"{state.value} (edge-1)"
    assert what


def test_a_proxy_that_has_not_answered_for_long_may_hang() -> None:
    ((_, what),) = advice([{"proxy": "edge-1", "state": "SENT", "since": LONG_AGO}])
    assert "admin port" in what


def test_many_stragglers_in_one_state_get_one_piece_of_advice() -> None:
    stragglers = [{"proxy": f"edge-{number}", "state": "NACKED", "since": LONG_AGO} for number in range(9)]
    ((who, _),) = advice([*stragglers, *stragglers])
    assert who == "NACKED (edge-0, edge-1, edge-2 and 6 more)"


# Completion


def completions(plane: Live, *words_: str) -> list[str]:
    arguments = [words_[0], "--api", str(plane.world.api), *words_[1:-1]]
    found = ShellComplete(main, {}, "lastack", "_LASTACK_COMPLETE").get_completions(arguments, words_[-1])
    return [item.value for item in found]


def test_objects_are_completed_from_the_api(plane: Live) -> None:
    assert completions(plane, "wait", "Work") == ["WorkloadEntry/shop/pay-1"]
    assert completions(plane, "explain", "we/sh") == ["we/shop/pay-1"]
    assert completions(plane, "explain", "pod/") == []


def test_proxies_are_completed_from_the_api(plane: Live) -> None:
    plane.do(plane.world.synced("edge-1"))
    assert completions(plane, "forget", "ed") == ["edge-1"]
    assert completions(plane, "proxies", "x") == []


def test_without_an_api_nothing_is_completed() -> None:
    arguments = ["wait", "--api", "127.0.0.1:1"]
    assert ShellComplete(main, {}, "lastack", "_LASTACK_COMPLETE").get_completions(arguments, "we/") == []
