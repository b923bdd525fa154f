"""Runs a script, or the script of a seed, and looks at the invariants after every line."""

import traceback
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from tests.simulation.chance import Chance
from tests.simulation.invariants import Violation, Watch
from tests.simulation.network import Broken
from tests.simulation.script import make_world, perform
from tests.simulation.world import Impossible

ROOTS_EVERY = 50
"""Lines from one comparison of roots to the next."""


@dataclass
class History:
    """What happened. `script`: the lines, the world's own first. `confirmed`: how many receipts were, rightly."""

    script: list[str] = field(default_factory=list)
    violation: Violation | None = None
    confirmed: int = 0


def run_seed(seed: int, steps: int) -> History:
    """So many lines by chance, and then `calm`."""
    chance = Chance(seed)
    history = History([chance.first])
    world = make_world(chance.first)
    watch = Watch(world)
    try:
        for step in range(steps):
            line = chance.next(world)
            history.script.append(line)
            _perform(watch, line, step % ROOTS_EVERY == 0)
        history.script.append("calm")
        _perform(watch, "calm", True)
        watch.check_lively()
    except Violation as violation:
        history.violation = violation
    history.confirmed = watch.confirmed
    return history


def replay(script: Iterable[str]) -> Violation | None:
    """Runs a script again; what is impossible in it is left out."""
    first, *lines = script
    watch = Watch(make_world(first))
    try:
        for line in lines:
            _perform(watch, line, True)
            if line == "calm":
                watch.check_lively()
    except Violation as violation:
        return violation
    return None


def _perform(watch: Watch, line: str, roots: bool) -> None:
    try:
        perform(watch.world, line)
    except Impossible:
        return
    except Violation:
        raise
    except Broken as broken:
        raise Violation("protocol", str(broken)) from broken
    except Exception as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        raise Violation("crash", f"{error!r} at {Path(where.filename).name}:{where.lineno}") from error
    watch.check()
    if roots:
        watch.check_roots()
