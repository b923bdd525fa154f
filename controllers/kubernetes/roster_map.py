"""The roster of proxies in a ConfigMap beside the Lease, so that whoever holds that next knows who may hold what.

Every write names the version that it is for. Who loads it also signs it: from then on nobody else can write it, who has
not read it since. No proxy is answered before it is in a roster that was written. So whatever an earlier holder still
does, frozen and woken or cut off, it does only to proxies that the one who has loaded the roster knows of.
"""

import asyncio
import base64
import errno
import zlib
from collections.abc import Awaitable, Callable
from typing import Any

import structlog

from controllers.fence import Fence, LeaseLost
from controllers.kubernetes.api import Api, ApiError
from controllers.kubernetes.backoff import Backoff
from controllers.kubernetes.objects import Object
from controllers.saved import SavedRoster, Unusable, enclosed, opened, roster_body, roster_of
from xds.plane import Plane

log = structlog.get_logger("roster")

MOST_BYTES = 1024 * 1024
"""That a ConfigMap may hold."""

HOLDER = "lastack.io/holder"
"""Annotation: the process that has the roster."""

_KEY = "roster"
_NOT_FOUND, _CONFLICT = 404, 409


class MapRoster:
    """A `RosterStore` for one process, after it holds the Lease.

    Args:
        api: of the cluster; it must write nothing when the fence bars it.
        place: namespace and name of the Lease.
        identity: this process's own.
        sleep: waits so many seconds between attempts to load.
    """

    def __init__(
        self,
        api: Callable[[], Api],
        place: tuple[str, str],
        identity: str,
        fence: Fence,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._api = api
        self._namespace, self._name = place[0], f"{place[1]}-roster"
        self.place = f"ConfigMap {self._namespace}/{self._name}"
        self._identity = identity
        self._fence = fence
        self._sleep = sleep
        self._version: str | None = None
        """That a write is for; None: there is none."""

    async def load(self) -> SavedRoster | None:
        """As `RosterStore.load`, and signs it. Tries for as long as there is no answer."""
        backoff, told = Backoff(0.1, 5.0), ""
        while True:
            try:
                return await self._take()
            except ApiError as error:
                if error.status != _CONFLICT and str(error) != told:  # else its last holder has just written it
                    told = str(error)
                    log.error("the roster can't be loaded: proxies have to wait", place=self.place, reason=told)
            await self._sleep(backoff.failed())

    async def save(self, roster: SavedRoster) -> None:
        """As `RosterStore.save`.

        Raises:
            LeaseLost: another process has the roster.
        """
        data = await asyncio.to_thread(_packed, roster)
        if len(data) > MOST_BYTES:
            raise OSError(
                errno.EFBIG, f"it takes {len(data)} bytes, of which {MOST_BYTES} fit: forget proxies that are gone"
            )
        try:
            try:
                await self._write(data)
            except ApiError as error:
                if error.status not in (_CONFLICT, _NOT_FOUND):
                    raise
                await self._look_whose()  # perhaps it was this process: an answer may be lost
                await self._write(data)
        except ApiError as error:
            raise OSError(errno.EIO, str(error)) from error

    async def _take(self) -> SavedRoster | None:
        """Reads it, and signs what was read."""
        found = await self._find()
        if found is None:
            log.info("there is no roster yet", place=self.place)
            await self._write(_packed(SavedRoster(Plane().dump(), complete=False)))
            return None
        try:
            roster = await asyncio.to_thread(_unpacked, found)
        except ValueError as error:
            log.error("the roster can't be used: receipts are UNKNOWN at first", place=self.place, reason=str(error))
            await self._write(_packed(SavedRoster(Plane().dump(), complete=False)))
            return None
        await self._write(None)
        return roster

    async def _look_whose(self) -> None:
        found = await self._find()
        holder = ((found or {}).get("metadata", {}).get("annotations") or {}).get(HOLDER)
        if found is not None and holder != self._identity:
            self._fence.lose(f"{holder or 'somebody'} has written the roster")
            raise LeaseLost(self._fence.lost)

    async def _find(self) -> Object | None:
        try:
            found = await self._api().get(f"{self._path}/{self._name}")
        except ApiError as error:
            if error.status != _NOT_FOUND:
                raise
            self._version = None
            return None
        self._version = found["metadata"]["resourceVersion"]
        return found

    async def _write(self, data: bytes | None) -> None:
        """None: only the signature."""
        metadata: dict[str, Any] = {
            "namespace": self._namespace,
            "name": self._name,
            "annotations": {HOLDER: self._identity},
        }
        body: dict[str, Any] = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}
        if data is not None:
            body["binaryData"] = {_KEY: base64.b64encode(data).decode()}
        if self._version is None:
            written = await self._api().create(self._path, body)
        else:
            metadata["resourceVersion"] = self._version
            written = await self._api().patch(f"{self._path}/{self._name}", body)
        self._version = written["metadata"]["resourceVersion"]

    @property
    def _path(self) -> str:
        return f"/api/v1/namespaces/{self._namespace}/configmaps"


def _packed(roster: SavedRoster) -> bytes:
    return zlib.compress(enclosed(roster_body(roster)))


def _unpacked(document: Object) -> SavedRoster:
    """Raises: ValueError."""
    text = (document.get("binaryData") or {}).get(_KEY)
    if not isinstance(text, str):
        raise Unusable(f"it has no {_KEY} under binaryData")
    try:
        data = zlib.decompress(base64.b64decode(text))
    except (ValueError, zlib.error) as error:
        raise Unusable(f"it can't be decompressed ({error}): it was damaged, or edited") from None
    return roster_of(opened(data))
