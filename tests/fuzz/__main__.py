"""Fuzzing: `python -m tests.fuzz --seconds 60` runs every target for that long, `--replay FILE` one input again.

Prints a line for each target, and ends with 1 if an input failed.
"""

import argparse
import sys
import traceback
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path

from tests.fuzz.campaign import fuzz
from tests.fuzz.targets import TARGETS, Target, target_of

CACHE = Path(__file__).parents[2] / ".fuzz"
"""Keeps what was found from run to run; deleting it does no harm."""


def replay(target: Target, path: Path) -> int:
    """Plays one input, and tells its story."""
    try:
        target.run(path.read_bytes(), print)
    except Exception:
        traceback.print_exc(file=sys.stdout)
        return 1
    print(f"{path} breaks nothing in {target.name}")
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="fuzz", description="Look for inputs that break a promise.")
    parser.add_argument("--seconds", type=int, default=60, help="for how long each target is run")
    parser.add_argument("--target", choices=TARGETS, help="this target only")
    parser.add_argument("--jobs", type=int, default=1, help="how many targets are run at a time")
    parser.add_argument("--replay", type=Path, metavar="FILE", help="play this input, and tell its story")
    arguments = parser.parse_args()
    chosen = TARGETS[arguments.target] if arguments.target is not None else None
    if arguments.replay is not None:
        try:
            return replay(chosen or target_of(arguments.replay), arguments.replay)
        except (OSError, ValueError) as error:
            parser.error(str(error))
    if find_spec("atheris") is None:
        parser.error("atheris is not installed: it comes for Linux on x86-64, and Python 3.11 to 3.13")
    targets = [chosen] if chosen is not None else list(TARGETS.values())
    failures = 0
    with ThreadPoolExecutor(arguments.jobs) as pool:
        for result in pool.map(lambda target: fuzz(target, arguments.seconds, CACHE), targets):
            print(result, flush=True)
            failures += result.failure is not None
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
