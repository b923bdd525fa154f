"""Runs worlds of faults: `python -m tests.simulation --seeds 200`, or one again: `--seed 7 --steps 600`.

Prints the violations, each with its seed and the end of the world's log, and ends with 1 if there are any.
"""

import argparse
import sys

from tests.simulation.world import Violation, World

SHOWN = 60
"""Lines of the log before a violation."""


def run(seed: int, steps: int) -> Violation | None:
    """One world: so many steps with faults, then none, each step checked."""
    world = World(seed)
    try:
        for _ in range(steps):
            world.step()
            world.check()
        world.calm_down()
        world.check()
        world.check_lively()
    except Violation as violation:
        print("\n".join(world.log[-SHOWN:]))
        print(f"seed {seed}: {violation}")
        return violation
    return None


def main() -> int:
    parser = argparse.ArgumentParser(prog="simulate", description="Run worlds of faults.")
    parser.add_argument("--seed", type=int, help="this world only")
    parser.add_argument("--seeds", type=int, default=200, help="how many worlds, from seed 0")
    parser.add_argument("--steps", type=int, default=1000, help="steps of each")
    arguments = parser.parse_args()
    seeds = range(arguments.seeds) if arguments.seed is None else (arguments.seed,)
    violations = sum(run(seed, arguments.steps) is not None for seed in seeds)
    print(f"{len(seeds)} worlds, {len(seeds) * arguments.steps} steps: {violations} violations")
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())
