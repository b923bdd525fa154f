"""What both servers of the bench have in common: a `grpc.aio` server, and a line of JSON for each command."""

import asyncio
import json
import sys
from abc import ABC, abstractmethod
from typing import Any

import grpc

from controllers.logs import set_up_logs
from tests.bench.child import say
from xds.limits import Limits


class Host(ABC):
    """A server that is measured."""

    @abstractmethod
    async def start(self, server: grpc.aio.Server) -> None:
        """Registers what it serves, and starts what is to run beside it."""

    def main(self) -> None:
        """Serves until its input ends. Says {port} first."""
        set_up_logs("json", "error")
        asyncio.run(self._run())

    async def obey(self, told: dict[str, Any]) -> dict[str, Any]:
        """Does what it is told. Returns the answer."""
        raise ValueError(f"not a command: {told!r}")

    async def _run(self) -> None:
        server = grpc.aio.server(options=Limits().options())
        await self.start(server)
        port = server.add_insecure_port("127.0.0.1:0")
        await server.start()
        lines = asyncio.StreamReader(limit=2**26)
        await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
        say(port=port)
        while line := await lines.readline():
            say(**await self.obey(json.loads(line)))
        await server.stop(None)
