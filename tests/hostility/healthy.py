"""Proxies as they should be: real gRPC clients that ask for everything by delta ADS, and ACK all that comes."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress

import grpc

from tests.hostility.requests import METHOD, ack, ask, nonce_of, type_of
from xds.types import CDS, EDS

_OPTIONS = [("grpc.max_receive_message_length", -1), ("grpc.use_local_subchannel_pool", 1)]


class HealthyProxy:
    """One proxy, on a connection of its own. `heard_at`: the monotonic time of its last load assignments."""

    def __init__(self, crowd: "Healthy", port: int, node: str) -> None:
        self._crowd = crowd
        self._channel = grpc.aio.insecure_channel(f"127.0.0.1:{port}", options=_OPTIONS)
        self.node = node
        self.heard_at = 0.0

    async def run(self, clusters: Sequence[str]) -> None:
        """Asks, and answers until the stream ends."""
        opening: grpc.aio.StreamStreamMultiCallable[bytes, bytes] = self._channel.stream_stream(METHOD)
        call = opening()
        with suppress(grpc.aio.AioRpcError):  # the stream has ended, which `Healthy.lost` tells
            await call.write(ask(CDS, node=self.node))
            await call.write(ask(EDS, clusters))
            while True:
                response: object = await call.read()
                if not isinstance(response, bytes):
                    return
                type_url = type_of(response)
                if type_url == EDS:
                    self.heard_at = time.monotonic()
                    self._crowd.heard(self)
                await call.write(ack(type_url, nonce_of(response)))

    async def close(self) -> None:
        await self._channel.close()


class Healthy:
    """All of them; they are told of one change of load assignments at a time."""

    def __init__(self, port: int, size: int) -> None:
        self.proxies = [HealthyProxy(self, port, f"healthy-{number}") for number in range(size)]
        self._tasks: list[asyncio.Task[None]] = []
        self._missing: set[HealthyProxy] = set()
        self._all_heard = asyncio.Event()

    async def start(self, clusters: Sequence[str]) -> None:
        """Connects them; returns when each has been sent the load assignments."""
        self.expect()
        self._tasks = [asyncio.create_task(proxy.run(clusters)) for proxy in self.proxies]
        await self.all_heard()

    def expect(self) -> None:
        """Something is about to change."""
        self._missing = set(self.proxies)
        self._all_heard.clear()

    def heard(self, proxy: HealthyProxy) -> None:
        """A proxy has heard of the change."""
        self._missing.discard(proxy)
        if not self._missing:
            self._all_heard.set()

    async def all_heard(self) -> None:
        """Returns when every proxy has heard of the change."""
        await self._all_heard.wait()

    @property
    def lost(self) -> int:
        """How many streams have ended, which none should."""
        return sum(task.done() for task in self._tasks)

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        for proxy in self.proxies:
            await proxy.close()
