"""`python -m tests.bench`: measures, and prints a table whose last column is pass or MISS.

    python -m tests.bench [--quick] [--only index,cold] [--json FILE]

Ends with 1 if a bound is missed. It wants a machine to itself.
"""

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.bench import cold, fanout, index, loop, memory, receipts, reconnect
from tests.bench.line import Line, render

_PARTS: dict[str, Callable[[bool], Iterator[Line]]] = {
    "index": index.run,
    "cold": cold.run,
    "fanout": fanout.run,
    "memory": memory.run,
    "reconnect": reconnect.run,
    "receipts": receipts.run,
    "loop": loop.run,
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench", description="How fast the control plane is, and how large.")
    parser.add_argument("--quick", action="store_true", help="less often each, within two minutes")
    parser.add_argument("--only", default=",".join(_PARTS), help=f"parts, of {', '.join(_PARTS)}")
    parser.add_argument("--json", type=Path, help="a file for the same as JSON")
    given = parser.parse_args()
    lines: list[Line] = []
    for name in given.only.split(","):
        if name not in _PARTS:
            parser.error(f"there is no part {name!r}: choose of {', '.join(_PARTS)}")
        print(f"measuring: {name}", file=sys.stderr)
        lines.extend(_PARTS[name](given.quick))
    print(render(lines))
    if given.json is not None:
        given.json.write_text(json.dumps([line.plain() for line in lines], indent=1) + "\n")
    return 1 if any(line.holds is False for line in lines) else 0


if __name__ == "__main__":
    sys.exit(main())
