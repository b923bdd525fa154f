"""Nothing is ever confirmed wrongly, in worlds full of faults; and everything is, once these stop."""

import pytest

from tests.simulation.run import run_seed


@pytest.mark.parametrize("seed", range(1000, 1030))
def test_no_invariant_is_broken_in_a_world_of_faults(seed: int) -> None:
    history = run_seed(seed, 300)

    assert history.violation is None
    assert history.confirmed


def test_a_seed_gives_the_same_history_again() -> None:
    assert run_seed(7, 200) == run_seed(7, 200)
