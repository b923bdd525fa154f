"""Durations as people write and read them."""

import pytest

from xds.durations import parse_duration, show_duration


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (-1, "0ms"),
        (0.45, "450ms"),
        (12.9, "12s"),
        (60, "1m00s"),
        (185, "3m05s"),
        (7800, "2h10m"),
        (356400, "4d3h"),
    ],
)
def test_the_two_largest_units_are_shown(seconds: float, shown: str) -> None:
    assert show_duration(seconds) == shown


@pytest.mark.parametrize(("text", "seconds"), [(" 30 s", 30), ("1.5M", 90), (".5s", 0.5), ("0", 0)])
def test_blanks_and_capitals_do_not_matter(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds
