"""When the next attempt is made, and how many requests are sent."""

from controllers.kubernetes.backoff import Backoff
from controllers.kubernetes.rate import RateLimit


def test_pauses_are_anywhere_between_nothing_and_a_bound_that_doubles() -> None:
    draws = iter([0.0, 0.5, 1.0, 1.0, 0.5])
    backoff = Backoff(base=1.0, most=4.0, draw=lambda: next(draws))
    assert [backoff.failed() for _ in range(5)] == [0.0, 1.0, 4.0, 4.0, 2.0]


def test_after_a_success_they_begin_anew() -> None:
    backoff = Backoff(base=1.0, most=4.0, draw=lambda: 1.0)
    backoff.failed()
    backoff.failed()
    backoff.succeeded()
    assert backoff.failed() == 1.0


def test_what_the_server_asks_for_is_waited_for_in_any_case() -> None:
    assert Backoff(draw=lambda: 0.0).failed(at_least=9.0) == 9.0


def test_very_many_failures_are_no_overflow() -> None:
    backoff = Backoff(most=30.0, draw=lambda: 1.0)
    assert [backoff.failed() for _ in range(5000)][-1] == 30.0


def test_a_burst_is_sent_at_once_and_the_rest_evenly() -> None:
    limit = RateLimit(per_second=10, burst=3)
    assert [round(limit.wait(100.0), 3) for _ in range(5)] == [0, 0, 0, 0.1, 0.2]
    assert limit.wait(200.0) == 0


def test_the_pods_of_a_node_that_are_deleted_at_once_are_released_within_their_grace_period() -> None:
    """110 of them (a kubelet's most), twelve requests each, 30 s less the 15 s that their requests may take."""
    limit = RateLimit()
    assert max(limit.wait(0.0) for _ in range(110 * 12)) < 30.0 - 15.0
