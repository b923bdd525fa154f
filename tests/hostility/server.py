"""The control plane under attack, as the command sees it: a process, its memory, its status API."""

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

from tests.envoy.waiting import eventually

_PATIENCE_SECONDS = 60.0
_MEBIBYTE = 1024 * 1024


class Server:
    """`lastack serve` in a process of its own (see `host`). Its log goes to a file, where it holds nobody up."""

    def __init__(self, process: asyncio.subprocess.Process, told: Mapping[str, str]) -> None:
        self._process = process
        self.port = int(told["ads"].rpartition(":")[2])
        self._api = httpx.AsyncClient(base_url=f"http://{told['api']}", timeout=_PATIENCE_SECONDS, trust_env=False)

    async def applied(self) -> float:
        """When it began to apply the next change, on the machine's monotonic clock."""
        assert self._process.stdout is not None
        return float(await self._process.stdout.readline())

    def memory(self) -> float:
        """Mebibytes that it has resident."""
        pages = int(Path(f"/proc/{self._process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / _MEBIBYTE

    def waited(self) -> float:
        """Seconds for which its event loop has been waiting for a processor so far."""
        return int(Path(f"/proc/{self._process.pid}/schedstat").read_text().split()[1]) / 1e9

    async def receipt(self, path: str, **parameters: str) -> Mapping[str, Any]:
        """A receipt."""
        answer = (await self._api.get(f"/v1/receipts/{path}", params=parameters)).json()
        assert isinstance(answer, dict)
        return answer

    async def proxies(self) -> dict[str, str]:
        """The presence of every proxy."""
        answer = (await self._api.get("/v1/proxies")).json()
        return {proxy["id"]: proxy["presence"] for proxy in answer["proxies"]}

    async def forget(self, node: str) -> None:
        """Declares a proxy gone."""
        await self._api.delete(f"/v1/proxies/{node}")

    async def only_open(self, streams: int) -> None:
        """Returns when no more streams than that are open."""
        await eventually(lambda: self._are_open(streams), _PATIENCE_SECONDS, "the crowd's streams are over")

    async def _are_open(self, most: int) -> bool:
        lines = (await self._api.get("/metrics")).text.splitlines()
        return any(float(line.split()[1]) <= most for line in lines if line.startswith("lastack_streams_open "))

    async def stop(self) -> None:
        await self._api.aclose()
        self._process.send_signal(signal.SIGKILL)
        await self._process.wait()


@asynccontextmanager
async def serving(folder: Path, entries: Path, keeps_state: bool) -> AsyncIterator[Server]:
    """Serves a directory's objects; `folder` is for its log, and its state if it is to keep that."""
    log = folder / "log"
    options = {"source": f"files:{entries}", "settling": "0s"}
    if keeps_state:
        options["state-dir"] = str(folder / "state")
    ports = {"ads": "127.0.0.1:0", "api": "127.0.0.1:0", "log-format": "json"}
    arguments = [word for name, value in {**options, **ports}.items() for word in (f"--{name}", value)]
    with log.open("wb") as written:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.hostility.host", "serve", *arguments),
            stdout=asyncio.subprocess.PIPE,
            stderr=written,
            env={name: value for name, value in os.environ.items() if not name.startswith("LASTACK_")},
        )
    server: Server | None = None
    try:
        server = Server(process, await _told(log, process))
        yield server
    finally:
        if server is not None:
            await server.stop()
        elif process.returncode is None:
            process.kill()
            await process.wait()


async def _told(log: Path, process: asyncio.subprocess.Process) -> Mapping[str, str]:
    """What it logs once it serves: where it listens."""

    def lines() -> list[str]:
        return [line for line in log.read_text().splitlines() if '"event": "serving"' in line]

    def ended() -> str:
        return "lastack does not serve: " + log.read_text()

    await eventually(lambda: process.returncode is not None or bool(lines()), _PATIENCE_SECONDS, "lastack serves")
    assert process.returncode is None, ended()
    told: Mapping[str, str] = json.loads(lines()[0])
    return told
