"""One mutant's trial: a copy of the tree, the mistake in it, and then whatever should notice it."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.mutants.mutant import DoesNotApply, Mutant
from tests.mutants.runs import KUBERNETES, PROPERTIES, Run, Scope, Verdict, imports, simulation, tests

ROOT = Path(__file__).parent.parent.parent
PARTS = ("controllers", "deploy", "ledger", "protos", "tests", "xds", "pyproject.toml")
"""Of the project: what the tests need."""

LAYERS = ("controllers", "ledger", "protos", "tests", "xds")

SIMULATION_SHARE = 0.5
"""Of a mutant's budget the simulation may use so much; what it leaves is for the property tests."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the trial came to. `by`: what noticed the mistake; None if nothing did. `error`: why it means nothing."""

    name: str
    by: str | None
    what: str
    seconds: float
    error: str | None = None

    @property
    def caught(self) -> bool:
        return self.by is not None and self.error is None


def copy_tree(source: Path, target: Path) -> None:
    """Copies what is needed, and nothing compiled."""
    target.mkdir(parents=True, exist_ok=True)
    for part in PARTS:
        if (source / part).is_dir():
            shutil.copytree(source / part, target / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source / part, target / part)


def try_mutant(mutant: Mutant, original: Path, scope: Scope, budget: float) -> Outcome:
    """Puts the mistake into a copy of the tree, and looks who notices it within so many seconds."""
    with TemporaryDirectory(prefix="mutant-") as directory:
        tree = Path(directory).resolve()
        copy_tree(original, tree)
        try:
            mutant.apply(tree)
        except DoesNotApply as error:
            return Outcome(mutant.name, None, "", 0.0, str(error))
        found = imports(tree, [*LAYERS, mutant.module])
        if found.verdict is not Verdict.PASSED:
            return Outcome(mutant.name, None, "", found.seconds, found.what)
        if not mutant.is_of_the_core:
            return judge(mutant.name, ("test", tests(tree, KUBERNETES, budget)))
        simulated = simulation(tree, scope, SIMULATION_SHARE * budget)
        if simulated.noticed:
            return judge(mutant.name, ("simulation", simulated))
        tested = tests(tree, PROPERTIES, budget - simulated.seconds)
        return judge(mutant.name, ("simulation", simulated), ("property", tested))


def try_original(original: Path, scope: Scope, budget: float) -> Outcome:
    """The tree without any mistake, in which nothing may be noticed."""
    found = imports(original, LAYERS)
    if found.verdict is not Verdict.PASSED:
        return Outcome("none", None, "", found.seconds, found.what)
    simulated, tested = simulation(original, scope, budget), tests(original, (*PROPERTIES, *KUBERNETES[2:]), budget)
    return judge("none", ("simulation", simulated), ("test", tested))


def judge(name: str, *runs: tuple[str, Run]) -> Outcome:
    """What the runs together say, each by its name."""
    seconds = sum(run.seconds for _, run in runs)
    for by, run in runs:
        if run.noticed:
            crash = ", crash" if run.verdict is Verdict.CRASHED else ""
            return Outcome(name, by + crash, run.what, seconds)
        if run.verdict is Verdict.ERROR:
            return Outcome(name, None, "", seconds, f"{by}: {run.what}")
    slow = [by for by, run in runs if run.verdict is Verdict.OUT_OF_TIME]
    return Outcome(name, None, f"out of time: {', '.join(slow)}" if slow else "", seconds)
