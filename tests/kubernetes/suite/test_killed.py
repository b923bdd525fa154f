"""A controller is killed at each of its writes, and the next one goes on."""

import asyncio
from collections.abc import Awaitable

import pytest

from controllers.kubernetes.drain import FINALIZER
from controllers.kubernetes.pods.names import DRAINED, PUBLISHED
from controllers.kubernetes.pods.pod import Pod
from tests.kubernetes.suite.control import Control, Killed
from tests.kubernetes.suite.lab import Lab
from tests.kubernetes.suite.lives import begun, condition, let_go
from xds.objects import DRAINING_LABEL

WRITES = 11
"""Of a Pod's life: its entry made, deleted, marked and released; two conditions, its finalizer; and four Events."""


async def state_of(lab: Lab, name: str) -> str:
    """For people: what is there of a Pod."""
    found, its = await lab.get("pods", name), await lab.get("workloadentries", name)
    told = ", ".join(
        f"{kind.rpartition('/')[2]} {condition['status']}"
        for kind in (PUBLISHED, DRAINED)
        if found is not None and (condition := Pod(found).condition(kind))
    )
    leaving = "" if its is None or "deletionTimestamp" not in its["metadata"] else ", being deleted"
    marked = "" if its is None or DRAINING_LABEL not in its["spec"]["labels"] else ", draining"
    pod_is = "no Pod" if found is None else f"Pod there ({told or 'nothing told'})"
    return f"{pod_is}; " + ("no entry" if its is None else f"entry there{leaving}{marked}")


class Life:
    """Of a Pod, under a controller that is killed at one of its writes, and followed by another one."""

    def __init__(self, lab: Lab, killed: Killed, name: str) -> None:
        self.lab = lab
        self.killed = killed
        self.name = name
        self.control = Control(lab, killed)
        self.state = ""

    async def until(self, done: Awaitable[object]) -> None:
        waiting, dying = asyncio.ensure_future(done), asyncio.ensure_future(self.killed.reached.wait())
        await asyncio.wait({waiting, *(() if self.state else (dying,))}, return_when=asyncio.FIRST_COMPLETED)
        dying.cancel()
        if self.killed.reached.is_set() and not self.state:
            await self.control.kill()
            call = self.killed.writes[self.killed.at - 1].replace(self.lab.namespace, "ns")
            self.state = f"{call}: {await state_of(self.lab, self.name)}"
            self.control = await Control(self.lab).start()
        await waiting


@pytest.mark.parametrize("answered", [True, False], ids=["after the call", "before it"])
async def test_whoever_follows_a_controller_that_was_killed_at_a_call_ends_it(lab: Lab, answered: bool) -> None:
    """A Pod's whole life, with the controller killed at the first write; then another Pod's, at the second; ..."""
    at, states = 0, [""]
    while states[-1] or not at:
        at += 1
        name = f"p{at}"
        life = Life(lab, Killed(at, answered), name)
        await life.control.start()
        try:
            await begun(lab, name, f"10.0.1.{at}", finalizers=[FINALIZER])
            await life.until(condition(lab, PUBLISHED, name=name))
            await lab.delete("pods", name)
            await life.until(let_go(lab, name))
            assert await lab.get("workloadentries", name) is None
        finally:
            await life.control.kill()
        states.append(life.state)
    print("", *(f"{number}. {state}" for number, state in enumerate(states) if state), sep="\n")
    assert at == WRITES + 1
