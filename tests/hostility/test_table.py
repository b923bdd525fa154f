"""What the command makes of what it has measured."""

from dataclasses import replace
from typing import Any

import pytest

from tests.hostility.battle import Account, Phase
from tests.hostility.table import Row, crowds, render, rows
from tests.hostility.ways import WAYS

HELD_BACK = [f"{way.way}-0" for way in WAYS if not way.is_refused]


def receipt(outcome: str, state: str, *nodes: str) -> dict[str, Any]:
    return {"outcome": outcome, "stragglers": [{"proxy": node, "state": state} for node in nodes]}


def phases() -> list[Phase]:
    """Calm, hostile, calm, hostile, calm: as late and as large with the crowd as may just be."""
    calm = Phase(False, [0.01] * 100, [100.0] * 4)
    hostile = Phase(True, [0.02] * 100, [100.0, 140.0, 175.0])
    return [calm, hostile, calm, replace(hostile, memory=[100.0, 200.0]), calm]


def account() -> Account:
    """A run in which everything holds."""
    crowd = {
        way.way: {"opened": 3, "endings": {"8": 2}, "sent": [] if way.is_refused else [f"{way.way}-0"]} for way in WAYS
    }
    return Account(
        streams=1000,
        phases=phases(),
        crowds=[crowd, crowd],
        there=receipt("PENDING", "SENT", *HELD_BACK),
        gone=receipt("PENDING", "ABSENT", *HELD_BACK),
        forgotten=receipt("CONFIRMED", ""),
    )


def missed(found: Account) -> list[str]:
    return [row.measure for row in rows(found) if row.holds is False]


def test_all_passes_where_everything_holds() -> None:
    assert missed(account()) == []


@pytest.mark.parametrize(("late", "measure"), [(99, "median"), (2, "99th percentile")])
def test_pushes_that_come_later_than_twice_as_late_are_a_miss(late: int, measure: str) -> None:
    found = account()
    found.phases[1] = replace(found.phases[1], latencies=[0.02] * (100 - late) + [0.03] * late)
    found.phases[3] = found.phases[1]
    assert f"push latency, {measure}" in missed(found)


def test_a_push_that_never_comes_is_a_miss() -> None:
    found = account()
    found.phases[1] = replace(found.phases[1], missed=1)
    assert missed(found) == ["pushes that took over 10 s"]


def test_a_healthy_stream_that_ends_is_a_miss() -> None:
    assert missed(replace(account(), lost=1)) == ["healthy streams that ended"]


def test_memory_that_goes_on_growing_is_a_miss() -> None:
    found = account()
    found.phases[1] = replace(found.phases[1], memory=[100.0, 140.0, 200.0])
    assert missed(found) == ["memory in 2nd third, last third"]


def test_memory_that_grows_with_every_crowd_is_a_miss() -> None:
    found = account()
    found.phases[4] = replace(found.phases[4], memory=[130.0])
    assert missed(found) == ["memory after 1st round, 2nd round"]


def test_much_memory_for_each_stream_is_a_miss() -> None:
    assert missed(replace(account(), streams=50)) == ["memory, peak per stream"]


@pytest.mark.parametrize("when", ["there", "gone"])
@pytest.mark.parametrize("node", HELD_BACK)
def test_one_that_was_sent_something_and_is_not_named_is_a_miss(when: str, node: str) -> None:
    state = {"there": "SENT", "gone": "ABSENT"}[when]
    found = account()
    setattr(found, when, receipt("PENDING", state, *(other for other in HELD_BACK if other != node)))
    assert missed(found) == [f"named, there and gone: {node.removesuffix('-0')}"]


def test_a_way_in_which_nobody_was_sent_anything_proves_nothing() -> None:
    found = account()
    for crowd in found.crowds:
        crowd["floods"]["sent"].clear()
    assert missed(found) == ["named, there and gone: floods"]


def test_one_that_was_refused_and_holds_something_back_is_a_miss() -> None:
    found = replace(account(), gone=receipt("PENDING", "ABSENT", *HELD_BACK, "1-MB-node-id-0"))
    assert missed(found) == ["held back once gone: 1-MB-node-id"]


@pytest.mark.parametrize(
    ("when", "outcome"), [("there", "CONFIRMED"), ("gone", "CONFIRMED"), ("forgotten", "PENDING"), ("gone", "UNKNOWN")]
)
def test_a_wrong_word_is_a_miss(when: str, outcome: str) -> None:
    found = account()
    getattr(found, when)["outcome"] = outcome
    assert missed(found) == ["receipt: there, gone, forgotten"]


def test_the_last_column_says_pass_or_miss_where_something_is_judged() -> None:
    shown = render([Row("a", "1", "2", "3", True), Row("b", "", "", "", False), Row("c", "1", "2", "", None)])
    assert [line.split()[-1] for line in shown.splitlines()[1:]] == ["pass", "MISS", "2"]


def test_what_became_of_the_streams_is_told_way_by_way() -> None:
    lines = crowds(account()).splitlines()
    assert len(lines) == 2 * len(WAYS)
    assert lines[0].split() == ["round", "1", "never-reads", "opened", "3", "ended:", "2", "8"]
