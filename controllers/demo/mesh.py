"""The demo's processes: a control plane, Envoys, and instances of a service."""

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum
from itertools import count
from pathlib import Path

from controllers.demo.client import FAILURES, Client
from controllers.demo.control import Control, serve_command
from controllers.demo.entries import HOST, SERVICE, Entries
from controllers.demo.envoys import Envoy, envoy_address, envoy_command
from controllers.demo.errors import DemoError
from controllers.demo.instance import INSTANCE_ADDRESS, instance_command
from controllers.demo.plan import Plan
from controllers.demo.ports import free_ports
from controllers.demo.processes import Child, Processes

_START_WITHIN_SECONDS = 30.0
_POLL_SECONDS = 0.1


class State(StrEnum):
    """What has been done with an instance, so far."""

    STARTED = "started"
    SERVING = "serving"
    DRAINING = "draining"
    REMOVED = "removed"


@dataclass(slots=True, eq=False)
class Instance:
    """A running instance of the service."""

    name: str
    port: int
    child: Child
    state: State = State.STARTED


class Mesh:
    """Everything that runs. `instances` are those that are not killed yet, the oldest first."""

    def __init__(self, directory: Path, plan: Plan) -> None:
        ads, api = free_ports(2)
        (port,) = free_ports(1, [envoy_address(number) for number in range(plan.proxies)])
        self.proxies = [Envoy.numbered(number, port) for number in range(plan.proxies)]
        self.control = Control(f"127.0.0.1:{api}")
        self.processes = Processes(directory)
        self.instances: list[Instance] = []
        self._ads = f"127.0.0.1:{ads}"
        self._directory = directory
        self._entries = Entries(directory / "entries")
        self._entries.write_service(port)
        self._numbers = count(1)

    async def start(self, binary: str, instances: int, client: Client) -> None:
        """Starts everything, and returns when a request gets through every proxy.

        Args:
            binary: the Envoy to run.

        Raises:
            DemoError: if something does not start.
        """
        for _ in range(instances):
            self.publish(await self.start_instance())
        serve = serve_command(self._entries.directory, self._ads, self.control.api)
        await self.processes.start("control-plane", serve)
        await self.control.ready()
        for proxy in self.proxies:
            bootstrap = proxy.write_bootstrap(self._ads, self._directory)
            await self.processes.start(proxy.name, envoy_command(binary, bootstrap))
        deadline = time.monotonic() + _START_WITHIN_SECONDS
        for proxy in self.proxies:
            while not await _answers(client, proxy):
                if time.monotonic() > deadline:
                    raise DemoError(f"{proxy.name} does not serve {HOST} within {_START_WITHIN_SECONDS:g} s")
                await asyncio.sleep(_POLL_SECONDS)

    async def start_instance(self) -> Instance:
        """Starts an instance; it listens, and nobody knows of it."""
        name = f"{SERVICE}-{next(self._numbers)}"
        child = await self.processes.start(name, instance_command(name), talks=True)
        assert child.process.stdout is not None
        try:
            async with asyncio.timeout(_START_WITHIN_SECONDS):
                port = int(await child.process.stdout.readline())
        except (TimeoutError, ValueError) as error:
            raise DemoError(f"{name} did not start: {child.last_words()}") from error
        instance = Instance(name, port, child)
        self.instances.append(instance)
        return instance

    def publish(self, instance: Instance) -> float:
        """Writes the instance's entry. Returns when that began, by `time.monotonic()`, like the next two."""
        began = time.monotonic()
        self._entries.write_instance(instance.name, INSTANCE_ADDRESS, instance.port)
        instance.state = State.SERVING
        return began

    def mark_draining(self, instance: Instance) -> float:
        """Marks the instance's entry as draining."""
        began = time.monotonic()
        self._entries.write_instance(instance.name, INSTANCE_ADDRESS, instance.port, draining=True)
        instance.state = State.DRAINING
        return began

    def remove(self, instance: Instance) -> float:
        """Removes the instance's entry."""
        began = time.monotonic()
        self._entries.remove_instance(instance.name)
        instance.state = State.REMOVED
        return began

    async def kill(self, instance: Instance) -> None:
        """Kills the instance's process, with SIGKILL."""
        await self.processes.kill(instance.child)
        self.instances.remove(instance)

    async def stop(self) -> None:
        """Kills everything."""
        await self.processes.kill_all()
        await self.control.close()


@asynccontextmanager
async def mesh_of(plan: Plan) -> AsyncIterator[Mesh]:
    """A mesh in a temporary directory; nothing of it is left in the end."""
    with tempfile.TemporaryDirectory(prefix="lastack-demo-") as directory:
        mesh = Mesh(Path(directory), plan)
        try:
            yield mesh
        finally:
            await mesh.stop()


async def _answers(client: Client, proxy: Envoy) -> bool:
    try:
        return (await client.get(proxy.address, proxy.port, HOST, "/?delay=0&id=ready")).status == 200
    except FAILURES:
        return False
