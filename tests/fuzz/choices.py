"""Bytes as decisions: each takes a byte or two off the front, so that a small change of an input is a small change of
its story."""

from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class Choices:
    """The decisions that some bytes make. When they are used up every further decision is the first of its options."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @property
    def are_left(self) -> bool:
        """Whether any byte was not used yet."""
        return self._at < len(self._data)

    def byte(self) -> int:
        """A number from 0 to 255."""
        if not self.are_left:
            return 0
        self._at += 1
        return self._data[self._at - 1]

    def below(self, limit: int) -> int:
        """A number from 0 to `limit - 1`; `limit` is 256 at most."""
        return self.byte() % limit

    def chance(self, in_256: int) -> bool:
        """True for so many of the 256 bytes, and not for 0."""
        return self.byte() > 255 - in_256

    def pick(self, options: Sequence[T]) -> T:
        """One of up to 256 options."""
        return options[self.below(len(options))]

    def pick_mostly(self, options: Sequence[T], usual: int) -> T:
        """One of the first `usual` options for 31 bytes out of 32, else one of the others."""
        byte = self.byte()
        return options[byte % usual] if byte < 248 else options[usual:][byte % (len(options) - usual)]

    def some(self, options: Sequence[T], most: int) -> list[T]:
        """None to `most` of the options, in any order; one may come twice."""
        return [self.pick(options) for _ in range(self.below(most + 1))]

    def chunk(self, most: int) -> bytes:
        """Up to `most` bytes as they are; `most` is 255 at most."""
        length = min(self.below(most + 1), len(self._data) - self._at)
        self._at += length
        return self._data[self._at - length : self._at]

    def text(self, most: int) -> str:
        """A short text, of any characters that UTF-8 has."""
        return self.chunk(most).decode(errors="replace")
