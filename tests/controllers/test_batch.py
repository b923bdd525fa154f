"""Batches are as large as they may be without keeping others waiting."""

from controllers.batch import LEAST, LONG_SECONDS, MOST, Batch


def test_batches_become_smaller_while_they_take_long_and_never_nothing() -> None:
    batch, sizes = Batch(), []
    for _ in range(10):
        batch.took(2 * LONG_SECONDS)
        sizes.append(batch.size)
    assert sizes[0] == MOST // 2
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[-1] == LEAST


def test_they_grow_again_when_they_are_quick() -> None:
    batch = Batch()
    for _ in range(10):
        batch.took(2 * LONG_SECONDS)
    for _ in range(10):
        batch.took(0.0)
    assert batch.size == MOST


def test_one_that_is_neither_is_followed_by_its_like() -> None:
    batch = Batch()
    batch.took(2 * LONG_SECONDS)
    size = batch.size
    batch.took(0.9 * LONG_SECONDS)
    assert batch.size == size
