"""Typed reading of the fields of a mapping, with messages for the traps that YAML sets.

Nothing here raises: what is wrong goes to the `Findings`, and the caller gets a default to go on with, so that one pass
finds every problem. As in protobuf's JSON form, null means that a field is absent.
"""

import difflib
import re
from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from xds.parsing.problems import Findings, child, literal, quoted, shown

Choice = TypeVar("Choice", bound=StrEnum)

_DIGITS = re.compile(r"[0-9]{1,19}")

_GUESSES = 20
"""How many unknown fields of a document get a "did you mean"; comparing is slow, and a document may be hostile."""


class Fields:
    """One mapping of a document: its values, its path, and where to report.

    `values` may have any keys and values; `path` is as in `Problem`.
    """

    __slots__ = ("found", "path", "values")

    def __init__(self, values: Mapping[str, object], path: str, found: Findings) -> None:
        self.values = values
        self.path = path
        self.found = found

    def at(self, key: str) -> str:
        """The path of a field."""
        return child(self.path, key)

    def error(self, key: str, message: str) -> None:
        """Reports a field."""
        self.found.error(self.at(key), message)

    def has(self, key: str) -> bool:
        """Whether the field is there and not null."""
        return self.values.get(key) is not None

    def lacks(self, key: str) -> bool:
        """Whether the field is absent, null or an empty list or mapping."""
        value = self.values.get(key)
        return value is None or (not value and isinstance(value, list | tuple | Mapping))

    def lacks_text(self, key: str) -> bool:
        """Whether the field is absent, null or an empty string."""
        value = self.values.get(key)
        return value is None or value == ""

    def text(self, key: str) -> str:
        """A string; empty if absent or not a string."""
        value = self.values.get(key)
        if value is None:
            return ""
        return checked_text(value, self, key)

    def integer(self, key: str, low: int, high: int) -> int | None:
        """An integer from `low` to `high`; None if absent or not that."""
        value = self.values.get(key)
        if value is None:
            return None
        return checked_integer(value, low, high, self, key)

    def choice(self, key: str, default: Choice) -> Choice | None:
        """A member of `default`'s enum by its exact spelling; `default` if absent or empty, None if none of them."""
        value = self.values.get(key)
        if value is None:
            return default
        text = checked_text(value, self, key)
        if not text:
            return default if self.lacks_text(key) else None
        kind = type(default)
        try:
            return kind(text)
        except ValueError:
            self.error(key, f"{quoted(text)} is none of {one_of(kind)}: use one of them, in this spelling")
            return None

    def texts(self, key: str) -> list[tuple[str, str]]:
        """A list of non-empty strings, each with its path; without those that are not."""
        found = []
        for index, value in enumerate(self._list(key)):
            path = f"{self.at(key)}[{index}]"
            if isinstance(value, str) and value and value.isprintable():
                found.append((path, value))
            else:
                self.found.error(path, text_problem(value) if value != "" else "is empty: remove it, or fill it in")
        return found

    def mapping(self, key: str) -> "Fields | None":
        """A mapping; None if absent or not a mapping."""
        value = self.values.get(key)
        if value is None:
            return None
        if not isinstance(value, Mapping):
            self.error(key, f"is {shown(value)}, not a mapping: write its fields below it")
            return None
        return Fields(value, self.at(key), self.found)

    def mappings(self, key: str) -> list["Fields"]:
        """A list of mappings; without the items that are not."""
        found = []
        for index, value in enumerate(self._list(key)):
            path = f"{self.at(key)}[{index}]"
            if isinstance(value, Mapping):
                found.append(Fields(value, path, self.found))
            else:
                self.found.error(path, f"is {shown(value)}, not a mapping: write its fields below it")
        return found

    def text_map(self, key: str) -> dict[str, str]:
        """A mapping of non-empty strings to strings; empty if absent, without the items that are not."""
        inner = self.mapping(key)
        if inner is None:
            return {}
        found = {}
        for name, value in inner.values.items():
            if not inner.good_key(name):
                continue
            if isinstance(value, str) and value.isprintable():
                found[name] = value
            else:
                inner.error(name, text_problem(value))
        return found

    def good_key(self, key: object) -> bool:
        """Whether `key` is a usable key of this mapping; reports it if not."""
        if type(key) is str and key and key.isprintable():
            return True
        if isinstance(key, str) and key:
            self.found.error(self.path, f"the key {quoted(key)} holds characters that can't be printed: remove them")
        elif isinstance(key, str):
            self.found.error(self.path, "has an empty key: remove or name it")
        else:
            self.found.error(self.path, f"has a key that is {shown(key)}, not a string: quote it")
        return False

    def report_unknown(self, known: frozenset[str]) -> None:
        """Warns of every field that is not in `known`."""
        if self.values.keys() <= known:
            return
        for key in self.values:
            if not isinstance(key, str):
                self.good_key(key)
            elif key not in known:
                guess = [] if len(self.found.warnings) >= _GUESSES else difflib.get_close_matches(key[:40], known, n=1)
                remedy = f"did you mean {guess[0]}?" if guess else "remove it, or check its spelling and indentation"
                self.found.warn(self.at(key), f"is not a known field and is ignored: {remedy}")

    def _list(self, key: str) -> list[object] | tuple[object, ...]:
        value = self.values.get(key)
        if value is None:
            return ()
        if isinstance(value, list | tuple):
            return value
        self.error(key, f"is {shown(value)}, not a list: write each item on a line of its own, after a dash")
        return ()


def checked_text(value: object, fields: Fields, key: str) -> str:
    """`value` if it is a printable string; else it is reported, and the result is empty."""
    if isinstance(value, str) and value.isprintable():
        return value
    fields.error(key, text_problem(value))
    return ""


def checked_integer(value: object, low: int, high: int, fields: Fields, key: str) -> int | None:
    """`value` if it is an integer from `low` to `high`; else it is reported, and the result is None."""
    if type(value) is int:
        if low <= value <= high:
            return value
        fields.error(key, f"is {literal(value)}: use a number from {low} to {high}")
    elif isinstance(value, str) and _DIGITS.fullmatch(value) and low <= int(value) <= high:
        fields.error(key, f"is {shown(value)}, not an integer: write {int(value)}, without quotes")
    else:
        fields.error(key, f"is {shown(value)}, not an integer: write a whole number from {low} to {high}")
    return None


def text_problem(value: object) -> str:
    """Why `value` is no usable string. It is a number, a bool, a container, or a string that can't be printed."""
    match value:
        case bool() | int() | float():
            return f'is {shown(value)}, not a string: quote it, "{literal(value)}"'
        case str():
            return f"is {shown(value)} with characters that can't be printed: remove them"
        case None:
            return 'is null, not a string: write one ("" is empty)'
        case _:
            return f"is {shown(value)}, not a string: write one"


def one_of(kind: type[StrEnum]) -> str:
    """The spellings of an enum, for a message."""
    return ", ".join(kind)
