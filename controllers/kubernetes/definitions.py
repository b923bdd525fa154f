"""Where a cluster has the objects that lastack reads and writes."""

import asyncio

from controllers.kubernetes.api import NOT_FOUND, Api, ApiError
from controllers.kubernetes.failure import Failure
from ledger.ids import ObjectKey
from xds.objects import SERVICE_ENTRY, WORKLOAD_ENTRY

GROUP = "networking.istio.io"

VERSIONS = ("v1", "v1beta1")
"""Of the group, in the order of preference."""

PLURALS = {SERVICE_ENTRY: "serviceentries", WORKLOAD_ENTRY: "workloadentries"}

WORKLOAD_GROUP, POD = "WorkloadGroup", "Pod"
"""Kinds that are read where Pods are instances."""

_DEFINED = {**PLURALS, WORKLOAD_GROUP: "workloadgroups"}

_CORE = "/api/v1"

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
        if kind == POD:
            return f"{_CORE}/pods"
        try:
            group = await self._api.get(f"/apis/{GROUP}")
        except ApiError as error:
            if error.status != NOT_FOUND:
                raise
            missing = f"the cluster does not know {GROUP}: install its CustomResourceDefinitions (they come with Istio)"
            raise ApiError(Failure(NOT_FOUND, missing)) from error
        served = {version["version"] for version in group.get("versions", ())}
        for version in VERSIONS:
            if version in served:
                self._prefix = f"/apis/{GROUP}/{version}"
                return f"{self._prefix}/{_DEFINED[kind]}"
        raise ApiError(Failure(0, f"the cluster serves {GROUP} in none of {', '.join(VERSIONS)}"))

    async def path_of(self, key: ObjectKey) -> str:
        """The path of an object.

        Raises:
            ApiError: as with `find`.
        """
        path, _ = await self.list_of(key)
        return f"{path}/{key.name}"

    async def list_of(self, key: ObjectKey) -> tuple[str, str]:
        """The path of all objects of the kind in the namespace, and their API version.

        Raises:
            ApiError: as with `find`.
        """
        if key.kind == POD:
            return f"{_CORE}/namespaces/{key.namespace}/pods", "v1"
        if not self._prefix:
            await self.find(key.kind)
        path = f"{self._prefix}/namespaces/{key.namespace}/{_DEFINED[key.kind]}"
        return path, self._prefix.removeprefix("/apis/")

    async def version_of(self, key: ObjectKey) -> str | None:
        """The resource version that the object has now; None if there is none of that name.

        Returns when the cluster has told; that may be never.
        """
        while True:
            try:
                found = await self._api.get(await self.path_of(key))
                return str(found["metadata"]["resourceVersion"])
            except ApiError as error:
                if error.status == NOT_FOUND and await self.is_still_served(key.kind):
                    return None
                await asyncio.sleep(_ASK_AGAIN_SECONDS)

    async def is_still_served(self, kind: str) -> bool:
        """Whether what was not found was looked for in the right place: in a version that is served."""
        if kind == POD:
            return True
        asked = self._prefix
        try:
            await self.find(kind)
        except ApiError:
            return False
        return asked == self._prefix
