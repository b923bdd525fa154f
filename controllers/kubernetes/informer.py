"""Does what a reflector says: lists and watches one kind of object in one cluster."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, TypeVar

import structlog

from controllers.kubernetes.api import Api, ApiError
from controllers.kubernetes.failure import Failure
from controllers.kubernetes.objects import Change, Name, Object, is_object
from controllers.kubernetes.reflector import ListPage, Pause, Reflector, Watch

log = structlog.get_logger("kubernetes")

T = TypeVar("T")

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
        lean: takes from an object what nobody needs.
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
        lean: Callable[[Object], Object] = lambda document: document,
    ) -> None:
        self.reflector = reflector
        self.synced = False
        """Whether all that there was has been listed and taken in."""
        self._is_fresh = False
        """`Reflector.is_fresh`, of what was taken in."""
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
        self._lean = lean
        self._path = ""
        self._refused = ""
        """Why it could not be listed at last."""
        self._waits: asyncio.Timeout | None = None
        """Ends what it waits for."""

    async def until_synced(self) -> None:
        """Returns when all that there was has been listed and taken in."""
        async with self.moved:
            await self.moved.wait_for(lambda: self.synced)

    async def until_applied(self, name: Name, version: str | None) -> None:
        """Returns when an object was taken in as it was at that version, or later; None: when it is not there."""
        async with self.moved:
            await self.moved.wait_for(lambda: self._has_applied(name, version))

    def _has_applied(self, name: Name, version: str | None) -> bool:
        applied = self.applied.get(name)
        if applied is None or version is None:
            return applied is None and version is None
        if applied.isdecimal() and version.isdecimal():
            return int(applied) >= int(version)
        return applied == version

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            try:
                await self._step()
            except ApiError as error:
                await self._fail(error.failure)
            except TimeoutError:
                pass  # it is time for a list

    async def refresh(self) -> None:
        """Returns when all that there was at the time of the call is taken in, by a list that leaves no doubt."""
        self.reflector.list_again()
        self._is_fresh = False
        if self._waits is not None and not self._waits.expired():
            self._waits.reschedule(asyncio.get_running_loop().time())
        async with self.moved:
            await self.moved.wait_for(lambda: self._is_fresh)

    async def _step(self) -> None:
        match self.reflector.next(self._clock()):
            case Pause(until):
                async with self._waiting():
                    await asyncio.sleep(until - self._clock())
            case ListPage(limit, token):
                await self._list(limit, token)
            case Watch(since, until):
                await self._watch(since, until)

    async def _list(self, limit: int, token: str) -> None:
        number = self.reflector.lists
        async with self._waiting():
            if not token:
                self._path = await self._find()
            query = {**self._query, "limit": str(limit)}
            found = await self._api.get(self._path, **query, **({"continue": token} if token else {}))
        if self.reflector.lists != number:
            return  # it is to begin anew
        kind, version = str(found.get("kind", "")).removesuffix("List"), found.get("apiVersion")
        metadata: dict[str, Any] = _part(found, "metadata", {})
        items: list[Any] = _part(found, "items", [])
        # The items of a list don't repeat what they are.
        objects = [
            self._leaned({"apiVersion": version, "kind": kind, **item}) if is_object(item) else item for item in items
        ]
        at, more = _part(metadata, "resourceVersion", ""), _part(metadata, "continue", "")
        at = at if "items" in found else ""  # some other object
        await self._take(self.reflector.listed(objects, at, more, self._clock()))

    async def _watch(self, since: str, until: float | None) -> None:
        query = {
            **self._query,
            "resourceVersion": since,
            "allowWatchBookmarks": "true",
            "timeoutSeconds": str(int(random.uniform(*WATCH_SECONDS))),
        }
        async with AsyncExitStack() as connection:
            async with self._waiting(until):
                events = await connection.enter_async_context(self._api.watch(self._path, **query))
            self.reflector.watching(self._clock())
            await self._take([])
            while isinstance(self.reflector.next(self._clock()), Watch):  # else an error was told, or a list is wanted
                try:
                    async with self._waiting(until):
                        event = await anext(events, None)
                except TimeoutError:
                    return  # it is time for a list, and no fault of the connection
                if event is None:
                    self.reflector.ended(self._clock())
                    return
                await self._take(self.reflector.told(self._leaned_event(event), self._clock()))

    @asynccontextmanager
    async def _waiting(self, until: float | None = None) -> AsyncIterator[None]:
        """While nothing has come, it may be time for a list. What has come is taken in before anything else.

        Raises:
            TimeoutError: it is time.
        """
        try:
            async with asyncio.timeout_at(self._loop_time(until)) as self._waits:
                yield
        finally:
            self._waits = None

    def _loop_time(self, at: float | None) -> float | None:
        return None if at is None else asyncio.get_running_loop().time() + at - self._clock()

    async def _take(self, changes: Sequence[Change]) -> None:
        if changes:
            await self._changed(changes)
            self.took(changes)
        self.synced, self._is_fresh = self.reflector.synced, self.reflector.is_fresh
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
        # Once it is synced, the source tells, and once; until then nobody else does.
        tell = log.debug if self.reflector.synced or failure.reason == self._refused else log.warning
        tell("the API server did not answer as it should", cluster=self._api.name, reason=failure.reason)
        self._refused = failure.reason
        await self._tell()

    async def _tell(self) -> None:
        self._heard()
        async with self.moved:
            self.moved.notify_all()

    def _leaned_event(self, event: Object) -> Object:
        about = event.get("object")
        if event.get("type") in ("ADDED", "MODIFIED", "DELETED") and is_object(about):
            return {**event, "object": self._leaned(about)}
        return event

    def _leaned(self, document: dict[str, Any]) -> Object:
        document["metadata"].pop("managedFields", None)  # who manages which field is often more than all the rest
        return self._lean(document)


def _part(found: Mapping[str, Any], name: str, otherwise: T) -> T:
    """What an answer has by that name; `otherwise` where it has none, or one of another kind."""
    part = found.get(name)
    return part if isinstance(part, type(otherwise)) else otherwise
