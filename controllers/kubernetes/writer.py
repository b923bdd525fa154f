"""What lastack writes in a cluster."""

from collections.abc import Callable
from typing import Any

from controllers.kubernetes.api import NOT_FOUND, Api, ApiError
from controllers.kubernetes.definitions import Definitions
from controllers.kubernetes.objects import Object
from ledger.ids import ObjectKey


class Writer:
    """Writes objects, each by its key.

    Every method raises an `ApiError` where it is refused (409: the object is not the one, or not of the version, that
    the request names), or where there is no answer (status 0: it is not known whether it was done).
    """

    def __init__(self, api: Api, definitions: Definitions) -> None:
        self._api = api
        self._definitions = definitions

    async def read(self, key: ObjectKey) -> Object | None:
        """The object as it is now, whatever a watch has told; None if there is none of that name."""
        try:
            return await self._api.get(await self._definitions.path_of(key))
        except ApiError as error:
            if error.status == NOT_FOUND and await self._definitions.is_still_served(key.kind):
                return None
            raise

    async def read_all(self, key: ObjectKey) -> list[Object]:
        """All objects of the key's kind in its namespace, as they are now."""
        path, _ = await self._definitions.list_of(key)
        found: list[Object] = (await self._api.get(path)).get("items") or []
        return found

    async def create(self, key: ObjectKey, body: dict[str, Any]) -> None:
        """Makes an object. `body`: without what the key says."""
        path, version = await self._definitions.list_of(key)
        metadata = {**body.get("metadata", {}), "namespace": key.namespace, "name": key.name}
        await self._api.create(path, {"apiVersion": version, "kind": key.kind, **body, "metadata": metadata})

    async def patch(self, key: ObjectKey, body: Object, outdated: Callable[[], str | None] = lambda: None) -> None:
        """Changes an object by a merge patch. outdated: see `Api.patch`."""
        await self._api.patch(await self._definitions.path_of(key), body, outdated)

    async def patch_status(self, key: ObjectKey, body: Object) -> None:
        """Changes an object's status by a merge patch."""
        await self._api.patch(f"{await self._definitions.path_of(key)}/status", body)

    async def delete(self, key: ObjectKey, uid: str) -> None:
        """Deletes an object, if it is that one."""
        await self._api.delete(await self._definitions.path_of(key), uid)

    async def tell(self, event: dict[str, Any]) -> None:
        """Writes a Kubernetes Event."""
        await self._api.create(f"/api/v1/namespaces/{event['metadata']['namespace']}/events", event)
