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

import httpx

from controllers.demo import envoys
from controllers.demo.control import Control, serve
from controllers.demo.entries import HOST, SERVICE, Entries
from controllers.demo.envoys import Envoy
from controllers.demo.errors import DemoError
from controllers.demo.instance import HOST as INSTANCE_ADDRESS
from controllers.demo.instance import command as instance_command
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
    KILLED = "killed"


@dataclass(slots=True, eq=False)
class Instance:
    """An instance of the service."""

    name: str
    port: int
    child: Child
    state: State = State.STARTED


class Mesh:
    """Everything that runs. `instances` are those that are not killed yet."""

    def __init__(self, processes: Processes, control: Control, entries: Entries, proxies: list[Envoy]) -> None:
        self.control = control
        self.proxies = proxies
        self.instances: list[Instance] = []
        self._processes = processes
        self._entries = entries
        self._numbers = count(1)

    @property
    def trouble(self) -> asyncio.Future[None]:
        """Fails with a `DemoError` when a process ends that should not."""
        return self._processes.trouble

    async def start_instance(self) -> Instance:
        """Starts an instance; it listens, and nobody knows of it."""
        name = f"{SERVICE}-{next(self._numbers)}"
        child = await self._processes.start(name, instance_command(name), talks=True)
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
        """Writes the instance's entry. Returns when, by `time.monotonic()`."""
        self._entries.write_instance(instance.name, INSTANCE_ADDRESS, instance.port)
        instance.state = State.SERVING
        return time.monotonic()

    def mark_draining(self, instance: Instance) -> float:
        """Marks the instance's entry as draining. Returns when."""
        self._entries.write_instance(instance.name, INSTANCE_ADDRESS, instance.port, draining=True)
        instance.state = State.DRAINING
        return time.monotonic()

    def remove(self, instance: Instance) -> float:
        """Removes the instance's entry. Returns when."""
        self._entries.remove_instance(instance.name)
        instance.state = State.REMOVED
        return time.monotonic()

    async def kill(self, instance: Instance) -> None:
        """Kills the instance's process, with SIGKILL."""
        await self._processes.kill(instance.child)
        instance.state = State.KILLED
        self.instances.remove(instance)

    async def serving(self, client: httpx.AsyncClient) -> None:
        """Waits until a request gets through every proxy.

        Raises:
            DemoError: if one does not in time.
        """
        deadline = time.monotonic() + _START_WITHIN_SECONDS
        for proxy in self.proxies:
            while not await _answers(client, proxy):
                if time.monotonic() > deadline:
                    raise DemoError(f"{proxy.name} does not serve {HOST} within {_START_WITHIN_SECONDS:g} s")
                await asyncio.sleep(_POLL_SECONDS)


@asynccontextmanager
async def running_mesh(binary: str, plan: Plan, client: httpx.AsyncClient) -> AsyncIterator[Mesh]:
    """Starts everything, in a temporary directory; kills and removes everything in the end.

    Args:
        binary: the Envoy to run.
        client: asks the Envoys whether they serve.

    Raises:
        DemoError: if something does not start.
    """
    with tempfile.TemporaryDirectory(prefix="lastack-demo-") as name:
        directory = Path(name)
        ads_port, api_port, *admin_ports = free_ports(2 + plan.proxies)
        addresses = Addresses(f"127.0.0.1:{ads_port}", f"127.0.0.1:{api_port}", admin_ports)
        (port,) = free_ports(1, [Envoy.numbered(number, 0).address for number in range(plan.proxies)])
        fleet = [Envoy.numbered(number, port) for number in range(plan.proxies)]
        entries = Entries(directory / "entries")
        processes = Processes(directory)
        try:
            async with Control(addresses.api) as control:
                mesh = Mesh(processes, control, entries, fleet)
                await _or_trouble(mesh, _start(mesh, binary, ads, admin_ports))
                yield mesh
        finally:
            await processes.kill_all()
