"""A process of misbehaving streams: `python -m tests.hostility.crowd PORT EACH SERVICES`, until its input ends.

Then it says, as JSON, way by way, how many streams it opened, how they ended, and who was sent anything.
"""

import asyncio
import json
import os
import sys
from collections import Counter
from dataclasses import asdict, dataclass

from tests.hostility.mesh import cluster_of
from tests.hostility.ways import WAYS, Misbehaving

ARRIVAL_SECONDS = 5.0
"""Over which they come."""

_NICENESS = 19
"""The crowd is to press on the server, not on the clients that are measured, if there are too few processors."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a way's proxies have to tell. sent: those that were sent something, as far as they can tell."""

    opened: int
    endings: dict[str, int]
    sent: list[str]


def _told(crowd: list[Misbehaving]) -> Told:
    endings: Counter[str] = Counter()
    for one in crowd:
        endings.update(one.endings)
    return Told(sum(one.opened for one in crowd), dict(endings), [one.node for one in crowd if one.was_sent])


async def _arrive(one: Misbehaving, port: int, after: float) -> None:
    await asyncio.sleep(after)
    await one.run(port)


async def _run(port: int, each: int, services: int) -> list[Misbehaving]:
    clusters = [cluster_of(number) for number in range(services)]
    crowd = [way(number, clusters) for number in range(each) for way in WAYS]
    tasks = [
        asyncio.create_task(_arrive(one, port, ARRIVAL_SECONDS * place / len(crowd))) for place, one in enumerate(crowd)
    ]
    await asyncio.to_thread(sys.stdin.read)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return crowd


def main() -> None:
    os.nice(_NICENESS)
    crowd = asyncio.run(_run(*map(int, sys.argv[1:])))
    print(json.dumps({way.way: asdict(_told([one for one in crowd if type(one) is way])) for way in WAYS}))


if __name__ == "__main__":
    main()
