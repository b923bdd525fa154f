"""What is known of a cluster, to those who act on it."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from controllers.kubernetes.informer import Informer
from controllers.kubernetes.intake import Intake
from controllers.kubernetes.objects import Name, Object
from controllers.kubernetes.server_clock import ServerClock
from controllers.kubernetes.writer import Writer
from ledger.ids import ObjectKey

NAMESPACE = "Namespace"

T = TypeVar("T")


class Known:
    """The objects of a cluster, as its watches have told, or asked for anew.

    Args:
        name: of the source, in messages.
        intake: knows which namespaces are selected.
    """

    writer: Writer
    """Where it is written; there from the start on."""

    def __init__(self, name: str, intake: Intake) -> None:
        self.name = name
        self._intake = intake
        self._informers: dict[str, Informer] = {}
        self._asking = asyncio.Event()
        """Set when it is known where the cluster is, and who asks."""
        self.is_over = asyncio.Event()
        """Set when nobody tells it of changes any more: another source may have its cluster."""
        self._server_clock = ServerClock()

    def ahead(self, now: float) -> float:
        """Seconds that the clock of the cluster is ahead of ours, which tells `now`."""
        return self._server_clock.ahead(now, asyncio.get_running_loop().time())

    def document(self, key: ObjectKey, anywhere: bool = False) -> Object | None:
        """An object as the cluster has it, as far as is known; None if there is none, or its namespace is not ours.

        Args:
            anywhere: in such a namespace too.
        """
        informer = self._informers.get(key.kind) if anywhere or self._intake.selects(key.namespace) else None
        return informer.reflector.objects.get(Name(key.namespace, key.name)) if informer is not None else None

    async def read(self, key: ObjectKey) -> Object | None:
        """An object as it is now, whatever the watch has told; None if there is none of that name.

        Waits until it is known where the cluster is; that may be never.

        Raises:
            ApiError: the cluster can't be asked.
        """
        await self._asking.wait()
        return await self.writer.read(key)

    async def read_all(self, key: ObjectKey) -> Sequence[Object]:
        """All objects of the key's kind and namespace, as they are now. Waits as `read`.

        Raises:
            ApiError: as with `read`.
        """
        await self._asking.wait()
        return await self.writer.read_all(key)

    def is_applied(self, key: ObjectKey) -> bool:
        """Whether what `document` gives was taken in: what was told last may be on its way."""
        informer, document = self._informers.get(key.kind), self.document(key)
        if informer is None or document is None:
            return False
        version = str(document["metadata"].get("resourceVersion", ""))
        return informer.applied.get(Name(key.namespace, key.name)) == version

    def documents(self, kind: str) -> list[tuple[ObjectKey, Object]]:
        """All objects of a kind."""
        informer = self._informers.get(kind)
        objects = informer.reflector.objects if informer is not None else {}
        return [(ObjectKey(kind, *name), document) for name, document in objects.items()]

    def labels_of(self, namespace: str) -> Mapping[str, str] | None:
        """Of a namespace; None if it is not selected, or not there."""
        informer = self._informers.get(NAMESPACE)
        found = informer.reflector.objects.get(Name("", namespace)) if informer is not None else None
        return None if found is None else found["metadata"].get("labels") or {}

    async def when(self, kind: str, found: Callable[[], T]) -> T:
        """What `found` returns as soon as that is true; it is asked after each change of an object of the kind."""
        moved = self._informers[kind].moved
        async with moved:
            await moved.wait_for(found)
            return found()

    async def synced(self) -> None:
        """Returns when all that is in the cluster is known; at once if it is."""
        if all(informer.synced for informer in self._informers.values()):
            return
        await asyncio.gather(*(informer.until_synced() for informer in self._informers.values()))

    def serves(self, key: ObjectKey) -> bool:
        """Whether it gives the object, or is about to."""
        return key in self._intake.served

    async def namespaces_known(self) -> None:
        """Returns when the namespaces have been listed."""
        await self._asking.wait()
        await self._informers[NAMESPACE].until_synced()
