"""An API server double, and a source that reads from it into a plane."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

from kubernetes.aio.client import Configuration

from controllers.journal import Journal
from controllers.kubernetes.api import Api
from controllers.kubernetes.rate import RateLimit
from controllers.kubernetes.reading import Reading
from controllers.kubernetes.reflector import Patience
from controllers.kubernetes.source import KubernetesSource
from controllers.runtime import Runtime
from tests.envoy.waiting import eventually
from tests.kubernetes.api_server import ApiServer
from tests.kubernetes.documents import namespace
from xds.objects import WorkloadEntry
from xds.plane import Plane

PATIENCE = 15.0

QUICK = Patience(missing=1.0, grace=0.2, base=0.01, most=0.1)


class Cluster:
    """As it begins: with one namespace, and nobody reads from it."""

    def __init__(self) -> None:
        self.server = ApiServer()
        self.runtime = Runtime(Plane())
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> "Cluster":
        await self.server.start()
        await self.server.apply("namespaces", namespace())
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.crash()
        await self.server.stop()

    async def crash(self) -> None:
        """The control plane ends, and another one begins, which knows nothing."""
        for task in self._tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        self._tasks.clear()
        self.runtime = Runtime(Plane())

    def source(
        self, selector: str = "", patience: Patience = QUICK, journal: Journal | None = None
    ) -> KubernetesSource:
        async def connect(context: str) -> Api:
            return Api(self.configuration(), context, RateLimit(1000, 1000))

        return KubernetesSource(
            "test", self.runtime, journal=journal, connect=connect, reading=Reading(selector, patience=patience)
        )

    async def started(
        self, selector: str = "", patience: Patience = QUICK, journal: Journal | None = None
    ) -> KubernetesSource:
        """A source that has taken in all that there is, and goes on."""
        source = self.source(selector, patience, journal)
        async with asyncio.timeout(PATIENCE):
            await source.start()
        self.runtime.start(roster_known=True)
        self._tasks.append(asyncio.create_task(source.run()))
        return source

    def configuration(self) -> Configuration:
        """Where its API server is."""
        return Configuration(host=self.server.url)

    def forget(self) -> None:
        """The API server forgets what has happened, and all watches break: everything is listed again."""
        self.server.store.create("pods", namespace(f"unrelated-{self.server.store.version}"))
        self.server.store.compact()
        self.server.cut()

    def addresses(self) -> dict[str, str]:
        """Of every WorkloadEntry that was taken in."""
        index = self.runtime.plane.index
        entries: list[WorkloadEntry] = list(index.workloads.values())
        return {f"{entry.namespace}/{entry.name}": entry.endpoint.address for entry in entries}

    async def until(self, condition: Callable[[], bool], what: str) -> None:
        await eventually(condition, PATIENCE, what)
