"""The client process, as a test sees it."""

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.envoy.freezing import freeze
from tests.envoy.upstreams import GrpcUpstream

SCRIPT = Path(__file__).with_name("client.py")

ANSWER_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What a call got: the status code's name, and the server's name or what is said of the error."""

    code: str
    text: str
    seconds: float = 0.0


class GrpcClient:
    """A process with gRPC's xDS client in it, which finds its servers through lastack."""

    def __init__(self, node: str, process: asyncio.subprocess.Process) -> None:
        self.node = node
        self._process = process

    @classmethod
    async def start(cls, node: str, xds_port: int, metadata: Mapping[str, str] | None = None) -> "GrpcClient":
        bootstrap = {
            "xds_servers": [
                {
                    "server_uri": f"127.0.0.1:{xds_port}",
                    "channel_creds": [{"type": "insecure"}],
                    "server_features": ["xds_v3"],
                }
            ],
            "node": {"id": node, "metadata": dict(metadata or {})},
        }
        environment = {**os.environ, "GRPC_XDS_BOOTSTRAP_CONFIG": json.dumps(bootstrap)}
        process = await asyncio.create_subprocess_exec(sys.executable, SCRIPT, stdin=PIPE, stdout=PIPE, env=environment)
        return cls(node, process)

    # Calls

    async def call(self, target: str, timeout: float = 5.0) -> Answer:
        """One call of its own."""
        return await self._do(do="call", target=target, method=GrpcUpstream.METHOD, timeout=timeout)

    async def names(self, target: str, calls: int = 8) -> set[str]:
        """Which servers answer; fails if a call fails."""
        answers = [await self.call(target) for _ in range(calls)]
        assert {answer.code for answer in answers} == {"OK"}, answers
        return {answer.text for answer in answers}

    async def hold(self, target: str) -> Answer:
        """Begins a streaming call, which stays open until its server's `release`."""
        return await self._do(do="hold", target=target, method=GrpcUpstream.STREAM)

    async def finish(self, target: str) -> Answer:
        """Reads that call to its end."""
        return await self._do(do="finish", target=target)

    async def close(self, target: str) -> None:
        """Asks for the target no longer."""
        await self._do(do="close", target=target)

    async def _do(self, **command: object) -> Answer:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(command).encode() + b"\n")
        async with asyncio.timeout(ANSWER_SECONDS):
            line = await self._process.stdout.readline()
        assert line, "the client process has ended"
        return Answer(**json.loads(line))

    # Its process

    def pause(self) -> None:
        """It freezes, with its sockets open."""
        freeze(self._process.pid)

    def resume(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    async def kill(self) -> None:
        """It is gone without a word. May be called twice."""
        if self._process.returncode is None:
            self._process.kill()
            await self._process.wait()
