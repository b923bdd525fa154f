"""`python -m tests.hostility`: measures healthy proxies beside a crowd that misbehaves.

Ends with 1 if a bound is missed. On a machine with few processors, or with other work, all have to wait for each other;
the table tells how much the server did.
"""

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

from tests.hostility.battle import run
from tests.hostility.table import crowds, render, rows


def main() -> int:
    parser = argparse.ArgumentParser(prog="hostility", description="Streams that misbehave beside some that do not.")
    parser.add_argument("--streams", type=int, default=1000, help="that misbehave, an eighth of them in each way")
    parser.add_argument("--healthy", type=int, default=100, help="proxies whose pushes are measured")
    parser.add_argument("--seconds", type=float, default=60.0, help="of the first round; the second is half of it")
    parser.add_argument("--state-dir", action="store_true", help="the server keeps a state directory")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        account = asyncio.run(run(Path(folder), given.streams, given.healthy, given.seconds, given.state_dir))
    lines = rows(account)
    print(render(lines), crowds(account), sep="\n\n")
    return 1 if any(row.holds is False for row in lines) else 0


if __name__ == "__main__":
    sys.exit(main())
