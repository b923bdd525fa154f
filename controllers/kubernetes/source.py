"""A Kubernetes cluster as a source of ServiceEntries and WorkloadEntries."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial

import structlog

from controllers.generations import Generations
from controllers.journal import Journal
from controllers.kubernetes.api import Api, ApiError
from controllers.kubernetes.definitions import PLURALS, Definitions
from controllers.kubernetes.informer import Changed, Find, Informer
from controllers.kubernetes.intake import Intake
from controllers.kubernetes.keeping import Keeping
from controllers.kubernetes.known import NAMESPACE, Known
from controllers.kubernetes.objects import Change, Name
from controllers.kubernetes.reading import Lean, Reading
from controllers.kubernetes.reflector import Reflector
from controllers.kubernetes.trouble import Trouble, tell
from controllers.kubernetes.writer import Writer
from controllers.reports import Report
from controllers.source import ClusterSink, SourceError
from ledger.ids import ObjectKey
from xds.objects import Event

log = structlog.get_logger("kubernetes")


_ASK_AGAIN_SECONDS = 1.0

RESTORED_SECONDS = 10.0
"""For which the API server is waited for where there is something to serve without it."""

Decide = Callable[[Sequence[Change]], list[Event]]
_TROUBLE_SECONDS = 1.0
"""Between two looks at whether the API server can still be taken at its word."""


class KubernetesSource(Known):
    """A cluster's objects, from `start` on.

    Args:
        context: of the kubeconfig; empty: the current one, or, in a Pod, its own cluster.
        runtime: where the objects go.
        reading: what is read.
        save: makes `generations` outlive the process; see `FileSource`.
        journal: makes the objects outlive the process, so that the next one has something to serve where the API server
            is not there.
        connect: finds the API server of a context.
    """

    def __init__(
        self,
        context: str,
        runtime: ClusterSink,
        generations: Generations | None = None,
        *,
        save: Callable[[Generations], None] | None = None,
        journal: Journal | None = None,
        connect: Callable[[str], Awaitable[Api]] = Api.connect,
        reading: Reading | None = None,
    ) -> None:
        name = f"kubernetes:{context}" if context else "kubernetes"
        self._context = context
        self._runtime = runtime
        self._generations = Generations() if generations is None else generations
        super().__init__(name, Intake(name, self._generations))
        self._saved_version = self._generations.version
        self._save = save
        self._keeping = Keeping(self.name, journal)
        self._reading = reading or Reading()
        self._connect = connect
        self.after_change: list[Callable[[str, Sequence[Change]], None]] = []
        """Told of the kind, and of what has changed, when it was applied."""
        self._applying = asyncio.Lock()
        self._started = False
        self._trouble = Trouble()
        self._served: dict[str, Informer] = {}
        """Those of what is applied."""
        self._running: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Returns when all that is in the cluster was applied; that may be never, if it can't be reached.

        Raises:
            SourceError: the kubeconfig has no such context.
        """
        try:
            self._api = await self._connect(self._context)
        except ApiError as error:
            raise SourceError(f"{self.name}: {error}") from error
        self._server_clock = self._api.clock
        self._definitions = Definitions(self._api)
        self.writer = Writer(self._api, self._definitions)
        self._served = {
            NAMESPACE: self._of_namespaces(),
            **{kind: self._of_objects(kind) for kind in self._reading.kinds},
        }
        self._informers = {**self._served, **{kind: self._of_others(kind) for kind in self._reading.beside}}
        self._asking.set()
        try:
            await self._begin(restored=await self._restore())
        except BaseException:
            await self._end()
            raise
        self._started = True
        self._tell_trouble()

    async def _begin(self, restored: bool) -> None:
        self._running = [asyncio.create_task(informer.run()) for informer in self._informers.values()]
        synced = asyncio.create_task(self._sync())
        self._running.append(synced)
        patience = RESTORED_SECONDS if restored or self._reading.may_be_away else None
        done, _ = await asyncio.wait(self._running, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()  # an informer ends only by an error
        if synced not in done:
            log.warning("the API server can't be reached: what was known of it is served", source=self.name)

    async def run(self) -> None:
        """Applies changes, until it is cancelled."""
        try:
            async with asyncio.TaskGroup() as tasks:
                for running in self._running:
                    tasks.create_task(_until_done(running))
                tasks.create_task(self._watch_trouble())
        finally:
            await self._end()

    async def _end(self) -> None:
        for running in self._running:
            running.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)  # they use what is closed next
        await self._api.close()
        self._keeping.close()

    async def catch_up(self, key: ObjectKey) -> None:
        """Returns when the object is applied as it was in the cluster at the time of the call, or later.

        While the API server can't be asked, it waits; not for one that may be away, and is known to be.
        """
        informer, name = self._served.get(key.kind), Name(key.namespace, key.name)
        if informer is None or key.kind == NAMESPACE:
            return
        while not (self._reading.may_be_away and self.trouble):
            try:
                async with asyncio.timeout(_ASK_AGAIN_SECONDS if self._reading.may_be_away else None):
                    version = await self._definitions.version_of(key)
                async with asyncio.timeout(_ASK_AGAIN_SECONDS):
                    await informer.until_applied(name, version)
                    return
            except TimeoutError:
                pass  # it may have been made anew, or be gone, since it was asked for

    async def refresh(self) -> None:
        """Returns when all that was in the cluster at the time of the call is applied: watches may be late.

        One that may be away is waited for as long as at the start.
        """
        refreshing = asyncio.gather(*(informer.refresh() for informer in self._informers.values()))
        try:
            async with asyncio.timeout(RESTORED_SECONDS if self._reading.may_be_away else None):
                await refreshing
        except TimeoutError:
            log.warning("the API server can't be reached: what was known of it is served", source=self.name)

    @property
    def trouble(self) -> str | None:
        """Why it can't be told what is so; None if it can."""
        return self._trouble.what

    def is_given_by_another(self, key: ObjectKey) -> bool:
        """Whether another source has an object of that name, and that one is served."""
        return self._runtime.is_given_by_another(key)

    def reports(self) -> list[Report]:
        """What is wrong in the objects now."""
        return self._intake.reports()

    def report_for(self, key: ObjectKey) -> Report | None:
        """Why the object that is served may not be the one that is meant, or a warning; None if all is well."""
        return self._intake.report_for(key)

    # What an earlier process had

    async def _restore(self) -> bool:
        """Applies what was kept. Returns whether anything was."""
        kept = await self._keeping.restore(self._served)
        if kept is None:
            return False
        for kind, informer in self._served.items():
            changes = informer.reflector.restore(kept[kind])
            events = self._intake.namespaces(changes) if kind == NAMESPACE else self._intake.objects(kind, changes)
            if events:
                await self._runtime.apply(events)
            informer.took(changes)
        return True

    async def _sync(self) -> None:
        """Returns when all that is in the cluster was applied."""
        await self.synced()
        async with self._applying:
            await self._keeping.complete()

    # Whom it asks

    def _of_namespaces(self) -> Informer:
        async def find() -> str:
            return "/api/v1/namespaces"

        async def changed(changes: Sequence[Change]) -> None:
            await self._apply(NAMESPACE, changes, self._intake.namespaces)

        query = {"labelSelector": self._reading.selector} if self._reading.selector else {}
        return self._informer("namespaces", find, changed, query)

    def _of_objects(self, kind: str) -> Informer:
        async def find() -> str:
            return await self._definitions.find(kind)

        async def changed(changes: Sequence[Change]) -> None:
            await self._apply(kind, changes, partial(self._intake.objects, kind))

        return self._informer(PLURALS[kind], find, changed, {})

    def _of_others(self, kind: str) -> Informer:
        async def find() -> str:
            return await self._definitions.find(kind)

        async def changed(changes: Sequence[Change]) -> None:
            self._told(kind, changes)

        return self._informer(f"{kind}s", find, changed, {}, self._reading.beside[kind])

    def _informer(
        self, what: str, find: Find, changed: Changed, query: Mapping[str, str], lean: Lean = lambda document: document
    ) -> Informer:
        reflector = Reflector(what, self._reading.patience)
        return Informer(self._api, reflector, find, changed, self._tell_trouble, self._runtime.clock, query, lean)

    # What has changed

    async def _apply(self, kind: str, changes: Sequence[Change], decide: Decide) -> None:
        async with self._applying:  # what was decided later is applied later
            await self._keeping.write(kind, changes)
            events = decide(changes)
            if self._save is not None and self._generations.version != self._saved_version:
                version = self._generations.version
                try:
                    await asyncio.to_thread(self._save, self._generations)
                    self._saved_version = version
                except OSError as error:  # what is meant is served all the same; see `FileSource`
                    log.warning("can't save generations", source=self.name, reason=str(error))
            if events:
                await self._runtime.apply(events)
        self._told(kind, changes)

    def _told(self, kind: str, changes: Sequence[Change]) -> None:
        for call in self.after_change:
            call(kind, changes)

    async def _watch_trouble(self) -> None:
        while True:
            self._tell_trouble()
            told = self._server_clock.told(self._runtime.clock(), asyncio.get_running_loop().time())
            if told is not None:
                log.warning(told, source=self.name)
            await asyncio.sleep(_TROUBLE_SECONDS)

    def _tell_trouble(self) -> None:
        if not self._started:
            return  # until then nothing is known anyway
        now = self._runtime.clock()
        served: list[str] = []
        beside: list[str] = []
        for kind, informer in self._informers.items():
            if (trouble := informer.reflector.trouble(now)) is not None:
                (served if kind in self._served else beside).append(trouble)
        if self._keeping.trouble is not None:
            served.append(self._keeping.trouble)
        before = self._trouble.what
        told = self._trouble.look(served, beside)
        if told is not None:
            tell(log, told, self.name, self._trouble.reason)
        if self._trouble.what != before:
            self._runtime.trouble(self.name, self._trouble.what)


async def _until_done(task: asyncio.Task[None]) -> None:
    await asyncio.shield(task)
