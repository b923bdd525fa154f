"""One of the clusters that Secrets name: its life, from when it is named until it is no more."""

import asyncio
from collections.abc import Callable

import structlog

from controllers.kubernetes.backoff import Backoff
from controllers.kubernetes.cluster import Cluster
from controllers.source import SourceError
from controllers.sources import Sink
from ledger.ids import ObjectKey

log = structlog.get_logger("kubernetes")


class Member:
    """A cluster, which begins at once.

    ready: it was read, or is not waited for. problem: why it can't be read. task: runs
    it; ends only by an error.

    Args:
        serving: its controllers act when that is set.
    """

    def __init__(
        self,
        name: str,
        cluster: Cluster,
        sink: Sink,
        serving: asyncio.Event,
        backoff: Callable[[], Backoff] = Backoff,
    ) -> None:
        self.name = name
        self.cluster = cluster
        self.ready = asyncio.Event()
        self.problem: str | None = None
        self.sink = sink
        self._serving = serving
        self._backoff = backoff()
        sink.trouble(self._reading, "it is not read yet")
        self.task = asyncio.create_task(self._live())

    @property
    def _reading(self) -> str:
        """Names the trouble that it is until it is read."""
        return f"cluster {self.name}"

    async def _live(self) -> None:
        source = self.cluster.source
        while not await self._begin():  # noqa: ASYNC110, nobody here knows when it can be
            await asyncio.sleep(self._backoff.failed())
        if self.cluster.may_be_away:
            self.ready.set()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(source.run())
            tasks.create_task(self._settle())
            await self._serving.wait()
            for controller in self.cluster.controllers:
                tasks.create_task(controller.run())

    async def _settle(self) -> None:
        """What another one of that name gave is let go when it is known what this one has, and not before."""
        source = self.cluster.source
        await source.synced()
        await self.sink.retain(source.serves)
        self.sink.trouble(source.name, source.trouble)  # of the other one it may have been told, and not of this one
        self.sink.trouble(self._reading, None)
        self.ready.set()

    async def _begin(self) -> bool:
        """Whether it was read. What can't be used is told of, and the other clusters go on."""
        try:
            await self.cluster.source.start()
        except SourceError as error:
            self._tell(str(error))
            if self.cluster.may_be_away:
                self.ready.set()
            return False
        self._tell(None)
        return True

    def _tell(self, problem: str | None) -> None:
        if problem is not None and problem != self.problem:
            log.error("a cluster can't be read", cluster=self.name, reason=problem)
            self.sink.trouble(self._reading, problem)
        self.problem = problem

    async def catch_up(self, key: ObjectKey) -> None:
        """As a source's. Until it is read, that is all the answer there is."""
        if self.ready.is_set():
            await self.cluster.source.catch_up(key)

    async def refresh(self) -> None:
        """As a source's. What is stopped meanwhile is not waited for: another one has its name, or nobody."""
        ready = asyncio.ensure_future(self.ready.wait())
        try:
            await asyncio.wait({ready, self.task}, return_when=asyncio.FIRST_COMPLETED)
            if not self.task.done():
                refreshing = asyncio.ensure_future(self.cluster.source.refresh())
                await asyncio.wait({refreshing, self.task}, return_when=asyncio.FIRST_COMPLETED)
                if refreshing.done():
                    refreshing.result()
                refreshing.cancel()
        finally:
            ready.cancel()

    async def stop(self) -> None:
        """Ends; what it gave stays for whoever has the name next, and is in doubt meanwhile."""
        self.task.cancel()
        await asyncio.wait({self.task})  # who is cancelled meanwhile is not told that the other one was
        self.cluster.source.is_over.set()

    async def end(self) -> None:
        """Ends, and what it gave is gone."""
        await self.stop()
        self.sink.trouble(self._reading, None)
        await self.sink.end(self.cluster.source.name)
