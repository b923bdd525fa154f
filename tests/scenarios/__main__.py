"""Checks the scenarios: `python -m tests.scenarios`; with `--regenerate` it writes down what is seen now."""

import argparse
import difflib
import sys

from tests.scenarios.scenario import files, seen


def main() -> int:
    parser = argparse.ArgumentParser(prog="scenarios", description="Check the scenarios.")
    parser.add_argument("--regenerate", action="store_true", help="write down what is seen now")
    is_regenerating = parser.parse_args().regenerate
    differing = 0
    for file in files():
        old = file.read_text(encoding="utf-8")
        try:
            new = seen(old)
        except ValueError as error:
            print(f"{file.name}: {error}")
            return 1
        if new == old:
            continue
        differing += 1
        lines = difflib.unified_diff(old.splitlines(), new.splitlines(), "written down", "seen", lineterm="")
        print(f"{file.name}:", *lines, sep="\n")
        if is_regenerating:
            file.write_text(new, encoding="utf-8")
    print(f"{len(files())} scenarios, {differing} {'written anew' if is_regenerating else 'go differently'}")
    return 1 if differing and not is_regenerating else 0


if __name__ == "__main__":
    sys.exit(main())
