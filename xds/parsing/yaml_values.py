"""YAML text -> plain values, straight from libyaml's events.

Why not `yaml.safe_load`: it lets a repeated key win silently, reads YAML 1.1 scalars (see `yaml_scalars`), recurses as
deep as the text says, and takes half as long again.
"""

from collections.abc import Callable, Iterator
from typing import NoReturn, Protocol

import yaml
from yaml.events import (
    AliasEvent,
    CollectionStartEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    StreamEndEvent,
)

from xds.parsing.problems import child, quoted
from xds.parsing.yaml_scalars import TAG_PREFIX, resolve, resolve_as
from xds.wording import shortened

MAX_DEPTH = 64
"""Levels of mappings and lists in one another; an object of ours has six."""

MAX_ALIASED = 100_000
"""Values that the aliases of a text may stand for, all in all; a "billion laughs" text of 1 kB asks for 10^9."""

_MERGE = "<<"
_MAP_TAG = TAG_PREFIX + "map"
_LIST_TAG = TAG_PREFIX + "seq"
_OPEN = object()


class EventParser(Protocol):
    """The part of a PyYAML parser that is used here. Raises `yaml.YAMLError`."""

    def get_event(self) -> Event | None: ...


def fastest_parser(text: str) -> EventParser:
    """libyaml's parser; PyYAML's own, some thirteen times slower, where it was built without libyaml."""
    return yaml.CSafeLoader(text) if yaml.__with_libyaml__ else yaml.SafeLoader(text)


class Refused(Exception):
    """Valid YAML that is no document for us; where (both 0-based), and why."""

    def __init__(self, message: str, line: int, column: int) -> None:
        super().__init__(message)
        self.line = line
        self.column = column


def load(parser: EventParser) -> Iterator[tuple[object, int]]:
    """The value of each document in the parser's text, with its first line (0-based). Empty documents are left out.

    Raises:
        yaml.YAMLError: where the text isn't YAML.
        Refused: where it is, but with a repeated key, a foreign tag, an alias to itself, or too much of something.
    """
    builder = _Builder(parser.get_event)
    while not isinstance(event := parser.get_event(), StreamEndEvent):
        if isinstance(event, DocumentStartEvent):
            yield from builder.document()


def lines(parser: EventParser) -> dict[str, int]:
    """The line (0-based) of every path in the first document of a text that `load` accepts.

    A value's line is that of its key. What is reached through an alias or a merge has no line of its own.
    """
    found: dict[str, int] = {}
    while not isinstance(event := parser.get_event(), StreamEndEvent):
        if isinstance(event, NodeEvent):
            _note_lines(event, "", parser.get_event, found)
            break
    return found


class _Builder:
    """Builds the values of one text. Containers nest by recursion, to `MAX_DEPTH`."""

    def __init__(self, next_event: Callable[[], Event | None]) -> None:
        self._next = next_event
        self._anchors: dict[str, tuple[object, int]] = {}  # name -> value and its size; _OPEN while it is being built
        self._depth = 0
        self._size = 0  # values so far, with what aliases stand for
        self._aliased = 0

    def document(self) -> Iterator[tuple[object, int]]:
        self._anchors.clear()
        event = self._next()
        value = self._node(event)
        if value is not None:
            yield value, line_of(event)

    def _node(self, event: Event | None) -> object:
        self._size += 1
        if isinstance(event, ScalarEvent):
            return self._scalar(event)
        if isinstance(event, AliasEvent):
            return self._alias(event)
        if not isinstance(event, CollectionStartEvent):
            refuse("is not understood", event)
        return self._collection(event)

    def _scalar(self, event: ScalarEvent) -> object:
        value: object = event.value
        if event.implicit[0]:
            value = resolve(event.value)
        elif not event.implicit[1] and event.tag is not None:
            try:
                value = resolve_as(event.tag, event.value)
            except ValueError as error:
                refuse(str(error), event)
        if event.anchor is not None:
            self._anchors[event.anchor] = (value, 1)
        return value

    def _alias(self, event: AliasEvent) -> object:
        name = event.anchor or ""
        alias = f"the alias *{shortened(name)}"
        if name not in self._anchors:
            refuse(f"{alias} has no anchor before it: define it, or quote the text", event)
        value, size = self._anchors[name]
        if value is _OPEN:
            refuse(f"{alias} stands within what it stands for: write the value out", event)
        self._size += size
        self._aliased += size
        if self._aliased > MAX_ALIASED:
            refuse(f"aliases stand for more than {MAX_ALIASED:,} values: write fewer of them", event)
        return value

    def _collection(self, event: CollectionStartEvent) -> object:
        is_mapping = isinstance(event, MappingStartEvent)
        if event.tag not in (None, "!", _MAP_TAG if is_mapping else _LIST_TAG):
            refuse(f"the tag {shortened(event.tag or '')} is not supported: remove it", event)
        self._depth += 1
        if self._depth > MAX_DEPTH:
            refuse(f"mappings and lists are nested more than {MAX_DEPTH} deep: flatten them", event)
        before = self._size
        if event.anchor is not None:
            self._anchors[event.anchor] = (_OPEN, 0)
        value: object = self._mapping() if is_mapping else self._list()
        if event.anchor is not None:
            self._anchors[event.anchor] = (value, 1 + self._size - before)
        self._depth -= 1
        return value

    def _list(self) -> list[object]:
        following = self._next
        found = []
        while type(event := following()) is not SequenceEndEvent:
            found.append(self._node(event))
        return found

    def _mapping(self) -> dict[str, object]:
        """A mapping. Keys are kept as they are written, `80` and `true` too: they are names."""
        following = self._next
        found: dict[str, object] = {}
        merged: dict[str, object] = {}
        merges = False
        while type(event := following()) is not MappingEndEvent:
            if type(event) is not ScalarEvent:
                refuse("a key is not a plain string: write a name", event)
            if event.anchor is not None:
                self._anchors[event.anchor] = (event.value, 1)
            key = event.value
            if key == _MERGE and event.implicit[0]:
                if merges:
                    refuse("<< is given twice: give it a list, <<: [*first, *second]", event)
                merges = True
                merged = _merged(self._node(following()), event)
                continue
            if key in found:
                refuse(f"the key {quoted(key)} is given twice: keep one of them", event)
            found[key] = self._node(following())
        for key, value in merged.items():
            found.setdefault(key, value)
        return found


def _merged(value: object, event: Event) -> dict[str, object]:
    """What a merge key brings in: a mapping, or a list of mappings of which the earlier win."""
    merged: dict[str, object] = {}
    for source in value if isinstance(value, list) else [value]:
        if not isinstance(source, dict):
            refuse("<< takes a mapping or a list of mappings: give it an alias of one", event)
        for key, inner in source.items():
            merged.setdefault(key, inner)
    return merged


def _note_lines(event: Event | None, path: str, following: Callable[[], Event | None], found: dict[str, int]) -> None:
    found.setdefault(path, line_of(event))
    if isinstance(event, MappingStartEvent):
        while isinstance(key := following(), ScalarEvent):
            inner = child(path, key.value)
            found.setdefault(inner, line_of(key))
            _note_lines(following(), inner, following, found)
    elif isinstance(event, CollectionStartEvent):
        index = 0
        while not isinstance(item := following(), SequenceEndEvent):
            _note_lines(item, f"{path}[{index}]", following, found)
            index += 1


def line_of(event: Event | None) -> int:
    """The line (0-based) on which an event begins."""
    return event.start_mark.line if event is not None and event.start_mark is not None else 0


def refuse(message: str, event: Event | None) -> NoReturn:
    """Raises `Refused` at the event's place."""
    mark = event.start_mark if event is not None else None
    raise Refused(message, mark.line if mark else 0, mark.column if mark else 0)
