"""Ways to cut what a client has to say: whatever the cuts, it says the same."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

Cut = Callable[[bytes], Iterator[bytes]]


@dataclass(frozen=True, slots=True)
class Way:
    """frames: how messages are cut into DATA frames. writes: how what goes over the wire is cut into writes."""

    frames: Cut
    writes: Cut


def whole(data: bytes) -> Iterator[bytes]:
    """In one piece."""
    yield data


def bytewise(data: bytes) -> Iterator[bytes]:
    """A byte at a time."""
    for at in range(len(data)):
        yield data[at : at + 1]


def anywhere(seed: int) -> Cut:
    """In pieces of any length, empty ones too; the same for the same seed."""

    def cut(data: bytes) -> Iterator[bytes]:
        chance = random.Random(seed)
        while data:
            length = chance.choice((0, 1, 2, 5, 9, 40, 1000))
            yield data[:length]
            data = data[length:]

    return cut


WAYS = {
    "whole": Way(whole, whole),
    "a byte in a frame": Way(bytewise, whole),
    "a byte in a write": Way(whole, bytewise),
    "a byte in a frame and in a write": Way(bytewise, bytewise),
    **{f"anywhere {seed}": Way(anywhere(seed), anywhere(seed + 1)) for seed in range(0, 20, 2)},
}
