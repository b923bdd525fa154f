"""Whoever waits for a receipt is told as soon as it is so, in whatever order things are asked for and happen."""

import random

import pytest

from ledger.receipts import Query
from tests.property.test_answers import WORKLOADS, World, key_of

STEPS = 40
FORMS = (None, ("a", False), ("b", False))


@pytest.mark.parametrize("part", range(5))
def test_nobody_waits_for_what_is_so(part: int) -> None:
    for seed in range(20 * part, 20 * (part + 1)):
        chance = random.Random(seed)
        world = World(chance)
        for _ in range(STEPS):
            name, what = chance.choice(WORKLOADS), chance.randrange(3)
            if what == 0:
                world.workloads_change([(name, chance.choice(FORMS))])
            elif what == 1:
                deleted = Query(key_of(name), deleted=True)
                world.wait(chance.choice([deleted, world.query(key_of(name), ahead=1)]))
            else:
                world.exchange(world.proxies)
            world.nobody_waits_for_what_is_confirmed()
            world.what_is_confirmed_is_true()
