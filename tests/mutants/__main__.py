"""Tries every mutant: `python -m tests.mutants`, or some: `--only disconnect NACK`.

Prints what caught each, and after how long; ends with 1 unless all are caught.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.mutants.catalogue import MUTANTS
from tests.mutants.mutant import Mutant
from tests.mutants.runs import Scope
from tests.mutants.trial import ROOT, Outcome, copy_tree, try_mutant, try_original


def chosen(words: Sequence[str] | None) -> list[Mutant]:
    """The mutants whose names hold one of the words; all of them without any word."""
    if words is None:
        return list(MUTANTS)
    return [mutant for mutant in MUTANTS if any(word.lower() in mutant.name.lower() for word in words)]


def main() -> int:
    parser = argparse.ArgumentParser(prog="mutants", description="Try whether plausible mistakes are noticed.")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="only those with one of these in their name")
    parser.add_argument("--jobs", type=int, default=2, help="how many are tried at once")
    parser.add_argument("--budget", type=float, default=240.0, help="seconds for each")
    parser.add_argument("--seeds", type=int, default=Scope().seeds, help="worlds of the simulation")
    parser.add_argument("--steps", type=int, default=Scope().steps, help="steps of each")
    parser.add_argument("--list", action="store_true", help="print the list, and try nothing")
    arguments = parser.parse_args()
    mutants = chosen(arguments.only)
    if not mutants:
        parser.error("no mutant has such a name")
    if arguments.list:
        print("\n".join(f"{mutant.name}\n    {mutant.path}: {mutant.breaks}" for mutant in mutants))
        return 0
    scope = Scope(arguments.seeds, arguments.steps)
    with TemporaryDirectory(prefix="mutants-") as directory:
        original = Path(directory).resolve()
        copy_tree(ROOT, original)  # once: what is edited meanwhile belongs to the next time
        return _try_all(mutants, original, scope, arguments.budget, arguments.jobs)


def _try_all(mutants: list[Mutant], original: Path, scope: Scope, budget: float, jobs: int) -> int:
    none = try_original(original, scope, 10 * budget)
    print(_line(none), flush=True)
    if none.error is not None or none.caught or none.what:
        print("the tree has to pass before any mistake is put into it")
        return 1
    started = time.monotonic()
    with ThreadPoolExecutor(jobs) as pool:
        outcomes = []
        for outcome in pool.map(lambda mutant: try_mutant(mutant, original, scope, budget), mutants):
            print(_line(outcome), flush=True)
            outcomes.append(outcome)
    caught = sum(outcome.caught for outcome in outcomes)
    longest = max(outcome.seconds for outcome in outcomes)
    taken = time.monotonic() - started
    print(f"{caught} of {len(outcomes)} caught; the longest took {longest:.0f} s, all of them {taken:.0f} s")
    return 0 if caught == len(outcomes) else 1


def _line(outcome: Outcome) -> str:
    if outcome.error is not None:
        word = "ERROR"
    elif outcome.by is not None:
        word = f"caught by {outcome.by}"
    else:
        word = "passes" if outcome.name == "none" else "NOT CAUGHT"
    about = f"\n{'':36}{outcome.error or outcome.what}" if outcome.error or outcome.what else ""
    return f"{word:28} {outcome.seconds:5.1f} s {outcome.name}{about}"


if __name__ == "__main__":
    sys.exit(main())
