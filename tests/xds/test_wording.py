"""What others wrote is told in a line, whatever it is."""

import pytest

from xds.wording import few, shortened


def test_what_is_short_and_printable_is_told_as_it_is() -> None:
    assert shortened("é" * 60) == "é" * 60


@pytest.mark.parametrize("odd", ["x" * 61, "\n" * 61, "\U000e0001" * 10, "x" * 59 + "\0", "\0" + "é" * 59])
def test_whatever_it_is_it_is_printable_and_no_longer_than_a_line_takes(odd: str) -> None:
    told = shortened(odd)
    assert told.isprintable()
    assert len(told) == 61
    assert told.endswith("…")


def test_a_control_character_is_told_as_its_escape() -> None:
    assert shortened("a\nb") == "a\\nb"


def test_of_many_the_first_are_named_and_the_rest_are_counted() -> None:
    assert few([]) == ""
    assert few(["a", "b", "c"]) == "a, b, c"
    assert few(["a", "b", "c", "d", "e"]) == "a, b, c and 2 more"
