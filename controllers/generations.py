"""Counts the generations of objects whose source counts none: a file has no API server to do so."""

from collections.abc import Callable, Mapping
from threading import Lock
from typing import NamedTuple

from ledger.ids import Generation, ObjectKey

HIGHEST = 2**63 - 1

_DELETED = b""
"""Stands for the content of an object that is no more."""


class Counted(NamedTuple):
    """The generation of an object, and what is wrong with the one that its document states, if anything."""

    generation: Generation
    problem: str | None = None


class _Count(NamedTuple):
    generation: Generation
    content: bytes


class Generations:
    """The generation of every object, rising with each change of its content, and never falling.

    A document's own `metadata.generation` counts where it is higher than what the object has reached. Where it isn't,
    although the content has changed, the object is counted one up: a receipt for (object, generation) is about one
    content and those after it, so that an older generation must never come to mean a newer content.

    An object that is not there keeps its count, so that it goes on when it is there again. Only so many are kept;
    `floor` is the highest generation that was ever forgotten, and an object of which nothing is known starts above it,
    or with the generation that its document states.

    Several sources may share one, from threads.

    Args:
        floor: the highest generation that an object of which nothing is known may have had.
        remember_absent: how many objects that are not there keep their own count.
    """

    def __init__(self, floor: int = 0, remember_absent: int = 10_000) -> None:
        self._floor = floor
        self._counts: dict[ObjectKey, _Count] = {}
        self._absent: dict[ObjectKey, None] = {}
        """Deleted, or not seen since an earlier process; the first to be forgotten comes first. Within `_counts`."""
        self._remember_absent = remember_absent
        self._lock = Lock()
        self.version = 0
        """Rises with every change that a restarted process must know of."""

    def count(self, key: ObjectKey, content: bytes, given: Generation | None) -> Counted:
        """The object is there with this content.

        Args:
            content: hash of the content; not empty.
            given: the generation that the document states.
        """
        with self._lock:
            old = self._counts.get(key)
            if old is None:
                generation = given or self._floor + 1
            elif old.content == content:
                generation = max(old.generation, given or 0)
            else:
                generation = max(old.generation + 1, given or 0)
            new = _Count(Generation(min(generation, HIGHEST)), content)
            self._absent.pop(key, None)
            if new != old:
                self._counts[key] = new
                self.version += 1
        if given is None or given == new.generation:
            return Counted(new.generation)
        return Counted(
            new.generation,
            f"metadata.generation is {given}, but the object has reached {new.generation}, which is used: raise it "
            "with every change, or leave it out",
        )

    def gone(self, key: ObjectKey) -> None:
        """The object, which was counted before, is no more."""
        with self._lock:
            self._counts[key] = _Count(self._counts[key].generation, _DELETED)
            self._absent[key] = None
            self.version += 1
            while len(self._absent) > self._remember_absent:
                forgotten = next(iter(self._absent))
                del self._absent[forgotten]
                self._floor = max(self._floor, self._counts.pop(forgotten).generation)

    # What outlives the process

    def dump(self) -> dict[str, object]:
        """What a restarted process must know, as plain values: object -> [generation, hash of its content in hex]."""
        with self._lock:
            floor, counts = self._floor, self._counts.copy()
            absent = [(key, counts.pop(key)) for key in self._absent]
        objects = {str(key): [count.generation, count.content.hex()] for key, count in (*absent, *counts.items())}
        return {"floor": floor, "objects": objects}

    @classmethod
    def load(cls, dumped: object, remember_absent: int = 10_000) -> "Generations":
        """The opposite of `dump`.

        Raises:
            ValueError: if it is not what `dump` gives.
        """
        match dumped:
            case {"floor": int(floor), "objects": dict(objects)}:
                generations = cls(floor, remember_absent)
                generations._load(objects)
                return generations
        raise ValueError("not the counts of objects")

    def _load(self, objects: Mapping[str, object]) -> None:
        for text, item in objects.items():
            match item:
                case [int(generation), str(content)]:
                    key = ObjectKey.parse(text)
                    self._counts[key] = _Count(Generation(generation), bytes.fromhex(content))
                    self._absent[key] = None
                case _:
                    raise ValueError(f"not the count of an object: {item!r}")


class Counts(NamedTuple):
    """Generations, and what makes them outlive the process, if anything does."""

    generations: Generations
    save: Callable[[Generations], None] | None = None
