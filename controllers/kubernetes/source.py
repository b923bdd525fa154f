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
from controllers.kubernetes.reflector import Change, Name, Object, Patience, Reflector
from controllers.reports import Report
from controllers.source import Sink, SourceError
from ledger.ids import ObjectKey
from xds.objects import Event

log = structlog.get_logger("kubernetes")

NAMESPACE = "Namespace"

_ASK_AGAIN_SECONDS = 1.0

RESTORED_SECONDS = 10.0
"""For which the API server is waited for where there is something to serve without it."""

Decide = Callable[[Sequence[Change]], list[Event]]

_TROUBLE_SECONDS = 1.0
"""Between two looks at whether the API server can still be taken at its word."""


class KubernetesSource:
    """A cluster's objects, from `start` on.

    Args:
        context: of the kubeconfig; empty: the current one, or, in a Pod, its own cluster.
        runtime: where the objects go.
        selector: of the namespaces that are taken in, as a label selector; empty: all.
        save: makes `generations` outlive the process; see `FileSource`.
        journal: makes the objects outlive the process, so that the next one has something to serve where the API server
            is not there.
        connect: finds the API server of a context.
    """

    def __init__(
        self,
        context: str,
        runtime: Sink,
        generations: Generations | None = None,
        *,
        save: Callable[[Generations], None] | None = None,
        journal: Journal | None = None,
        selector: str = "",
        patience: Patience | None = None,
        connect: Callable[[str], Awaitable[Api]] = Api.connect,
    ) -> None:
        self.name = f"kubernetes:{context}" if context else "kubernetes"
        self._context = context
        self._runtime = runtime
        self._generations = Generations() if generations is None else generations
        self._saved_version = self._generations.version
        self._save = save
        self._journal = journal
        self._selector = selector
        self._patience = patience
        self._connect = connect
        self.after_change: list[Callable[[str, Sequence[Change]], None]] = []
        """Told of the kind, and of what has changed, when it was applied."""
        self._intake = Intake(self.name, self._generations)
        self._applying = asyncio.Lock()
        self._started = False
        self._unkept: str | None = None
        self._trouble: str | None = None
        self._informers: dict[str, Informer] = {}
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
        self._definitions = Definitions(self._api)
        self._informers = {NAMESPACE: self._of_namespaces(), **{kind: self._of_objects(kind) for kind in PLURALS}}
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
        patience = RESTORED_SECONDS if restored else None
        done, _ = await asyncio.wait(self._running, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()  # an informer ends only by an error
        if synced not in done:
            log.warning("the API server can't be reached: what it had is served", source=self.name)

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
        if self._journal is not None:
            self._journal.close()

    async def catch_up(self, key: ObjectKey) -> None:
        """Returns when the object is applied as it was in the cluster at the time of the call, or later.

        While the API server can't be asked, it waits.
        """
        informer = self._informers.get(key.kind) if key.kind in PLURALS else None
        while informer is not None:
            version = await self._definitions.version_of(key)
            try:
                async with asyncio.timeout(_ASK_AGAIN_SECONDS):
                    await _reached(informer, key, version)
                    return
            except TimeoutError:
                pass  # it may have been made anew, or be gone, since it was asked for

    def document(self, key: ObjectKey) -> Object | None:
        """An object as the cluster has it, as far as is known; None if there is none, or its namespace is not ours."""
        informer = self._informers.get(key.kind) if self._intake.selects(key.namespace) else None
        return informer.reflector.objects.get(Name(key.namespace, key.name)) if informer is not None else None

    def documents(self, kind: str) -> list[tuple[ObjectKey, Object]]:
        """All objects of a kind."""
        informer = self._informers.get(kind)
        objects = informer.reflector.objects if informer is not None else {}
        return [(ObjectKey(kind, *name), document) for name, document in objects.items()]

    async def patch(self, key: ObjectKey, body: Object) -> None:
        """Changes an object by a merge patch.

        Raises:
            ApiError: it is refused (409: it is not the version that the patch is for), or there is no answer.
        """
        await self._api.patch(await self._definitions.path_of(key), body)

    def reports(self) -> list[Report]:
        """What is wrong in the objects now."""
        return self._intake.reports()

    def report_for(self, key: ObjectKey) -> Report | None:
        """Why the object that is served may not be the one that is meant, or a warning; None if all is well."""
        return self._intake.report_for(key)

    # What an earlier process had

    async def _restore(self) -> bool:
        """Applies what was kept. Returns whether anything was."""
        if self._journal is None:
            return False
        try:
            kept = await asyncio.to_thread(self._journal.load)
        except OSError as error:
            raise SourceError(f"{self._journal.path} can't be read: {error.strerror}") from error
        of_kind: dict[str, dict[Name, Object]] = {kind: {} for kind in self._informers}
        for text, document in (kept or {}).items():
            kind, namespace, name = text.split("/")
            of_kind.setdefault(kind, {})[Name(namespace, name)] = document
        for kind, informer in self._informers.items():
            changes = informer.reflector.restore(of_kind[kind])
            events = self._intake.namespaces(changes) if kind == NAMESPACE else self._intake.objects(kind, changes)
            if events:
                await self._runtime.apply(events)
            informer.took(changes)
        return kept is not None

    async def _sync(self) -> None:
        """Returns when all that is in the cluster was applied."""
        await asyncio.gather(*map(_synced, self._informers.values()))
        if self._journal is not None:
            async with self._applying:
                await self._keep(self._journal.complete)

    # Whom it asks

    def _of_namespaces(self) -> Informer:
        async def find() -> str:
            return "/api/v1/namespaces"

        async def changed(changes: Sequence[Change]) -> None:
            await self._apply(NAMESPACE, changes, self._intake.namespaces)

        query = {"labelSelector": self._selector} if self._selector else {}
        return self._informer("namespaces", find, changed, query)

    def _of_objects(self, kind: str) -> Informer:
        async def find() -> str:
            return await self._definitions.find(kind)

        async def changed(changes: Sequence[Change]) -> None:
            await self._apply(kind, changes, partial(self._intake.objects, kind))

        return self._informer(PLURALS[kind], find, changed, {})

    def _informer(self, what: str, find: Find, changed: Changed, query: Mapping[str, str]) -> Informer:
        reflector = Reflector(what, self._patience)
        return Informer(self._api, reflector, find, changed, self._tell_trouble, self._runtime.clock, query)

    # What has changed

    async def _apply(self, kind: str, changes: Sequence[Change], decide: Decide) -> None:
        async with self._applying:  # what was decided later is applied later
            journal = self._journal
            if journal is not None:
                kept = [(f"{kind}/{name.namespace}/{name.name}", new) for name, new in changes]
                await self._keep(lambda: journal.write(kept))
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
        for call in self.after_change:
            call(kind, changes)

    async def _keep(self, write: Callable[[], None]) -> None:
        """Before anything is acted upon: the next process must serve nothing older."""
        try:
            await asyncio.to_thread(write)
            self._unkept = None
        except OSError as error:
            assert self._journal is not None
            # Gone is as good as written: the next process has nothing to serve then, and waits.
            left = "" if not self._journal.path.exists() else f", and {self._journal.path} is out of date: remove it"
            self._unkept = f"what changes can't be kept: {error.strerror or error}{left}" if left else None
            log.warning("can't keep what changes", source=self.name, reason=str(error))

    async def _watch_trouble(self) -> None:
        while True:
            self._tell_trouble()
            await asyncio.sleep(_TROUBLE_SECONDS)

    def _tell_trouble(self) -> None:
        if not self._started:
            return  # until then nothing is known anyway
        now = self._runtime.clock()
        every = self._informers.values()
        found = [trouble for informer in every if (trouble := informer.reflector.trouble(now))]
        if self._unkept is not None:
            found.append(self._unkept)
        trouble = "; ".join(found) or None
        if (trouble is None) != (self._trouble is None):
            log.warning("receipts are UNKNOWN" if trouble else "all is well again", source=self.name, reason=trouble)
        if trouble != self._trouble:
            self._trouble = trouble
            self._runtime.trouble(self.name, trouble)


async def _synced(informer: Informer) -> None:
    async with informer.moved:
        await informer.moved.wait_for(lambda: informer.synced)


async def _reached(informer: Informer, key: ObjectKey, version: str | None) -> None:
    async with informer.moved:
        await informer.moved.wait_for(lambda: _has_reached(informer, key, version))


async def _until_done(task: asyncio.Task[None]) -> None:
    await asyncio.shield(task)


def _has_reached(informer: Informer, key: ObjectKey, version: str | None) -> bool:
    applied = informer.applied.get(Name(key.namespace, key.name))
    if applied is None or version is None:
        return applied is None and version is None
    if applied.isdecimal() and version.isdecimal():
        return int(applied) >= int(version)
    return applied == version
