"""The run of the command: calm, the crowd, calm, the crowd again, calm; and what is measured meanwhile."""

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.hostility.healthy import Healthy
from tests.hostility.mesh import FORMS, Mesh
from tests.hostility.server import Server, serving
from tests.hostility.ways import WAYS

SERVICES = 200
CALM_SECONDS = 15.0

_CHANGED = 20
"""Instances that change in turn; another one is removed in the end."""

_PAUSE_SECONDS = 0.05
"""From one change to the next."""

_PATIENCE_SECONDS = 10.0
"""After which a push counts as missed."""


@dataclass(slots=True)
class Phase:
    """What was measured in a stretch of time.

    latencies: seconds from when a change began to be applied to each healthy proxy's receipt of it. memory: of the
    server, in mebibytes, at each change. missed: changes that did not reach everybody in time. waited: the share of the
    time for which the server's event loop was waiting for a processor.
    """

    hostile: bool
    latencies: list[float] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)
    missed: int = 0
    waited: float = 0.0


@dataclass(slots=True)
class Account:
    """What the run has shown.

    phases: in order. crowds: what each crowd told of itself, by way. there, gone: the receipt of a changed object while
    the crowd was there, and of a removed one after it had gone. forgotten: the same after the crowd was forgotten.
    lost: streams of healthy proxies that ended.
    """

    streams: int
    phases: list[Phase] = field(default_factory=list)
    crowds: list[Mapping[str, Any]] = field(default_factory=list)
    there: Mapping[str, Any] = field(default_factory=dict)
    gone: Mapping[str, Any] = field(default_factory=dict)
    forgotten: Mapping[str, Any] = field(default_factory=dict)
    lost: int = 0


class Battle:
    """One run."""

    def __init__(self, server: Server, mesh: Mesh, healthy: Healthy, each: int) -> None:
        self._server = server
        self._mesh = mesh
        self._healthy = healthy
        self._each = each
        self._changes = 0
        self.account = Account(each * len(WAYS))

    async def calm(self, seconds: float) -> None:
        """Measures the healthy ones alone."""
        self.account.phases.append(await self._measure(seconds, hostile=False))

    async def hostile(self, seconds: float) -> None:
        """Measures them beside the crowd; and asks for a receipt before that is gone."""
        async with self._crowd():
            self.account.phases.append(await self._measure(seconds, hostile=True))
            number = self._changes % _CHANGED
            await self._push()
            self.account.there = await self._server.receipt(self._mesh.path_of(number), timeout="2s")
        await self._server.only_open(len(self._healthy.proxies))

    async def aftermath(self) -> None:
        """Removes an instance that everybody had asked for, and forgets the crowd."""
        self._healthy.expect()
        self._mesh.remove(_CHANGED)
        await self._server.applied()
        await self._healthy.all_heard()
        path = self._mesh.path_of(_CHANGED)
        self.account.gone = await self._server.receipt(path, deleted="true", timeout="2s")
        for node, presence in (await self._server.proxies()).items():
            if presence == "ABSENT":
                await self._server.forget(node)
        self.account.forgotten = await self._server.receipt(path, deleted="true", timeout="10s")
        self.account.lost = self._healthy.lost

    async def _measure(self, seconds: float, hostile: bool) -> Phase:
        phase = Phase(hostile)
        began, waited = time.monotonic(), self._server.waited()
        while time.monotonic() < began + seconds:
            phase.memory.append(self._server.memory())
            latencies = await self._push()
            phase.latencies.extend(latencies)
            phase.missed += not latencies
            await asyncio.sleep(_PAUSE_SECONDS)
        phase.waited = (self._server.waited() - waited) / (time.monotonic() - began)
        return phase

    async def _push(self) -> list[float]:
        """Changes an instance. Returns how long each healthy proxy was in hearing of it; nothing if one did not."""
        number, form = self._changes % _CHANGED, 1 + self._changes // _CHANGED % (FORMS - 1)
        self._changes += 1
        self._healthy.expect()
        self._mesh.change(number, form)
        applied = await self._server.applied()
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                await self._healthy.all_heard()
        except TimeoutError:
            return []
        return [proxy.heard_at - applied for proxy in self._healthy.proxies]

    @asynccontextmanager
    async def _crowd(self) -> AsyncIterator[None]:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.hostility.crowd"),
            *map(str, (self._server.port, self._each, len(self._mesh.clusters))),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        try:
            yield
            told, _ = await process.communicate(b"")
            self.account.crowds.append(json.loads(told))
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()


async def run(folder: Path, streams: int, healthy: int, seconds: float, keeps_state: bool = False) -> Account:
    """Runs it all; `folder` is an empty directory."""
    entries = folder / "entries"
    entries.mkdir()
    mesh = Mesh(entries, SERVICES)
    async with serving(folder, entries, keeps_state) as server:
        proxies = Healthy(server.port, healthy)
        try:
            await proxies.start(mesh.clusters)
            battle = Battle(server, mesh, proxies, streams // len(WAYS))
            await battle.calm(CALM_SECONDS)
            await battle.hostile(seconds)
            await battle.calm(CALM_SECONDS)
            await battle.hostile(seconds / 2)
            await battle.aftermath()
            await battle.calm(CALM_SECONDS)
            return battle.account
        finally:
            await proxies.stop()


def named(receipt: Mapping[str, Any], states: Iterable[str] = ()) -> set[str]:
    """The proxies that a receipt names as stragglers, in any of these states."""
    wanted = set(states)
    return {one["proxy"] for one in receipt["stragglers"] if not wanted or one["state"] in wanted}
