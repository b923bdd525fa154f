"""lastack, as it is measured: `python -m tests.bench.served SERVICES [MEMBERS]`.

There are two instances for each service on average; with MEMBERS, so many of the first one.

Told line by line. push: {changes}: so many changes of one instance, in one go: {seconds} until the last ACK,
{confirmed} seconds from then until the receipt. reach: {count}: one change: {seconds} until so many requests have come.
written: the last {responses}, two at most, in hexadecimal. settled: {count}: waits until so many streams have shown
what they hold, and are behind on nothing; {at}: when the last request had been taken in. watch: watches the event loop
from now on. longest: {seconds} of its longest step since then. load: {directory}: takes in another source.
wait: {seconds}: does what is to be done about garbage after so long.
"""

import asyncio
import sys
import time
from asyncio import events
from collections import deque
from itertools import islice
from pathlib import Path
from typing import Any

import grpc

from controllers.collector import Collector
from controllers.files import FileSource
from controllers.runtime import Runtime
from ledger.receipts import Outcome, Query, Receipt
from tests.bench import mesh
from tests.bench.host import Host
from tests.envoy.waiting import eventually
from xds.builders.filters import warm_up
from xds.objects import ConfigObject, WorkloadEntry
from xds.plane import Plane
from xds.protocol.stream import Stream


class WatchedPlane(Plane):
    """Notes when it took in the last request, and what it wrote last."""

    def __init__(self) -> None:
        super().__init__()
        self.received_at = 0.0
        self.written: deque[bytes] = deque(maxlen=2)
        self.awaited = 0
        self.reached = asyncio.Event()

    def receive(self, stream: Stream, data: bytes, now: float) -> None:
        super().receive(stream, data, now)
        self.received_at = time.monotonic()
        self.awaited -= 1
        if not self.awaited:
            self.reached.set()

    def next_response(self, stream: Stream, now: float) -> bytes | None:
        response = super().next_response(stream, now)
        if response is not None:
            self.written.append(response)
        return response


class Served(Host):
    """The core on its event loop, without sources but those that it is told to load."""

    def __init__(self, size: int, members: int = 0) -> None:
        self._plane = WatchedPlane()
        self._runtime = Runtime(self._plane)
        members_of_one = [mesh.instance(number, 0) for number in range(members)]
        self._instances = members_of_one or mesh.instances(size)
        objects: list[ConfigObject] = [*mesh.services(size), *self._instances]
        self._plane.apply([mesh.applied(entry) for entry in objects], 0.0)
        self._changes = mesh.changes(self._instances[:1])
        self._tasks: list[asyncio.Task[None]] = []
        self._longest = 0.0
        self._collector = Collector()

    async def start(self, server: grpc.aio.Server) -> None:
        self._runtime.discovery.add_to(server)
        warm_up()
        self._collector.settle()
        self._runtime.after_load.append(self._collector.loaded)
        self._runtime.start(roster_known=True)
        self._tasks = [asyncio.create_task(self._runtime.tick_forever()), asyncio.create_task(self._collector.run())]

    async def obey(self, told: dict[str, Any]) -> dict[str, Any]:
        match told["do"]:
            case "push":
                return await self._push(told["changes"])
            case "reach":
                return await self._reach(told["count"])
            case "written":
                return {"responses": [response.hex() for response in self._plane.written]}
            case "settled":
                return await self._settled(told["count"])
            case "watch":
                _watch_steps(self._step)
                return {}
            case "longest":
                return {"seconds": self._longest}
            case "wait":
                self._collector.look(told["seconds"])
                return {}
            case "load":
                return await self._load(Path(told["directory"]))
        return await super().obey(told)

    async def _push(self, changes: int) -> dict[str, Any]:
        entries = list(islice(self._changes, changes))
        began = time.monotonic()
        for entry in entries:
            await self._runtime.apply([mesh.applied(entry)])
        receipt, confirmed_at = await self._confirmed(entries[-1])
        assert receipt.outcome is Outcome.CONFIRMED, f"{receipt.outcome}: {receipt.stragglers[:1]}"
        acked_at = self._plane.received_at
        return {"seconds": acked_at - began, "confirmed": confirmed_at - acked_at}

    async def _reach(self, count: int) -> dict[str, Any]:
        began = time.monotonic()
        self._plane.awaited = count
        self._plane.reached.clear()
        await self._runtime.apply([mesh.applied(next(self._changes))])
        await self._plane.reached.wait()
        return {"seconds": self._plane.received_at - began}

    async def _confirmed(self, entry: WorkloadEntry) -> tuple[Receipt, float]:
        receipt = await self._runtime.receipt(Query(entry.key), 60.0)
        return receipt, time.monotonic()

    async def _settled(self, count: int) -> dict[str, Any]:
        deliveries = self._plane.deliveries

        def settled() -> bool:
            return len(deliveries.streams) >= count and deliveries.all_shown and not deliveries.lagging()

        await eventually(settled, 300.0, f"{count} streams have settled")
        return {"at": self._plane.received_at}

    async def _load(self, directory: Path) -> dict[str, Any]:
        began = time.monotonic()
        await FileSource(directory, self._runtime).start()
        return {"seconds": time.monotonic() - began}

    def _step(self, seconds: float) -> None:
        self._longest = max(self._longest, seconds)


def _watch_steps(told: Any) -> None:
    """Has every step of the event loop timed."""
    run = events.Handle._run

    def timed(handle: asyncio.Handle) -> None:
        began = time.perf_counter()
        run(handle)
        told(time.perf_counter() - began)

    events.Handle._run = timed  # type: ignore[method-assign, assignment]


if __name__ == "__main__":
    Served(*map(int, sys.argv[1:])).main()
