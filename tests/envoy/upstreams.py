"""Instances of services: small servers on the test's own event loop. Each answers with its name."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import grpc

from tests.envoy.waiting import eventually


class HttpUpstream:
    """An HTTP/1.1 server that answers every request with its name; to `/held` only after `release` was called.

    received: how many requests came. held: how many wait for `release`.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.received = 0
        self.held = 0
        self._released = asyncio.Event()
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.StreamWriter] = set()

    async def start(self, address: str = "127.0.0.1") -> None:
        """Listens on a port of the system's choice."""
        self._server = await asyncio.start_server(self._serve, address, 0)

    async def start_unix(self, path: Path) -> None:
        """Listens on a Unix socket."""
        self._server = await asyncio.start_unix_server(self._serve, path)

    @property
    def port(self) -> int:
        assert self._server is not None
        return int(self._server.sockets[0].getsockname()[1])

    def release(self) -> None:
        """Answers the requests to `/held`."""
        self._released.set()

    async def has_held(self, requests: int) -> None:
        """Returns when that many requests wait here."""
        await eventually(lambda: self.held == requests, what=f"{requests} requests held by {self.name}")

    async def stop(self) -> None:
        self._released.set()
        if self._server is not None:
            self._server.close()

    async def kill(self) -> None:
        """As a process ends: whatever is under way on its connections is lost."""
        await self.stop()
        for connection in self._connections:
            connection.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._connections.add(writer)
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                self.received += 1
                if head.split(b" ")[1] == b"/held":
                    self.held += 1
                    await self._released.wait()
                    self.held -= 1
                body = self.name.encode()
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self._connections.discard(writer)
            writer.close()


class GrpcUpstream:
    """A gRPC server whose one method, `METHOD`, answers with its name; as a stream if asked with `STREAM`.

    `release` ends the streams.
    """

    METHOD = "/lastack.Test/Name"
    STREAM = "/lastack.Test/Stream"

    def __init__(self, name: str) -> None:
        self.name = name
        self.port = 0
        self.held = 0
        self._released = asyncio.Event()
        self._server: grpc.aio.Server | None = None

    async def start(self) -> None:
        server = grpc.aio.server()
        handlers: dict[str, grpc.RpcMethodHandler[bytes, bytes]] = {
            "Name": grpc.unary_unary_rpc_method_handler(self._answer),
            "Stream": grpc.unary_stream_rpc_method_handler(self._stream),
        }
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("lastack.Test", handlers),))
        self.port = server.add_insecure_port("127.0.0.1:0")
        await server.start()
        self._server = server

    def release(self) -> None:
        """Ends the streams."""
        self._released.set()

    async def stop(self) -> None:
        self._released.set()
        if self._server is not None:
            await self._server.stop(None)

    async def _answer(self, _: bytes, context: grpc.aio.ServicerContext[bytes, bytes]) -> bytes:
        return self.name.encode()

    async def _stream(self, _: bytes, context: grpc.aio.ServicerContext[bytes, bytes]) -> AsyncIterator[bytes]:
        yield self.name.encode()
        self.held += 1
        await self._released.wait()
        self.held -= 1
        yield self.name.encode()


class GreetingUpstream:
    """A TCP server that sends its name and closes; over TLS if given a context."""

    def __init__(self, name: str, tls: ssl.SSLContext | None = None) -> None:
        self.name = name
        self._tls = tls
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._greet, "127.0.0.1", 0, ssl=self._tls)

    @property
    def port(self) -> int:
        assert self._server is not None
        return int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()

    async def _greet(self, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(self.name.encode())
        await writer.drain()
        writer.close()
