"""The same through gRPC, on a socket: the real server, and a client that knows gRPC and nothing of xDS."""

import asyncio

import grpc

from ledger.ids import TypeUrl
from tests.conformance.bench import NODE, Bench
from tests.conformance.client import Client, Ending
from tests.conformance.transports import Kind, method
from tests.conformance.watched import PATIENCE, WatchedPlane
from xds.limits import Limits
from xds.plane import Plane
from xds.protocol.stream import Stream, Transport
from xds.server import DiscoveryServer

Call = grpc.aio.StreamStreamCall[bytes, bytes]

_UNLIMITED = [("grpc.max_send_message_length", -1), ("grpc.max_receive_message_length", -1)]


class SocketBench(Bench):
    """A server on a port of its own. `limits`: a test may set them before a `restart`."""

    plane: WatchedPlane

    def __init__(self) -> None:
        self.limits = Limits()
        super().__init__()
        self.port = 0
        self._server: grpc.aio.Server | None = None
        self._channel: grpc.aio.Channel | None = None

    async def open(
        self, kind: Kind, type_url: TypeUrl, node: str = NODE, *, certificate: tuple[str, ...] | None = None
    ) -> Client:
        assert certificate is None, "certificates are shown to the core only"
        assert self._channel is not None
        return await self.open_on(self._channel, kind.transport(type_url), node)

    async def open_on(self, channel: grpc.aio.Channel, transport: Transport, node: str = NODE) -> "SocketClient":
        """Opens a stream on a connection of the test's own."""
        plane, before = self.plane, len(self.plane.opened)
        call = _calling(channel, transport)
        await plane.until(lambda: len(plane.opened) > before, "the stream is open")
        return SocketClient(plane, call, plane.opened[before], transport, node)

    async def refused(self, kind: Kind, type_url: TypeUrl) -> Ending:
        """Tries to open a stream, which the server is to end at once."""
        assert self._channel is not None
        call = _calling(self._channel, kind.transport(type_url))
        async with asyncio.timeout(PATIENCE):
            return Ending((await call.code()).name, await call.details() or "")

    async def drain(self) -> None:
        """The server shuts down."""
        await self.discovery.drain(0.0)
        await self._settle()

    def _new_plane(self) -> Plane:
        return WatchedPlane(self.timing)

    async def _serve(self) -> None:
        self.discovery = DiscoveryServer(self.plane, lambda: self.now, self.limits)
        self._server = grpc.aio.server(options=self.limits.options())
        self.discovery.add_to(self._server)
        self.port = self._server.add_insecure_port("127.0.0.1:0")
        await self._server.start()
        self._channel = grpc.aio.insecure_channel(f"127.0.0.1:{self.port}", options=_UNLIMITED)

    async def _stop_serving(self) -> None:
        if self._channel is not None:
            await self._channel.close()
        if self._server is not None:
            await self._server.stop(None)
        self._server = self._channel = None

    async def _tick(self) -> None:
        self.discovery.tick()

    async def _settle(self) -> None:
        self.discovery.pump()
        await self.plane.until(lambda: not self.plane.busy, "the server has written all there is to write")


class SocketClient(Client):
    """A raw gRPC call."""

    def __init__(self, plane: WatchedPlane, call: Call, stream: Stream, transport: Transport, node: str) -> None:
        super().__init__(stream, transport, node)
        self._plane = plane
        self._call = call
        self._sent = 0
        self._taken = 0

    @property
    def has_more(self) -> bool:
        return self._plane.given[self.stream.id] > self._taken

    @property
    def is_open(self) -> bool:
        return self._plane.is_open(self.stream)

    async def ended(self) -> Ending:
        assert not self.has_more, "there are responses before the end"
        async with asyncio.timeout(PATIENCE):
            return Ending((await self._call.code()).name, await self._call.details() or "")

    async def finish(self) -> None:
        await self._call.done_writing()
        await self._plane.until(lambda: not self.is_open, "the server has ended the stream")

    async def close(self) -> None:
        self._call.cancel()
        await self._plane.until(lambda: not self.is_open, "the server has noticed the end")

    async def _write(self, data: bytes) -> None:
        await self._call.write(data)
        self._sent += 1
        await self._plane.until(self._is_taken_in, "the server has read the request, and written what it has to say")

    def _is_taken_in(self) -> bool:
        if not self.is_open:
            return True
        return self._plane.received[self.stream.id] >= self._sent and not self._plane.busy

    async def _read(self) -> bytes:
        async with asyncio.timeout(PATIENCE):
            data: object = await self._call.read()
        assert isinstance(data, bytes), "a response was to come, and the stream ended"
        self._taken += 1
        return data


def _calling(channel: grpc.aio.Channel, transport: Transport) -> Call:
    opening: grpc.aio.StreamStreamMultiCallable[bytes, bytes] = channel.stream_stream(method(transport))
    return opening()
