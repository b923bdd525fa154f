"""A Kubernetes cluster as a source of ServiceEntries and WorkloadEntries."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import structlog

from controllers.generations import Generations
from controllers.kubernetes.api import Api, ApiError
from controllers.kubernetes.informer import Changed, Find, Informer
from controllers.kubernetes.intake import Intake
from controllers.kubernetes.reflector import Change, Failure, Name, Patience, Reflector
from controllers.reports import Report
from controllers.source import Sink, SourceError
from ledger.ids import ObjectKey
from xds.objects import SERVICE_ENTRY, WORKLOAD_ENTRY, Event

log = structlog.get_logger("kubernetes")

GROUP = "networking.istio.io"

VERSIONS = ("v1", "v1beta1")
"""Of the group, in the order of preference."""

NAMESPACE = "Namespace"

PLURALS = {SERVICE_ENTRY: "serviceentries", WORKLOAD_ENTRY: "workloadentries"}

_ASK_AGAIN_SECONDS = 1.0

_TROUBLE_SECONDS = 1.0
"""Between two looks at whether the API server can still be taken at its word."""


class KubernetesSource:
    """A cluster's objects, from `start` on.

    Args:
        context: of the kubeconfig; empty: the current one, or, in a Pod, its own cluster.
        runtime: where the objects go.
        selector: of the namespaces that are taken in, as a label selector; empty: all.
        save: makes `generations` outlive the process; see `FileSource`.
        connect: finds the API server of a context.
    """

    def __init__(
        self,
        context: str,
        runtime: Sink,
        generations: Generations | None = None,
        *,
        save: Callable[[Generations], None] | None = None,
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
        self._selector = selector
        self._patience = patience
        self._connect = connect
        self._intake = Intake(self.name, self._generations)
        self._applying = asyncio.Lock()
        self._prefix = ""
        self._started = False
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
        self._informers = {NAMESPACE: self._of_namespaces(), **{kind: self._of_objects(kind) for kind in PLURALS}}
        every = self._informers.values()
        self._running = [asyncio.create_task(informer.run()) for informer in every]
        synced = asyncio.gather(*map(_synced, every))
        waited_for: list[asyncio.Future[Any]] = [synced, *self._running]
        try:
            done, _ = await asyncio.wait(waited_for, return_when=asyncio.FIRST_COMPLETED)
        finally:
            synced.cancel()
        for task in done:
            task.result()  # an informer ends only by an error
        self._started = True

    async def run(self) -> None:
        """Applies changes, until it is cancelled."""
        try:
            async with asyncio.TaskGroup() as tasks:
                for running in self._running:
                    tasks.create_task(_until_done(running))
                tasks.create_task(self._watch_trouble())
        finally:
            for running in self._running:
                running.cancel()
            await self._api.close()

    async def catch_up(self, key: ObjectKey) -> None:
        """Returns when the object is applied as it was in the cluster at the time of the call, or later.

        While the API server can't be asked, it waits.
        """
        informer = self._informers.get(key.kind) if key.kind in PLURALS else None
        while informer is not None:
            version = await self._version_of(key)
            try:
                async with asyncio.timeout(_ASK_AGAIN_SECONDS):
                    await _reached(informer, key, version)
                    return
            except TimeoutError:
                pass  # it may have been made anew, or be gone, since it was asked for

    def reports(self) -> list[Report]:
        """What is wrong in the objects now."""
        return self._intake.reports()

    def report_for(self, key: ObjectKey) -> Report | None:
        """Why the object that is served may not be the one that is meant, or a warning; None if all is well."""
        return self._intake.report_for(key)

    # Where things are

    async def _find_prefix(self) -> str:
        """The path of the newest version that the cluster serves."""
        try:
            group = await self._api.get(f"/apis/{GROUP}")
        except ApiError as error:
            if error.status != 404:
                raise
            missing = f"the cluster does not know {GROUP}: install its CustomResourceDefinitions (they come with Istio)"
            raise ApiError(Failure(404, missing)) from error
        served = {version["version"] for version in group.get("versions", ())}
        for version in VERSIONS:
            if version in served:
                self._prefix = f"/apis/{GROUP}/{version}"
                return self._prefix
        raise ApiError(Failure(0, f"the cluster serves {GROUP} in none of {', '.join(VERSIONS)}"))

    async def _version_of(self, key: ObjectKey) -> str | None:
        """The resource version that the object has now; None if there is none of that name."""
        while True:
            try:
                prefix = self._prefix or await self._find_prefix()
                path = f"{prefix}/namespaces/{key.namespace}/{PLURALS[key.kind]}/{key.name}"
                found = await self._api.get(path)
                return str(found["metadata"]["resourceVersion"])
            except ApiError as error:
                if error.status == 404:
                    return None
                await asyncio.sleep(_TROUBLE_SECONDS)

    def _of_namespaces(self) -> Informer:
        async def find() -> str:
            return "/api/v1/namespaces"

        async def changed(changes: Sequence[Change]) -> None:
            await self._apply(lambda: self._intake.namespaces(changes))

        query = {"labelSelector": self._selector} if self._selector else {}
        return self._informer("namespaces", find, changed, query)

    def _of_objects(self, kind: str) -> Informer:
        async def find() -> str:
            return f"{await self._find_prefix()}/{PLURALS[kind]}"

        async def changed(changes: Sequence[Change]) -> None:
            await self._apply(lambda: self._intake.objects(kind, changes))

        return self._informer(PLURALS[kind], find, changed, {})

    def _informer(self, what: str, find: Find, changed: Changed, query: Mapping[str, str]) -> Informer:
        reflector = Reflector(what, self._patience)
        return Informer(self._api, reflector, find, changed, self._tell_trouble, self._runtime.clock, query)

    # What has changed

    async def _apply(self, decide: Callable[[], list[Event]]) -> None:
        async with self._applying:  # what was decided later is applied later
            events = decide()
            if self._save is not None and self._generations.version != self._saved_version:
                version = self._generations.version
                try:
                    await asyncio.to_thread(self._save, self._generations)
                    self._saved_version = version
                except OSError as error:  # what is meant is served all the same; see `FileSource`
                    log.warning("can't save generations", source=self.name, reason=str(error))
            if events:
                await self._runtime.apply(events)

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
        trouble = "; ".join(found) or None
        if (trouble is None) != (self._trouble is None):
            log.warning("receipts are UNKNOWN" if trouble else "all is well again", source=self.name, reason=trouble)
        if trouble != self._trouble:
            self._trouble = trouble
            self._runtime.trouble(self.name, trouble)


async def _synced(informer: Informer) -> None:
    async with informer.moved:
        await informer.moved.wait_for(lambda: informer.reflector.synced)


async def _reached(informer: Informer, key: ObjectKey, version: str | None) -> None:
    async with informer.moved:
        await informer.moved.wait_for(lambda: _has_reached(informer.reflector, key, version))


async def _until_done(task: asyncio.Task[None]) -> None:
    await asyncio.shield(task)


def _has_reached(reflector: Reflector, key: ObjectKey, version: str | None) -> bool:
    held = reflector.objects.get(Name(key.namespace, key.name))
    if held is None or version is None:
        return held is None and version is None
    mine = str(held["metadata"]["resourceVersion"])
    if mine.isdecimal() and version.isdecimal():
        return int(mine) >= int(version)
    return mine == version
