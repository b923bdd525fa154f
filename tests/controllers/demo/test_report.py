import json

import pytest

from controllers.demo.plan import plan
from controllers.demo.replacement import Way
from controllers.demo.report import percentile, report, succeeded, warnings
from tests.controllers.demo.samples import run

PLAN = plan(proxies=3, instances=4, rate=150, seconds=40)


@pytest.mark.parametrize(("percent", "value"), [(0, 1), (50, 5), (51, 6), (99, 10), (100, 10)])
def test_a_percentile_is_a_value_that_occurred(percent: float, value: float) -> None:
    assert percentile([10, 9, 8, 7, 6, 5, 4, 3, 2, 1], percent) == value


def test_a_percentile_of_nothing_is_zero() -> None:
    assert percentile([], 99) == 0


def test_the_report_counts_each_way_and_times_the_receipts() -> None:
    found = json.loads(json.dumps(report(PLAN, [run(Way.UNCONFIRMED, 7), run(Way.CONFIRMED, receipts=12)])))
    assert found["unconfirmed"].items() >= {"requests": 100, "failed": 7, "failures": {"refused": 7}}.items()
    assert found["confirmed"].items() >= {"requests": 100, "failed": 0, "failures": {}}.items()
    assert found["confirmed"]["receipts"] == {"count": 12, "p50_ms": 6.0, "p99_ms": 12.0, "max_ms": 12.0}
    assert found["warnings"] == []


def test_only_the_confirmed_way_decides_on_success() -> None:
    assert succeeded([run(Way.UNCONFIRMED, 7), run(Way.CONFIRMED)])
    assert not succeeded([run(Way.UNCONFIRMED), run(Way.CONFIRMED, 1)])


def test_a_late_client_is_named_as_such_and_not_counted_as_failure() -> None:
    runs = [run(Way.UNCONFIRMED), run(Way.CONFIRMED, late=0.3)]
    assert succeeded(runs)
    assert warnings(runs) == [
        "confirmed: the client itself was late, 1 % of the requests by more than 300 ms: this machine is too busy for "
        "the rate"
    ]


def test_falling_behind_the_pace_is_named() -> None:
    assert warnings([run(Way.CONFIRMED, behind=1.25)]) == ["confirmed: the replacements fell 1.2 s behind the pace"]
