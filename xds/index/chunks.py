"""Encoded parts of one resource, kept one by one and in order."""

from bisect import bisect_left
from collections.abc import Iterator
from typing import Any, Generic, TypeVar

K = TypeVar("K", bound=tuple[Any, ...])


class Chunks(Generic[K]):
    """Parts by key, in the order of the keys: the same parts are the same bytes, whenever each of them came."""

    __slots__ = ("_chunks", "order")

    def __init__(self) -> None:
        self.order: list[K] = []
        self._chunks: list[bytes] = []
        """In the same order: of thousands, looking each up would take longer than all the rest."""

    def __len__(self) -> int:
        return len(self.order)

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._chunks)

    def put(self, key: K, chunk: bytes) -> None:
        """Adds a part, or replaces it."""
        place = bisect_left(self.order, key)
        if self._is_at(place, key):
            self._chunks[place] = chunk
        else:
            self.order.insert(place, key)
            self._chunks.insert(place, chunk)

    def drop(self, key: K) -> None:
        """Takes a part out, if it is there."""
        place = bisect_left(self.order, key)
        if self._is_at(place, key):
            del self.order[place]
            del self._chunks[place]

    def joined(self) -> bytes:
        """All parts, one after another."""
        return b"".join(self._chunks)

    def _is_at(self, place: int, key: K) -> bool:
        return place < len(self.order) and self.order[place] == key
