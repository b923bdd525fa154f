"""Nothing is ever confirmed wrongly, in worlds full of faults."""

import pytest

from tests.simulation.world import World


@pytest.mark.parametrize("seed", range(20))
def test_no_receipt_is_confirmed_while_a_proxy_routes_by_an_older_form(seed: int) -> None:
    world = World(seed)
    for _ in range(400):
        world.step()
        world.check()


@pytest.mark.parametrize("seed", range(100, 110))
def test_everything_is_confirmed_once_faults_stop(seed: int) -> None:
    world = World(seed)
    for _ in range(300):
        world.step()
    world.calm_down()
    world.check()
    world.check_lively()
    assert world.confirmed
