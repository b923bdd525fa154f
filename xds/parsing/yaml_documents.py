"""A text of YAML (or JSON, which is YAML) -> its documents. One that is broken takes no other along."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import yaml

from xds.parsing.document import items_of
from xds.parsing.problems import shown
from xds.parsing.yaml_values import Refused, fastest_parser, lines, load

_MARKER = re.compile(r"^(---|\.\.\.)(?=[ \t\n]|\Z)", re.MULTILINE)
"""Begins and ends documents. At the start of a line it does so always, within quotes and block scalars too (YAML 1.2,
9.1.2), so that a text can be cut there without understanding it."""

_BLANK = re.compile(r"(?:[ \t]*(?:#.*)?\n)*")
_DIRECTIVES = re.compile(_BLANK.pattern + "%")

_FORBIDDEN = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""All but `c-printable` of YAML 1.2, 5.1."""


@dataclass(frozen=True, slots=True)
class Document:
    """One document of a text.

    `origin` is what `read` was told; `line` (1-based) is the first line of the document, or of the `List` that `value`
    is an item of. Comparing two documents compares their values.
    """

    value: Mapping[str, object]
    line: int = field(compare=False)
    origin: str = field(compare=False)
    _chunk: "_Chunk" = field(repr=False, compare=False)
    _path: str = field(default="", repr=False, compare=False)

    def line_of(self, path: str) -> int:
        """The line (1-based, in the whole text) of a `Problem.path` of `value`; of what holds it where it is missing.

        Parses the document again to find out, once for all of its paths.
        """
        joined = f"{self._path}.{path}" if self._path and path and not path.startswith("[") else self._path + path
        return self._chunk.line_of(joined)


@dataclass(frozen=True, slots=True)
class Broken:
    """A document that could not be read, so that nobody knows which object it was. `line` and `column` are 1-based."""

    origin: str
    line: int
    column: int
    message: str

    def __str__(self) -> str:
        return f"{self.origin}:{self.line}:{self.column}: {self.message}"


def read(text: str, origin: str) -> Iterator[Document | Broken]:
    """The documents of `text`, in order; `origin` names it in messages. Never raises.

    Documents that are empty or hold comments only are left out; a `v1` `List` comes as its items. Aliases and merge
    keys (`<<`) are followed, within bounds. How unquoted values are understood is told in `yaml_scalars`.
    """
    for chunk in _chunks(text, origin):
        yield from _documents(chunk)


@dataclass(slots=True)
class _Chunk:
    """The text of one document, from `first_line` to `last_line` (1-based) of the whole."""

    text: str
    first_line: int
    last_line: int
    origin: str
    _lines: dict[str, int] | None = None

    def line_of(self, path: str) -> int:
        if self._lines is None:
            self._lines = lines(fastest_parser(self.text))
        while path and path not in self._lines:
            path = path[: max(path.rfind("."), path.rfind("["), 0)]
        return self.place(self._lines.get(path, 0))

    def place(self, line: int) -> int:
        """A line of this chunk (0-based) as one of the whole text. libyaml counts more line breaks than editors do."""
        return min(self.first_line + line, self.last_line)

    def broken(self, message: str, line: int = 0, column: int = 0) -> Broken:
        """A `Broken` at a place in this chunk (0-based)."""
        return Broken(self.origin, self.place(line), column + 1, message)


def _chunks(text: str, origin: str) -> Iterator[_Chunk]:
    text = text.removeprefix("\ufeff")
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    start, line = 0, 1
    is_headed = False  # by the --- of its own
    for marker in _MARKER.finditer(text):
        end = marker.start()
        is_empty = _BLANK.fullmatch(text, start, end) is not None
        if marker[1] == "...":
            end = text.find("\n", end) + 1 or len(text)
        elif not is_headed and _DIRECTIVES.match(text, start, end):
            is_headed = True  # directives belong to the document that this marker begins
            continue
        following = line + text.count("\n", start, end)
        if not is_empty:
            yield _Chunk(text[start:end], line, following - 1, origin)
        start, line, is_headed = end, following, marker[1] == "---"
    if start < len(text):
        yield _Chunk(text[start:], line, line + text.count("\n", start, len(text) - 1), origin)


def _documents(chunk: _Chunk) -> Iterator[Document | Broken]:
    try:
        loaded = list(load(fastest_parser(chunk.text)))
    except Refused as refused:
        yield chunk.broken(str(refused), refused.line, refused.column)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        if mark is not None and error.context_mark is not None and mark.line > chunk.text.rstrip().count("\n"):
            mark = error.context_mark  # something was opened and never closed: where it was opened
        told = ", ".join(part for part in (error.problem, error.context) if part)
        yield chunk.broken(f"is not valid YAML: {told}", mark.line if mark else 0, mark.column if mark else 0)
    except (yaml.YAMLError, UnicodeError) as error:
        yield _unreadable(chunk, error)
    else:
        for value, line in loaded:
            if len(loaded) > 1:
                yield chunk.broken("a --- follows on an unusual line break: end lines with a line feed", line)
                return
            yield from _flattened(value, line, chunk)


def _flattened(value: object, line: int, chunk: _Chunk) -> Iterator[Document | Broken]:
    items = items_of(value)
    if items is not None:
        for index, item in enumerate(items):
            path = f"items[{index}]"
            if isinstance(item, Mapping):
                yield Document(item, chunk.place(line), chunk.origin, chunk, path)
            else:
                at = chunk.line_of(path) - chunk.first_line
                yield chunk.broken(f"{path} is {shown(item)}, not a mapping: begin with apiVersion and kind", at)
    elif isinstance(value, Mapping):
        yield Document(value, chunk.place(line), chunk.origin, chunk)
    else:
        yield chunk.broken(f"the document is {shown(value)}, not a mapping: begin with apiVersion and kind", line)


def _unreadable(chunk: _Chunk, error: Exception) -> Broken:
    """A `Broken` for a character that YAML doesn't allow; each parser has its own way to report one."""
    match = _FORBIDDEN.search(chunk.text)
    if match is None:
        return chunk.broken(f"can't be read as YAML: {str(error).splitlines()[0]}")
    at = match.start()
    line, column = chunk.text.count("\n", 0, at), at - chunk.text.rfind("\n", 0, at) - 1
    return chunk.broken(f"the character {match[0]!a} is not allowed in YAML: remove it", line, column)
