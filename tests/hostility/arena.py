"""The control plane in the test's own process, with a clock of its own; and whoever comes to it over sockets."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from ledger.ids import ProxyId, TypeUrl
from ledger.receipts import StragglerState
from tests.conformance.samples import cluster_of, service, workload
from tests.conformance.sockets import SocketBench
from tests.hostility.http2 import Call, Wire
from tests.hostility.requests import METHOD
from tests.hostility.ways import Misbehaving
from xds.objects import ConfigObject
from xds.protocol.stream import Stream

WEB = service("web")
INSTANCE = workload("instance", "web", "10.0.0.1")
MOVED = workload("instance", "web", "10.0.0.2")
CLUSTERS = [cluster_of(WEB)]


class Arena(SocketBench):
    """As its base, but it waits for nobody: of those that come here, some never do what would be waited for."""

    async def _settle(self) -> None:
        self.discovery.pump()

    async def until(self, condition: Callable[[], bool], what: str) -> None:
        """Returns when the condition holds, which is looked at whenever the server calls the plane."""
        await self.plane.until(condition, what)

    async def call(self, reads: bool = True) -> Call:
        """A stream on a connection of its own."""
        wire = await Wire.connect(self.port)
        return wire.open(METHOD, reads)

    def streams_of(self, node: str) -> list[Stream]:
        """The open streams that have named this node."""
        return [stream for stream in self.plane.streams.values() if stream.proxy and stream.proxy.id == node]

    def has_asked(self, node: str, *types: TypeUrl, since: int = 0) -> bool:
        """Whether the proxy has asked for the types, on a stream later than that one; it may have ended."""
        records = self.plane.deliveries.of_proxy.get(ProxyId(node), {}).values()
        return any(record.id > since and set(types) <= record.interests.keys() for record in records)

    def stragglers(self, item: ConfigObject) -> dict[str, set[StragglerState]]:
        """Whom the object's receipt waits for, and why."""
        found: dict[str, set[StragglerState]] = {}
        for straggler in self.receipt(item).stragglers:
            found.setdefault(straggler.proxy, set()).add(straggler.state)
        return found

    @asynccontextmanager
    async def beside(self, crowd: list[Misbehaving]) -> AsyncIterator[None]:
        """While the crowd misbehaves; at the end it goes, and the control plane has noticed."""
        others = set(self.plane.streams)
        tasks = [asyncio.create_task(one.run(self.port)) for one in crowd]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        await self.until(lambda: self.plane.streams.keys() <= others, "the crowd has gone")
