"""Parts of a resource, kept in order."""

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
