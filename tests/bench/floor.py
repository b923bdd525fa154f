"""The floor: a bare `grpc.aio` server that writes given bytes and reads what comes: `python -m tests.bench.floor`.

Told line by line. greet: {responses}: what each stream is sent for its first requests, one for each, in hexadecimal.
push: {body}: writes that to every stream, and waits for as many answers: {seconds}. read: {requests}: counts so many
from now on; all_read: waits for them.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import grpc

from tests.bench.host import Host
from tests.hostility.requests import METHOD

_SERVICE, _NAME = METHOD.strip("/").split("/")


class Floor(Host):
    """Reads and writes, and nothing else."""

    def __init__(self) -> None:
        super().__init__()
        self._streams: list[Any] = []
        self._greetings: list[bytes] = []
        self._missing = 0
        self._all_read = asyncio.Event()

    async def start(self, server: grpc.aio.Server) -> None:
        handlers: dict[str, grpc.RpcMethodHandler[bytes, bytes]] = {
            _NAME: grpc.stream_stream_rpc_method_handler(self._serve)
        }
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(_SERVICE, handlers),))

    async def _serve(self, _: AsyncIterator[bytes], context: Any) -> None:
        self._streams.append(context)
        greetings = iter(self._greetings)
        try:
            while isinstance(await context.read(), bytes):
                self._missing -= 1
                if not self._missing:
                    self._all_read.set()
                greeting = next(greetings, None)
                if greeting is not None:
                    await context.write(greeting)
        finally:
            self._streams.remove(context)

    async def obey(self, told: dict[str, Any]) -> dict[str, Any]:
        match told["do"]:
            case "greet":
                self._greetings = [bytes.fromhex(response) for response in told["responses"]]
                return {}
            case "read":
                self._missing = told["requests"]
                self._all_read.clear()
                return {}
            case "all_read":
                await self._all_read.wait()
                return {"at": time.monotonic()}
            case "push":
                return await self._push(bytes.fromhex(told["body"]))
        return await super().obey(told)

    async def _push(self, body: bytes) -> dict[str, Any]:
        self._missing = len(self._streams)
        self._all_read.clear()
        began = time.monotonic()
        await asyncio.gather(*(context.write(body) for context in self._streams))
        await self._all_read.wait()
        return {"seconds": time.monotonic() - began}


if __name__ == "__main__":
    Floor().main()
