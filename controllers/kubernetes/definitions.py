"""Where a cluster has ServiceEntries and WorkloadEntries."""

import asyncio

from controllers.kubernetes.api import Api, ApiError
from controllers.kubernetes.reflector import Failure
from ledger.ids import ObjectKey
from xds.objects import SERVICE_ENTRY, WORKLOAD_ENTRY

GROUP = "networking.istio.io"

VERSIONS = ("v1", "v1beta1")
"""Of the group, in the order of preference."""

PLURALS = {SERVICE_ENTRY: "serviceentries", WORKLOAD_ENTRY: "workloadentries"}

_NOT_FOUND = 404
_ASK_AGAIN_SECONDS = 1.0


class Definitions:
    """The version of the group that a cluster serves: it is asked for, and may change with an upgrade."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._prefix = ""

    async def find(self, kind: str) -> str:
        """The path of a kind's list.

        Raises:
            ApiError: the cluster can't be asked, or has none.
        """
        try:
            group = await self._api.get(f"/apis/{GROUP}")
        except ApiError as error:
            if error.status != _NOT_FOUND:
                raise
            missing = f"the cluster does not know {GROUP}: install its CustomResourceDefinitions (they come with Istio)"
            raise ApiError(Failure(_NOT_FOUND, missing)) from error
        served = {version["version"] for version in group.get("versions", ())}
        for version in VERSIONS:
            if version in served:
                self._prefix = f"/apis/{GROUP}/{version}"
                return f"{self._prefix}/{PLURALS[kind]}"
        raise ApiError(Failure(0, f"the cluster serves {GROUP} in none of {', '.join(VERSIONS)}"))

    async def path_of(self, key: ObjectKey) -> str:
        """The path of an object.

        Raises:
            ApiError: as with `find`.
        """
        if not self._prefix:
            await self.find(key.kind)
        return f"{self._prefix}/namespaces/{key.namespace}/{PLURALS[key.kind]}/{key.name}"

    async def version_of(self, key: ObjectKey) -> str | None:
        """The resource version that the object has now; None if there is none of that name.

        Returns when the cluster has told; that may be never.
        """
        while True:
            try:
                found = await self._api.get(await self.path_of(key))
                return str(found["metadata"]["resourceVersion"])
            except ApiError as error:
                if error.status == _NOT_FOUND and await self._is_still_served(key.kind):
                    return None
                await asyncio.sleep(_ASK_AGAIN_SECONDS)

    async def _is_still_served(self, kind: str) -> bool:
        """Whether what was not found was looked for in the right place: in a version that is served."""
        asked = self._prefix
        try:
            await self.find(kind)
        except ApiError:
            return False
        return asked == self._prefix
