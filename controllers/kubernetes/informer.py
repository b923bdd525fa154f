"""Does what a reflector says: lists and watches one kind of object in one cluster."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import structlog

from controllers.kubernetes.api import Api, ApiError
from controllers.kubernetes.reflector import Change, Failure, ListPage, Name, Pause, Reflector, Watch

log = structlog.get_logger("kubernetes")

Find = Callable[[], Awaitable[str]]
Changed = Callable[[Sequence[Change]], Awaitable[None]]

WATCH_SECONDS = (240.0, 480.0)
"""After some time between them the server is to end a watch, so that they are spread over its instances again."""


class Informer:
    """Runs a reflector.

    Args:
        find: gives the path of the list; asked for before each list, since a cluster's versions may change.
        query: what is asked of each list and watch, such as a label selector.
        changed: takes what has changed in; the next answer is read when it returns.
        heard: called after every answer, and after every failure.
    """

    def __init__(
        self,
        api: Api,
        reflector: Reflector,
        find: Find,
        changed: Changed,
        heard: Callable[[], None],
        clock: Callable[[], float],
        query: Mapping[str, str] | None = None,
    ) -> None:
        self.reflector = reflector
        self.synced = False
        """Whether all that there was has been listed and taken in."""
        self.applied: dict[Name, str] = {}
        """The resource version of each object that was taken in. (The reflector is ahead of it.)"""
        self.moved = asyncio.Condition()
        """Notified after every answer, when it was taken in."""
        self._api = api
        self._find = find
        self._changed = changed
        self._heard = heard
        self._clock = clock
        self._query = dict(query or {})
        self._path = ""

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            try:
                await self._step()
            except ApiError as error:
                await self._fail(error.failure)

    async def _step(self) -> None:
        match self.reflector.next(self._clock()):
            case Pause(until):
                await asyncio.sleep(until - self._clock())
            case ListPage(limit, token):
                await self._list(limit, token)
            case Watch(since, until):
                await self._watch(since, until)

    async def _list(self, limit: int, token: str) -> None:
        if not token:
            self._path = await self._find()
        query = {**self._query, "limit": str(limit)}
        found = await self._api.get(self._path, **query, **({"continue": token} if token else {}))
        metadata = found.get("metadata") or {}
        kind, version = str(found.get("kind", "")).removesuffix("List"), found.get("apiVersion")
        # The items of a list don't repeat what they are.
        items = [_lean({"apiVersion": version, "kind": kind, **item}) for item in found.get("items") or ()]
        changes = self.reflector.listed(
            items, metadata.get("resourceVersion", ""), metadata.get("continue", ""), self._clock()
        )
        await self._take(changes)

    async def _watch(self, since: str, until: float | None) -> None:
        query = {
            **self._query,
            "resourceVersion": since,
            "allowWatchBookmarks": "true",
            "timeoutSeconds": str(int(random.uniform(*WATCH_SECONDS))),
        }
        try:
            async with asyncio.timeout_at(self._loop_time(until)), self._api.watch(self._path, **query) as events:
                self.reflector.watching(self._clock())
                await self._take([])
                async for event in events:
                    _lean(event.get("object"))
                    await self._take(self.reflector.told(event, self._clock()))
                    if not isinstance(self.reflector.next(self._clock()), Watch):
                        return  # an error was told: what comes after it is of no use
                self.reflector.ended(self._clock())
        except TimeoutError:
            pass  # it is time for another list

    def _loop_time(self, at: float | None) -> float | None:
        return None if at is None else asyncio.get_running_loop().time() + at - self._clock()

    async def _take(self, changes: Sequence[Change]) -> None:
        if changes:
            await self._changed(changes)
            self.took(changes)
        self.synced = self.reflector.synced
        await self._tell()

    def took(self, changes: Sequence[Change]) -> None:
        """These have been taken in."""
        for name, new in changes:
            if new is None:
                self.applied.pop(name, None)
            else:
                self.applied[name] = str(new["metadata"].get("resourceVersion", ""))

    async def _fail(self, failure: Failure) -> None:
        self.reflector.failed(failure, self._clock())
        log.warning("the API server did not answer as it should", cluster=self._api.name, reason=failure.reason)
        await self._tell()

    async def _tell(self) -> None:
        self._heard()
        async with self.moved:
            self.moved.notify_all()


def _lean(document: Any) -> Any:
    """Without who manages which field: that is often more than all the rest."""
    if isinstance(document, dict) and isinstance(document.get("metadata"), dict):
        document["metadata"].pop("managedFields", None)
    return document
