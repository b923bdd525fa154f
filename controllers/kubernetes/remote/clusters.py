"""The clusters that Secrets name: each a source of its own, for as long as its Secret is there."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any

import structlog

from controllers.kubernetes.api import Api, ApiError
from controllers.kubernetes.cluster import Cluster
from controllers.kubernetes.informer import Informer
from controllers.kubernetes.login import Login, by_document
from controllers.kubernetes.objects import Change
from controllers.kubernetes.reflector import Patience, Reflector
from controllers.kubernetes.remote.member import Member
from controllers.kubernetes.remote.secrets import SELECTOR, Secrets
from controllers.kubernetes.trouble import Trouble, tell
from controllers.reports import Report, Severity
from controllers.runtime import Runtime
from controllers.source import SourceError
from controllers.sources import Sink
from ledger.ids import ObjectKey

log = structlog.get_logger("kubernetes")

Make = Callable[[str, Login, Sink | None], tuple[Cluster, Sink]]
"""Puts a cluster together, from its name, how to reach it, and where its objects go, which is made where there is none.
Nothing is asked of it yet."""


class RemoteClusters:
    """A source of sources.

    Args:
        namespace: of the Secrets.
        connect: finds the API server that has them.
        make: see `Make`.
        runtime: is told while it is not known which clusters there are.
    """

    def __init__(
        self,
        namespace: str,
        connect: Callable[[], Awaitable[Api]],
        make: Make,
        runtime: Runtime,
        patience: Patience | None = None,
    ) -> None:
        self.name = f"clusters by the Secrets of {namespace}"
        self._path = f"/api/v1/namespaces/{namespace}/secrets"
        self._connect = connect
        self._make = make
        self._runtime = runtime
        self._patience = patience
        self._secrets = Secrets(self.name)
        self._followed: dict[str, bytes] = {}
        """Each cluster's kubeconfig."""
        self._members: dict[str, Member] = {}
        self._moved = asyncio.Event()
        self._following = asyncio.Lock()
        self._serving = asyncio.Event()
        self._trouble = Trouble()
        self._is_known = False
        """Whether they were listed; until then each failure is told."""

    @property
    def clusters(self) -> list[Cluster]:
        """Those that there are now."""
        return [member.cluster for member in self._members.values()]

    def serve(self) -> None:
        """Proxies are served from now on, so controllers may act."""
        self._serving.set()

    async def start(self) -> None:
        """Returns when all clusters are known, and all that is in them was applied (but in those that may be away).

        Raises:
            SourceError: the API server of the Secrets is not known.
        """
        try:
            self._api = await self._connect()
        except ApiError as error:
            raise SourceError(f"{self.name}: {error}") from error

        async def find() -> str:
            return self._path

        reflector, query = Reflector("secrets", self._patience), {"labelSelector": SELECTOR}
        self._informer = Informer(
            self._api, reflector, find, self._changed, self._tell_trouble, self._runtime.clock, query
        )
        self._died: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._listing = asyncio.create_task(self._informer.run())
        try:
            await self._first(self._informer.until_synced())
            self._is_known = True
            await self._follow()
            while not all(member.ready.is_set() for member in self._members.values()):
                ready = asyncio.gather(*(member.ready.wait() for member in self._members.values()))
                await self._first(ready, self._moved.wait())  # whatever keeps one away, its Secret may be put right
                await self._follow()
        except BaseException:
            await self._end()
            raise

    async def run(self) -> None:
        """Follows the Secrets, until it is cancelled."""
        try:
            while True:
                await self._first(self._moved.wait())
                await self._follow()
        finally:
            await self._end()

    async def catch_up(self, key: ObjectKey) -> None:
        """As a source's, of every cluster that is known when it begins."""
        await asyncio.gather(*(member.catch_up(key) for member in list(self._members.values())))

    async def refresh(self) -> None:
        """As a source's."""
        await self._informer.refresh()
        await self._follow()
        members = list(self._members.values())
        await asyncio.gather(*(member.refresh() for member in members))

    def reports(self) -> list[Report]:
        """What is wrong in the Secrets, and in the clusters' objects."""
        found = list(self._secrets.reports)
        for member in self._members.values():
            if member.problem is not None:
                found.append(Report(self.name, None, None, member.problem, Severity.ERROR))
            found += member.cluster.source.reports()
        return found

    def report_for(self, key: ObjectKey) -> Report | None:
        """As a source's."""
        reports = (member.cluster.source.report_for(key) for member in self._members.values())
        return next((report for report in reports if report is not None), None)

    async def _first(self, *awaited: Awaitable[Any]) -> None:
        """Returns when one of these is done. Raises what a part has ended by that never should."""
        waiting = [asyncio.ensure_future(each) for each in awaited]
        ending: tuple[asyncio.Future[None], ...] = (self._listing, self._died)
        try:
            await asyncio.wait([*waiting, *ending], return_when=asyncio.FIRST_COMPLETED)
        finally:
            for waited in waiting:
                waited.cancel()
        for future in ending:
            if future.done():
                future.result()

    async def _changed(self, changes: Sequence[Change]) -> None:
        self._secrets.changed(changes)
        self._moved.set()

    async def _follow(self) -> None:
        """Begins what is wanted and not there, and ends what is there and not wanted."""
        async with self._following:
            await self._follow_once()

    async def _follow_once(self) -> None:
        self._moved.clear()
        wanted, before = self._secrets.wanted, self._followed
        self._followed = dict(wanted)
        for name in before.keys() - wanted.keys():
            log.info("a cluster is let go", cluster=name)
            await self._members.pop(name).end()
        for name, kubeconfig in wanted.items():
            if before.get(name) != kubeconfig:
                log.info("a cluster is taken in", cluster=name)
                await self._begin(name, kubeconfig)

    async def _begin(self, name: str, kubeconfig: bytes) -> None:
        """What an earlier kubeconfig of that name gave stays until this one's is known."""
        before = self._members.get(name)
        if before is not None:
            await before.stop()
        cluster, sink = self._make(name, by_document(kubeconfig), None if before is None else before.sink)
        member = self._members[name] = Member(name, cluster, sink, self._serving)
        member.task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        """It was stopped, or has died, and takes this along."""
        error = None if task.cancelled() else task.exception()
        if error is not None and not self._died.done():
            self._died.set_exception(error)

    def _tell_trouble(self) -> None:
        trouble = self._informer.reflector.trouble(self._runtime.clock())
        told = self._trouble.look([] if trouble is None else [trouble], [])
        if told is not None and self._is_known:
            tell(log, told, self.name, trouble)
        if trouble != self._runtime.plane.surroundings.troubles.get(self.name):
            self._runtime.trouble(self.name, trouble)

    async def _end(self) -> None:
        self._listing.cancel()
        with suppress(asyncio.CancelledError):
            await self._listing
        for member in self._members.values():
            await member.stop()
        await self._api.close()
