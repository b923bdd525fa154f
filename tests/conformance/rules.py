"""The rules, as `xds/PROTOCOL.md` has them, and the marks by which tests cite them."""

import re
from pathlib import Path

import pytest

from tests.conformance.transports import ALL, Kind

PROTOCOL = Path(__file__).parents[2] / "xds" / "PROTOCOL.md"

BAD_INPUT = "bad input"
"""The last section, which has no number."""

Rule = int | str

CORE, SOCKET = "core", "socket"

DRIVERS = (CORE, SOCKET)
"""The two ways in to what is tested."""

_NUMBERED = re.compile(r"^(\d+)\. (.*)$")
_BAD_INPUT_HEADING = "## Bad input"


def rules() -> dict[Rule, str]:
    """Every rule, with the line on which it begins."""
    found: dict[Rule, str] = {}
    for line in PROTOCOL.read_text(encoding="utf-8").splitlines():
        numbered = _NUMBERED.match(line)
        if numbered is not None:
            found[int(numbered[1])] = numbered[2]
        elif line == _BAD_INPUT_HEADING:
            found[BAD_INPUT] = "Bad input"
    return found


def rule(*cited: Rule) -> pytest.MarkDecorator:
    """The test proves (a part of) these rules."""
    return pytest.mark.rule(*cited)


def on(*kinds: Kind) -> pytest.MarkDecorator:
    """The test runs on these transports; without this mark, on all four."""
    return pytest.mark.on(*kinds)


def only(driver: str) -> pytest.MarkDecorator:
    """The test runs against the core alone, or on sockets alone; without this mark, both."""
    return pytest.mark.only(driver)


def kinds_of(marks: list[pytest.Mark]) -> tuple[Kind, ...]:
    """The transports that a test with these marks runs on."""
    for mark in marks:
        if mark.name == "on":
            return tuple(mark.args)
    return ALL


def drivers_of(marks: list[pytest.Mark]) -> tuple[str, ...]:
    """The drivers that a test with these marks runs with."""
    for mark in marks:
        if mark.name == "only":
            return tuple(mark.args)
    return DRIVERS


def cited_by(marks: list[pytest.Mark]) -> tuple[Rule, ...]:
    """The rules that a test with these marks proves."""
    return tuple(cited for mark in marks if mark.name == "rule" for cited in mark.args)
