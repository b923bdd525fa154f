"""Parts of a resource, kept in order."""

from random import Random

import pytest

from ledger.ids import ObjectKey
from xds.index.chunks import Chunks


def key(name: str) -> ObjectKey:
    return ObjectKey("ServiceEntry", "default", name)


def test_the_same_parts_are_the_same_bytes_whenever_each_of_them_came() -> None:
    one: Chunks[ObjectKey] = Chunks()
    another: Chunks[ObjectKey] = Chunks()
    for name in "abc":
        one.put(key(name), name.encode())
    for name in "cbxa":
        another.put(key(name), name.encode())
    another.drop(key("x"))
    assert one.joined() == another.joined() == b"abc"


def test_a_part_that_comes_again_replaces_itself() -> None:
    chunks: Chunks[ObjectKey] = Chunks()
    chunks.put(key("a"), b"old")
    chunks.put(key("a"), b"new")
    assert list(chunks) == [b"new"]


def test_what_is_not_there_is_not_taken_out() -> None:
    chunks: Chunks[ObjectKey] = Chunks()
    chunks.put(key("b"), b"b")
    chunks.drop(key("a"))
    chunks.drop(key("c"))
    assert chunks.order == [key("b")]
    assert len(chunks) == 1


@pytest.mark.parametrize("size", [1, 10, 100, 1000])
def test_many_that_come_together_are_where_each_of_them_would_be(size: int) -> None:
    together: Chunks[ObjectKey] = Chunks()
    one_by_one: Chunks[ObjectKey] = Chunks()
    random = Random(size)
    for step in range(5):
        for number in random.sample(range(2 * size), size):
            for chunks in (together, one_by_one):
                chunks.put(key(f"{number:04}"), f"{number:04}@{step} ".encode())
            assert len(together) == len(one_by_one.order)
        for number in random.sample(range(2 * size), size // 2):
            for chunks in (together, one_by_one):
                chunks.drop(key(f"{number:04}"))
        assert together.joined() == one_by_one.joined() == b"".join(sorted(together))
