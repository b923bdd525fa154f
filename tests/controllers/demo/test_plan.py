import pytest

from controllers.demo.plan import DRAIN_SECONDS, LONGEST_REQUEST_SECONDS, SHORTEST_INTERVAL_SECONDS, plan


def test_the_two_runs_share_the_seconds_and_every_replacement_gets_the_same_part() -> None:
    planned = plan(proxies=3, instances=4, rate=150, seconds=40)
    assert planned.interval == 5
    assert planned.run_seconds == 20
    assert planned.seconds == 40
    assert planned.requests == 3000


@pytest.mark.parametrize("seconds", [1, 10, 23.9])
def test_too_few_seconds_grow_until_the_confirmed_way_has_time(seconds: float) -> None:
    planned = plan(proxies=3, instances=4, rate=150, seconds=seconds)
    assert planned.interval == SHORTEST_INTERVAL_SECONDS
    assert planned.seconds == 24


def test_an_instance_drains_for_longer_than_its_longest_request() -> None:
    assert LONGEST_REQUEST_SECONDS + 1 <= DRAIN_SECONDS < SHORTEST_INTERVAL_SECONDS
