"""What is dated by an API server is understood by its clock, wherever ours is."""

import pytest

from controllers.kubernetes.server_clock import ServerClock

DATE, NEXT = "Sun, 22 Nov 2026 20:15:51 GMT", "Sun, 22 Nov 2026 20:15:52 GMT"
AT = 1795378551.0
"""The first second of `DATE`."""


def clock(*heard: tuple[str, float, float]) -> ServerClock:
    made = ServerClock()
    for date, asked, answered in heard:
        made.heard(date, asked, answered)
    return made


def test_clocks_that_may_agree_are_taken_to_agree() -> None:
    assert clock((DATE, 100.2, 100.3)).ahead(AT + 0.3, 100.3) == 0.0
    assert clock((DATE, 100.2, 100.3)).ahead(AT + 10.3, 110.3) == 0.0


def test_before_any_answer_clocks_are_taken_to_agree() -> None:
    assert clock().ahead(AT, 100.0) == 0.0


@pytest.mark.parametrize(
    "date", ["", "yesterday", "Sun, 99 Nov 2026 20:15:51 GMT", "Sun, 22 Nov 9999999999 20:15:51 GMT"]
)
def test_an_answer_without_a_date_says_nothing(date: str) -> None:
    assert clock((date, 100.0, 100.0)).ahead(AT, 100.0) == 0.0


@pytest.mark.parametrize("off", [-60.0, 60.0])
def test_a_clock_that_is_off_is_known_to_half_a_second_by_one_quick_answer(off: float) -> None:
    assert clock((DATE, 100.0, 100.0)).ahead(AT - off, 100.0) == pytest.approx(off, abs=0.5)


def test_each_answer_narrows_what_is_known() -> None:
    """The second turned between the two."""
    narrowed = clock((DATE, 100.0, 100.0), (NEXT, 100.1, 100.1))
    assert narrowed.ahead(AT - 60.0, 100.1) == pytest.approx(61.05, abs=0.05)


def test_a_slow_answer_was_written_at_any_time_between() -> None:
    assert clock((DATE, 100.0, 120.0)).ahead(AT + 1.0, 100.0) == 0.0
    assert clock((DATE, 100.0, 120.0)).ahead(AT + 20.0, 120.0) == 0.0


def test_a_clock_that_is_set_is_known_anew() -> None:
    assert clock((DATE, 160.0, 160.0), (DATE, 100.0, 100.0)).ahead(AT, 100.0) == 0.0


def test_a_clock_that_is_off_is_told_of_once_and_once_that_it_is_right_again() -> None:
    its = clock((DATE, 100.0, 100.0))
    assert its.told(AT, 100.0) is None
    assert "59 s ahead of ours" in (its.told(AT - 58.8, 100.0) or "")
    assert its.told(AT - 57.8, 101.0) is None
    assert its.told(AT, 100.0) == "the API server's clock and ours agree again"
    assert "61 s behind ours" in (its.told(AT + 61.2, 100.0) or "")
