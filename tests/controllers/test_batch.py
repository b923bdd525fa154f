"""Batches are as large as they may be without keeping others waiting."""

from controllers.batch import FIRST, LEAST, LONG_SECONDS, MOST, Batch


def run(batch: Batch, each: float, fixed: float = 0.0, times: int = 10) -> list[int]:
    """Batches of which each object takes so many seconds, and each batch some more. Returns their sizes."""
    sizes = []
    for _ in range(times):
        sizes.append(batch.size)
        batch.took(fixed + each * batch.size)
    return sizes


def test_batches_become_smaller_while_they_take_long_and_never_nothing() -> None:
    sizes = run(Batch(), each=LONG_SECONDS)
    assert sizes[:2] == [FIRST, FIRST // 2]
    assert sizes == sorted(sizes, reverse=True)
    assert LEAST <= sizes[-1] < 2 * LEAST


def test_they_grow_again_when_they_are_quick() -> None:
    batch = Batch()
    run(batch, each=LONG_SECONDS)
    assert run(batch, each=0.0)[-1] == MOST


def test_they_settle_where_they_are_neither_slow_nor_quick() -> None:
    sizes = run(Batch(), each=LONG_SECONDS / 100, times=50)
    assert len(set(sizes[3:])) == 1
    assert LONG_SECONDS / 4 <= sizes[-1] * LONG_SECONDS / 100 <= LONG_SECONDS


def test_what_takes_long_whatever_its_size_is_not_made_many_of() -> None:
    batch = Batch()
    run(batch, each=0.0, fixed=2 * LONG_SECONDS, times=100)
    sizes = run(batch, each=0.0, fixed=2 * LONG_SECONDS, times=100)
    assert sum(sizes) > 0.9 * MOST * len(sizes)
