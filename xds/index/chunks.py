"""Encoded parts of one resource, kept one by one and in order."""

from bisect import bisect_left
from collections.abc import Iterator
from typing import Any, Generic, TypeVar

K = TypeVar("K", bound=tuple[Any, ...])

_FEW = 16
"""So many new parts are put in their places one by one; of more, each would move all that come after it."""


class Chunks(Generic[K]):
    """Parts by key, in the order of the keys: the same parts are the same bytes, whenever each of them came."""

    __slots__ = ("_chunks", "_new", "_order")

    def __init__(self) -> None:
        # Two lists side by side: of thousands of parts, looking each up would take longer than all the rest.
        self._order: list[K] = []
        self._chunks: list[bytes] = []
        self._new: dict[K, bytes] = {}
        """Those that are not in the lists yet."""

    def __len__(self) -> int:
        return len(self._order) + len(self._new)

    def __iter__(self) -> Iterator[bytes]:
        self._settle()
        return iter(self._chunks)

    @property
    def order(self) -> list[K]:
        """The keys."""
        self._settle()
        return self._order

    def put(self, key: K, chunk: bytes) -> None:
        """Adds a part, or replaces it."""
        place = bisect_left(self._order, key)
        if self._is_at(place, key):
            self._chunks[place] = chunk
        else:
            self._new[key] = chunk

    def drop(self, key: K) -> None:
        """Takes a part out, if it is there."""
        place = bisect_left(self._order, key)
        if self._is_at(place, key):
            del self._order[place]
            del self._chunks[place]
        else:
            self._new.pop(key, None)

    def joined(self) -> bytes:
        """All parts, one after another."""
        self._settle()
        return b"".join(self._chunks)

    def _is_at(self, place: int, key: K) -> bool:
        return place < len(self._order) and self._order[place] == key

    def _settle(self) -> None:
        if not self._new:
            return
        if len(self._new) <= _FEW:
            for key, chunk in self._new.items():
                place = bisect_left(self._order, key)
                self._order.insert(place, key)
                self._chunks.insert(place, chunk)
        else:
            parts = [*zip(self._order, self._chunks, strict=True), *self._new.items()]
            parts.sort(key=lambda part: part[0])
            self._order, self._chunks = [key for key, _ in parts], [chunk for _, chunk in parts]
        self._new = {}
