"""Runs a scenario, and writes it down with what is seen."""

from pathlib import Path

from tests.simulation.invariants import Watch
from tests.simulation.script import make_world, perform
from tests.simulation.world import Impossible

FOLDER = Path(__file__).parent


def files() -> list[Path]:
    """Every scenario there is."""
    return sorted(FOLDER.glob("*.txt"))


def seen(text: str) -> str:
    """The scenario again, with what is seen now under each line.

    Raises:
        ValueError: a line can't be understood, or can't happen; it is named.
        Violation: an invariant does not hold.
    """
    lines: list[str] = []
    watch: Watch | None = None
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith(" "):
            continue
        lines.append(line)
        if not line or line.startswith("#"):
            continue
        if watch is None:
            watch = Watch(make_world(line))
            continue
        try:
            told = perform(watch.world, line)
        except (ValueError, Impossible) as error:
            raise ValueError(f"line {number}: {error}") from error
        lines += [f"  {one}" for one in told]
        watch.check()
        watch.check_roots()
    return "\n".join(lines) + "\n"
