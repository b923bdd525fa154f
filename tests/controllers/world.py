"""A control plane with both faces of the status API, on ports of 127.0.0.1 that the system chooses."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import grpc
import httpx

from controllers.addresses import Address, bind
from controllers.fence import Fence
from controllers.runtime import Runtime
from controllers.status.http import http_app
from controllers.status.listener import HttpListener
from controllers.status.metrics import Metrics
from controllers.status.model import SourceProblem
from controllers.status.rpc import Health, add_status_to
from controllers.status.service import StatusService
from tests.controllers.documents import instance, service
from tests.controllers.proxy import FakeProxy
from tests.envoy.waiting import eventually
from xds.objects import Event
from xds.plane import Plane
from xds.timing import Timing

_PATIENCE_SECONDS = 20.0


@dataclass(slots=True)
class World:
    """What runs. `problems` and `doubts` are what the sources tell; tests put something there."""

    plane: Plane
    runtime: Runtime
    service: StatusService
    health: Health
    port: int
    api: Address
    client: httpx.AsyncClient
    problems: list[SourceProblem] = field(default_factory=list)
    doubts: dict[str, str] = field(default_factory=dict)
    proxies: list[FakeProxy] = field(default_factory=list)

    def proxy(self, node: str) -> FakeProxy:
        """A proxy that connects."""
        made = FakeProxy(self.port, node)
        self.proxies.append(made)
        return made

    async def synced(self, node: str) -> FakeProxy:
        """A proxy that holds everything; the control plane has taken in its ACKs."""
        made = self.proxy(node)
        await made.sync()
        await self.until(lambda: self._is_synced(node))
        return made

    async def apply(self, *events: Event) -> None:
        await self.runtime.apply(events)

    async def get(self, path: str, **parameters: str) -> dict[str, object]:
        """The answer, which must be a good one."""
        response = await self.client.get(path, params=parameters)
        assert response.status_code == 200, response.text
        found: dict[str, object] = response.json()
        return found

    async def until(self, holds: Callable[[], bool]) -> None:
        """Returns as soon as something holds."""
        await eventually(holds, _PATIENCE_SECONDS)

    def _is_synced(self, node: str) -> bool:
        found = [proxy for proxy in self.service.proxies() if proxy.id == node]
        states = [status.state.value for proxy in found for status in proxy.types]
        return len(states) == 2 and set(states) == {"SYNCED"}


@asynccontextmanager
async def running(
    timing: Timing | None = None,
    events: Sequence[Event] | None = None,
    ready: bool = True,
    fence: Fence | None = None,
) -> AsyncIterator[World]:
    """A control plane with these objects (a service and an instance of it), that knows of no earlier proxies."""
    plane = Plane("test", timing)
    runtime = Runtime(plane, fence=fence)
    problems: list[SourceProblem] = []
    doubts: dict[str, str] = {}
    metrics = Metrics(plane, lambda: problems)
    status = StatusService(runtime, lambda: problems, lambda key: doubts.get(str(key)), metrics.answered)
    health = Health()
    server = grpc.aio.server()
    runtime.discovery.add_to(server)
    add_status_to(server, status)
    health.add_to(server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    bound = bind(Address("127.0.0.1", 0))
    api = Address(*bound.getsockname()[:2])
    listener = HttpListener(http_app(status, metrics.registry), bound)
    serving = asyncio.create_task(listener.run())
    bound.listen()
    await runtime.apply([service(), instance(1)] if events is None else events)
    if ready:
        runtime.start(roster_known=True)
    await health.tell(serving=ready)
    async with httpx.AsyncClient(base_url=f"http://{api}", timeout=_PATIENCE_SECONDS, trust_env=False) as client:
        world = World(plane, runtime, status, health, port, api, client, problems, doubts)
        try:
            yield world
        finally:
            for proxy in world.proxies:
                await proxy.leave()
            status.close()
    await server.stop(None)
    listener.stop()
    await serving
