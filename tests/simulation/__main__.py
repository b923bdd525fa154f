"""Runs worlds of faults: `python -m tests.simulation --seeds 200 --steps 1000`; one of them again: `--seed 7`.

A violation is printed with its seed, and with a script that leads to it, as short as can be: it can be kept in
`tests/scenarios`, and run with `--script FILE`. Ends with 1 if there are any.
"""

import argparse
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from tests.simulation.run import History, replay, run_seed
from tests.simulation.script import lines_of
from tests.simulation.shrink import shrink

MOST_SHOWN = 400
"""Characters of a violation."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="simulate", description="Run worlds of faults.")
    parser.add_argument("--seed", type=int, help="this world only")
    parser.add_argument("--seeds", type=int, default=200, help="how many worlds")
    parser.add_argument("--first", type=int, default=0, help="the first world's seed")
    parser.add_argument("--steps", type=int, default=1000, help="steps of each")
    parser.add_argument("--jobs", type=int, default=2, help="how many run at once")
    parser.add_argument("--stop", action="store_true", help="stop at the first violation, without its script")
    parser.add_argument("--script", type=Path, help="run this file instead")
    arguments = parser.parse_args()
    if arguments.script is not None:
        violation = replay(lines_of(arguments.script.read_text(encoding="utf-8")))
        print(f"violation of {violation}" if violation else "no violation")
        return 1 if violation else 0
    seeds = range(arguments.first, arguments.first + arguments.seeds)
    if arguments.seed is not None:
        seeds = range(arguments.seed, arguments.seed + 1)
    began = time.monotonic()
    violations = confirmed = lines = 0
    with ProcessPoolExecutor(min(arguments.jobs, len(seeds))) as pool:
        runs = pool.map(run_seed, seeds, [arguments.steps] * len(seeds))
        for seed, history in zip(seeds, runs, strict=True):
            confirmed += history.confirmed
            lines += len(history.script) - 1
            if history.violation is not None:
                violations += 1
                _show(seed, history, arguments.stop)
                if arguments.stop:
                    pool.shutdown(cancel_futures=True)
                    break
    seconds = time.monotonic() - began
    done = f"{len(seeds)} worlds, {lines} steps, {confirmed} receipts CONFIRMED, {seconds:.0f} s"
    print(f"{done}: {violations} violations")
    return 1 if violations else 0


def _show(seed: int, history: History, is_brief: bool) -> None:
    assert history.violation is not None
    print(
        f"seed {seed}, step {len(history.script) - 1}: violation of {str(history.violation)[:MOST_SHOWN]}", flush=True
    )
    if not is_brief:
        script = shrink(history.script, history.violation.kind)
        print(
            "".join(f"  {line}\n" for line in script) + f"  violation of {str(replay(script))[:MOST_SHOWN]}", flush=True
        )


if __name__ == "__main__":
    if os.environ.get("PYTHONHASHSEED") != "0":  # the order of sets is part of a world: a seed gives one history only
        os.environ["PYTHONHASHSEED"] = "0"
        os.execv(sys.executable, [sys.executable, "-m", "tests.simulation", *sys.argv[1:]])
    sys.exit(main())
