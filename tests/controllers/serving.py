"""`lastack serve` as a process of its own."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

_PATIENCE_SECONDS = 30.0

ANY_PORT = ("--ads", "127.0.0.1:0", "--api", "127.0.0.1:0")


class Served:
    """A process that serves, or has tried to."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.lines: list[str] = []
        self.ads = 0
        self.api = ""
        self.objects = 0

    async def serving(self) -> None:
        """Returns when the process has told where it listens.

        Raises:
            AssertionError: if it ended instead.
        """
        told = await self.logged("serving")
        self.ads = int(told["ads"].rpartition(":")[2])
        self.api = told["api"]
        self.objects = told["objects"]

    async def logged(self, event: str) -> Mapping[str, Any]:
        """The next line about the event."""
        assert self._process.stderr is not None
        async with asyncio.timeout(_PATIENCE_SECONDS):
            while line := (await self._process.stderr.readline()).decode():
                self.lines.append(line)
                if line.startswith("{"):
                    told: Mapping[str, Any] = json.loads(line)
                    if told["event"] == event:
                        return told
        raise AssertionError("".join(self.lines))

    def signal(self, number: signal.Signals = signal.SIGTERM) -> None:
        self._process.send_signal(number)

    async def ended(self) -> int:
        """Its exit code; what it logged last is in `lines`."""
        assert self._process.stderr is not None
        async with asyncio.timeout(_PATIENCE_SECONDS):
            self.lines += (await self._process.stderr.read()).decode().splitlines(keepends=True)
            return await self._process.wait()

    async def receipt(self, path: str, **parameters: str) -> Mapping[str, Any]:
        """A receipt from its API."""
        async with httpx.AsyncClient(timeout=_PATIENCE_SECONDS, trust_env=False) as client:
            answer = await client.get(f"http://{self.api}/v1/receipts/{path}", params=parameters)
            found: Mapping[str, Any] = answer.json()
            return found

    async def readyz(self, api: str) -> tuple[int, str]:
        """Whether it is ready, asked where its API was told to listen."""
        async with httpx.AsyncClient(timeout=_PATIENCE_SECONDS, trust_env=False) as client:
            answer = await client.get(f"http://{api}/readyz")
            return answer.status_code, answer.text

    async def kill(self) -> None:
        """Ends it, if it has not ended by itself."""
        if self._process.returncode is None:
            self._process.kill()
            await self._process.wait()


@asynccontextmanager
async def serve(*arguments: str | Path, environment: Mapping[str, str] | None = None) -> AsyncIterator[Served]:
    """Runs the command, with no settings but these. `environment`: what is added to it."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("LASTACK_")}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "controllers.cli",
        "serve",
        "--log-format",
        "json",
        *map(str, arguments),
        stderr=asyncio.subprocess.PIPE,
        env={**inherited, **(environment or {})},
    )
    served = Served(process)
    try:
        yield served
    finally:
        await served.kill()
