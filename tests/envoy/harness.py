"""The mesh of a test: a control plane on the test's event loop, Envoys, and upstreams."""

import asyncio
import os
import ssl
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from pathlib import Path

import grpc

from controllers.clock import Clock
from controllers.runtime import Runtime
from ledger.ids import Generation, ObjectKey, ProxyId
from ledger.receipts import Outcome, Query, Receipt
from ledger.roster import Presence
from tests.envoy.objects import Object, Target
from tests.envoy.process import ALONE, Envoy
from tests.envoy.recording import RecordingPlane
from tests.envoy.upstreams import GreetingUpstream, GrpcUpstream, HttpUpstream
from tests.envoy.waiting import eventually
from xds.limits import Limits
from xds.objects import Applied, Deleted
from xds.timing import Timing

CONFIRMED_SECONDS = 5.0

ABSENT_SECONDS = 20.0


class AdjustableClock(Clock):
    """The real time, plus what a test lets pass at once."""

    def __init__(self) -> None:
        super().__init__()
        self._ahead = 0.0

    def __call__(self) -> float:
        return super().__call__() + self._ahead

    def advance(self, seconds: float) -> None:
        """That much time has passed."""
        self._ahead += seconds


class Mesh:
    """A control plane and what is around it.

    `load` and `open` start it: from then on `plane` and `runtime` are there. It may be closed, and loaded again like a
    restarted process: on the same port, with the same objects, and nothing else of the old one but its dump.
    """

    def __init__(self, folder: Path, delta: bool, timing: Timing, limits: Limits) -> None:
        self.delta = delta
        self.plane = RecordingPlane(timing)
        self.clock = AdjustableClock()
        self.runtime = Runtime(self.plane, self.clock, limits)
        self.port = 0
        self.objects: dict[ObjectKey, Applied] = {}
        self._folder = folder
        self._timing = timing
        self._limits = limits
        self._generation = 0
        self._server: grpc.aio.Server | None = None
        self._ticking: asyncio.Task[None] | None = None
        self._envoys: list[Envoy] = []
        self._upstreams: list[HttpUpstream | GrpcUpstream | GreetingUpstream] = []

    # The control plane

    async def load(self, dump: Mapping[str, object] | None = None, *, roster_known: bool = True) -> None:
        """A new control plane takes in the objects and an earlier one's dump, and is ready. Nobody can connect yet."""
        self.plane = RecordingPlane(self._timing)
        self.runtime = Runtime(self.plane, self.clock, self._limits)
        await self.runtime.apply(list(self.objects.values()))
        if dump is not None:
            self.plane.load(dump, self.clock())
        self.runtime.start(roster_known)

    async def open(self) -> None:
        """Listens; the second time on the same port as the first."""
        server = grpc.aio.server(options=self._limits.options())
        self.runtime.discovery.add_to(server)
        self.port = server.add_insecure_port(f"127.0.0.1:{self.port}")
        await server.start()
        self._server = server
        self._ticking = asyncio.create_task(self.runtime.tick_forever())

    async def close(self) -> None:
        """The control plane is gone; Envoys stay up, and so do the objects."""
        if self._ticking is not None:
            self._ticking.cancel()
        if self._server is not None:
            await self._server.stop(None)
            self._server = None

    async def end(self) -> None:
        """Ends everything."""
        await asyncio.gather(*(envoy.kill() for envoy in self._envoys))
        await asyncio.gather(*(upstream.stop() for upstream in self._upstreams))
        await self.close()

    # What is around it

    async def start_envoy(
        self,
        node: str = "envoy-1",
        metadata: Mapping[str, str] | None = None,
        lifecycle: Sequence[str] = ALONE,
        address: str = "",
        own_streams: bool = False,
    ) -> Envoy:
        """Starts an Envoy: with an address of its own, whatever its node id, unless one is given."""
        number = len(self._envoys) + 1
        folder = self._folder / f"envoy-{number}"
        folder.mkdir(parents=True)
        address = address or _own_address(number)
        envoy = await Envoy.start(folder, node, address, self.port, self.delta, metadata, lifecycle, own_streams)
        self._envoys.append(envoy)
        return envoy

    async def envoy(self, node: str = "envoy-1", metadata: Mapping[str, str] | None = None) -> Envoy:
        """Starts an Envoy, and returns when it serves."""
        envoy = await self.start_envoy(node, metadata)
        await eventually(envoy.is_live, what=f"{node} is live")
        return envoy

    async def upstream(self, name: str, address: str = "127.0.0.1") -> HttpUpstream:
        """Starts an HTTP server."""
        upstream = HttpUpstream(name)
        self._upstreams.append(upstream)
        await upstream.start(address)
        return upstream

    async def unix_upstream(self, name: str, path: Path) -> HttpUpstream:
        """Starts an HTTP server on a Unix socket."""
        upstream = HttpUpstream(name)
        self._upstreams.append(upstream)
        await upstream.start_unix(path)
        return upstream

    async def grpc_upstream(self, name: str) -> GrpcUpstream:
        """Starts a gRPC server."""
        upstream = GrpcUpstream(name)
        self._upstreams.append(upstream)
        await upstream.start()
        return upstream

    async def greeting_upstream(self, name: str, tls: ssl.SSLContext | None = None) -> GreetingUpstream:
        """Starts a server that speaks first; over TLS if given a context."""
        upstream = GreetingUpstream(name, tls)
        self._upstreams.append(upstream)
        await upstream.start()
        return upstream

    # Objects

    async def apply(self, *objects: Object) -> None:
        """Applies objects as one change, each at a generation of its own that is higher than any before."""
        events = []
        for item in objects:
            self._generation += 1
            event = Applied(item, Generation(self._generation), blake2b(repr(item).encode()).digest())
            self.objects[item.key] = event
            events.append(event)
        await self.runtime.apply(events)

    async def delete(self, *targets: Target) -> None:
        """Deletes objects as one change."""
        for target in targets:
            del self.objects[_key(target)]
        await self.runtime.apply([Deleted(_key(target)) for target in targets])

    def forget_offline(self, target: Target) -> None:
        """The object is deleted while no control plane runs that could see it."""
        assert self._server is None
        del self.objects[_key(target)]

    # Receipts

    def query(self, target: Target) -> Query:
        """Asks for the object as it was last applied; or, if it was deleted, that it is no more."""
        key = _key(target)
        applied = self.objects.get(key)
        return Query(key, applied.generation) if applied is not None else Query(key, deleted=True)

    def receipt(self, target: Target) -> Receipt:
        """The receipt as of now."""
        return self.plane.receipt(self.query(target), self.clock())

    async def confirmed(self, *targets: Target, seconds: float = CONFIRMED_SECONDS) -> Receipt:
        """Waits until every receipt is CONFIRMED, and returns the last."""
        assert targets
        for target in targets:
            receipt = await self.runtime.receipt(self.query(target), seconds)
            assert receipt.outcome is Outcome.CONFIRMED, receipt
        return receipt

    # Proxies

    def is_absent(self, node: str) -> bool:
        proxy = self.plane.roster.get(ProxyId(node))
        return proxy is not None and proxy.presence is Presence.ABSENT

    async def absent(self, node: str, seconds: float = ABSENT_SECONDS) -> None:
        """Returns when the proxy is absent."""
        await eventually(lambda: self.is_absent(node), seconds, f"{node} is absent")

    async def shown(self, node: str) -> None:
        """Returns when the proxy is connected and has shown what it holds of all that it asks for."""

        def all_shown() -> bool:
            proxy = self.plane.roster.get(ProxyId(node))
            connected = proxy is not None and proxy.presence is Presence.CONNECTED
            return connected and not self.plane.deliveries.connecting

        await eventually(all_shown, 20.0, f"{node} has shown what it holds")


def _key(target: Target) -> ObjectKey:
    return target if isinstance(target, ObjectKey) else target.key


def _own_address(number: int) -> str:
    """A loopback address that no other Envoy of this process has, nor one of another test run."""
    pid = os.getpid()
    return f"127.{1 + pid // 250 % 250}.{pid % 250}.{number}"
