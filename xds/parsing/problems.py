"""What can be wrong with a document: a problem at a path, and the error that holds all of them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from ledger.ids import ObjectKey
from xds.wording import shortened

_SHOWN_IN_LINE = 3
_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,62}")


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to put right: where, and what is wrong with its remedy.

    `path` is spelled like Kubernetes' field paths, `spec.ports[0].number` or `spec.labels[app.example/name]`; it is
    empty where the problem is the document itself.
    """

    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


class ObjectError(ValueError):
    """A document that means to be an object and can't be one. Terminal: the same document fails the same way.

    `key` names the object if its kind, namespace and name could be read; whoever holds an earlier form of it should
    keep that. `problems` is everything that is wrong, never empty; `warnings` often holds the cause (a misspelt field).
    """

    def __init__(self, key: ObjectKey | None, problems: Sequence[Problem], warnings: Sequence[Problem] = ()) -> None:
        self.key = key
        self.problems = tuple(problems)
        self.warnings = tuple(warnings)
        super().__init__(key, self.problems, self.warnings)

    def __str__(self) -> str:
        told = "; ".join(str(problem) for problem in self.problems[:_SHOWN_IN_LINE])
        more = len(self.problems) - _SHOWN_IN_LINE
        tail = f"; and {more} more" if more > 0 else ""
        return f"{self.key or 'document'} is not valid: {told}{tail}"


class Invalid(ValueError):
    """A single value was refused; its text is a problem's message. Never leaves the package."""


@dataclass(slots=True)
class Findings:
    """Collects the problems of one document while it is read."""

    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)

    def error(self, path: str, message: str) -> None:
        """Notes something that keeps the document from being an object."""
        self.problems.append(Problem(path, message))

    def warn(self, path: str, message: str) -> None:
        """Notes something that was understood, and probably not meant."""
        self.warnings.append(Problem(path, message))


def child(path: str, key: str) -> str:
    """The path of `key` in the mapping at `path`; the only place that decides how it is spelled."""
    if _PLAIN_KEY.fullmatch(key):
        return f"{path}.{key}" if path else key
    return f"{path}[{shortened(key)}]"


def quoted(text: str) -> str:
    """`text` in double quotes, as one would write it in YAML or JSON."""
    return f'"{shortened(text)}"'


def shown(value: object) -> str:
    """What `value` is, in words: `a string ("80")`, `a bool (true)`, `a list`. Short, whatever the value."""
    match value:
        case None:
            return "null"
        case bool():
            return f"a bool ({literal(value)})"
        case int() | float():
            return f"a number ({literal(value)})"
        case str():
            return f"a string ({quoted(value)})"
        case list() | tuple():
            return "a list"
        case dict():
            return "a mapping"
        case _:
            return f"a {type(value).__name__}"


def literal(value: float) -> str:
    """A bool or a number as it is written in YAML."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) and value.bit_length() > 128:
        return "of more than 38 digits"  # str() of a huge one is slow, and refused beyond 4,300 digits
    return repr(value)
