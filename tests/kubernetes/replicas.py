"""Several `lastack serve` that share a Lease, each with a connection to the API server that can be cut."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml

from tests.controllers.serving import ANY_PORT, Served, serve
from tests.kubernetes.kubeconfig import kubeconfig
from tests.kubernetes.store import Document

LEASE, DURATION = "default/lastack", 3

_CONTEXT = "double"
_WRITE = re.compile(rb"(?:POST|PUT|PATCH|DELETE) \S+")


class Wire:
    """A TCP connection to somewhere, through here.

    Args:
        port: on 127.0.0.1, where it leads.
    """

    def __init__(self, port: int) -> None:
        self.port = 0
        self._there = port
        self._server: asyncio.Server | None = None
        self._ends: list[asyncio.StreamWriter] = []
        self._is_silent = False
        self._held = asyncio.Event()
        self.writes: list[str] = []
        """Requests that change something, with their paths, from here to there."""

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def cut(self) -> None:
        """Nobody gets through any more, and is told so."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for end in self._ends:
            end.transport.abort()
        self._ends.clear()

    def silence(self) -> None:
        """Nothing gets through any more, and nobody is told."""
        self._is_silent = True

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", self._there)
        if self._server is None:  # it was cut meanwhile
            for end in (writer, back):
                end.transport.abort()
            return
        self._ends += [writer, back]
        await asyncio.gather(self._pass(reader, back), self._pass(there, writer))

    def _note(self, data: bytes) -> None:
        self.writes += [found.decode() for found in _WRITE.findall(data)]

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65536):
                if self._is_silent:
                    await self._held.wait()
                self._note(data)
                writer.write(data)
            writer.close()
        except OSError:
            writer.transport.abort()


@dataclass(frozen=True, slots=True)
class Replica:
    """A process, and its wire to the API server."""

    served: Served
    wire: Wire


@asynccontextmanager
async def replica(port: int, folder: Path, name: str, *arguments: str | Path) -> AsyncIterator[Replica]:
    """A process whose API server is at that port, in a Pod of its name."""
    wire = Wire(port)
    await wire.open()
    path = folder / f"kubeconfig-{name}"
    path.write_text(yaml.safe_dump(kubeconfig({_CONTEXT: {"server": f"http://127.0.0.1:{wire.port}"}})))
    shared = ("--lease", LEASE, "--lease-duration", f"{DURATION}s", "--settling", "0s", "--identifier", name)
    fixed = ("--source", f"kubernetes:{_CONTEXT}", "--longest-request", "100ms", "--drain-time", "100ms")
    try:
        environment = {"KUBECONFIG": str(path), "POD_NAME": name, "POD_NAMESPACE": "default"}
        async with serve(*fixed, *shared, *ANY_PORT, *arguments, environment=environment) as served:
            yield Replica(served, wire)
    finally:
        await wire.cut()


def given_up() -> Document:
    """The Lease, so that it may be taken at once."""
    namespace, name = LEASE.split("/")
    spec = {"holderIdentity": "", "leaseDurationSeconds": 1, "leaseTransitions": 0}
    return {"metadata": {"namespace": namespace, "name": name}, "spec": spec}
