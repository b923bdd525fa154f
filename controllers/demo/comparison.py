"""Replaces every instance in both ways, under the same traffic and at the same pace."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from controllers.demo.client import Client
from controllers.demo.control import Confirmation
from controllers.demo.mesh import Mesh
from controllers.demo.plan import Plan
from controllers.demo.replacement import WAYS, Tell, Way
from controllers.demo.traffic import Tally, Traffic

_SETTLE_SECONDS = 1.0
"""Between the runs, without traffic, so that what the first leaves behind is not counted in the second."""


@dataclass(slots=True)
class Run:
    """One run. `replaced` counts replacements; `behind` is by how many seconds they fell behind the plan, at most."""

    way: Way
    tally: Tally
    replaced: int = 0
    behind: float = 0.0
    receipts: list[Confirmation] = field(default_factory=list)


async def compare(mesh: Mesh, plan: Plan, client: Client, starts: Callable[[Run], None], tell: Tell) -> list[Run]:
    """Both runs, one after the other.

    Args:
        starts: called with each run when it starts; its numbers then grow.
        tell: called with a sentence after each step.

    Raises:
        DemoError: if the demo can't go on.
    """
    runs: list[Run] = []
    for way in Way:
        if runs:
            await asyncio.sleep(_SETTLE_SECONDS)
        traffic = Traffic(client, mesh.proxies, plan.rate, way)
        run = Run(way, traffic.tally)
        starts(run)
        sending = asyncio.create_task(traffic.run())
        try:
            await _replace_all(mesh, plan, run, tell)
            traffic.stop_after(plan.requests)
            await sending
        finally:
            sending.cancel()
            await asyncio.wait({sending})
        runs.append(run)
    return runs


async def _replace_all(mesh: Mesh, plan: Plan, run: Run, tell: Tell) -> None:
    clock = asyncio.get_running_loop().time
    start = clock()
    for number, old in enumerate(list(mesh.instances)):
        due = start + number * plan.interval
        await asyncio.sleep(max(0.0, due - clock()))
        run.behind = max(run.behind, clock() - due)
        run.receipts += await WAYS[run.way](mesh, old, tell)
        run.replaced += 1
    run.behind = max(run.behind, clock() - start - plan.run_seconds)
