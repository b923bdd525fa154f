"""The control plane, as anybody outside uses it: its command line and its HTTP API."""

import asyncio
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from controllers.demo.entries import NAMESPACE
from controllers.demo.errors import DemoError
from xds.objects import WORKLOAD_ENTRY

RECEIPT_TIMEOUT_SECONDS = 30.0
_READY_WITHIN_SECONDS = 30.0
_POLL_SECONDS = 0.05


def serve_command(entries: Path, ads: str, api: str) -> list[str]:
    """The command line of a control plane for a directory of entries.

    It need not settle, since no proxy has been here before.
    """
    serve = [sys.executable, "-m", "controllers.cli", "serve", "--source", f"files:{entries}", "--ads", ads]
    return [*serve, "--api", api, "--settling", "0s", "--log-level", "warning"]


@dataclass(frozen=True, slots=True)
class Confirmation:
    """A receipt that came back CONFIRMED, `seconds` after the change was written; `proxies` is how many ACKed it."""

    seconds: float
    proxies: int


class Control:
    """Client of the HTTP API.

    Args:
        api: `HOST:PORT` of the API.
    """

    def __init__(self, api: str) -> None:
        self.api = api
        self._client = httpx.AsyncClient(base_url=f"http://{api}", timeout=None, trust_env=False, verify=False)

    async def close(self) -> None:
        """Closes its connections."""
        await self._client.aclose()

    async def ready(self) -> None:
        """Waits until the control plane serves.

        Raises:
            DemoError: if it does not in time.
        """
        deadline = time.monotonic() + _READY_WITHIN_SECONDS
        while time.monotonic() < deadline:
            try:
                if (await self._client.get("/readyz")).is_success:
                    return
            except httpx.TransportError:
                pass  # not listening yet
            await asyncio.sleep(_POLL_SECONDS)
        raise DemoError(f"the control plane was not ready within {_READY_WITHIN_SECONDS:g} s")

    async def confirmed(self, instance: str, written: float, deleted: bool = False) -> Confirmation:
        """Waits until what was last written about an instance has reached every proxy.

        Args:
            written: when the writing began, by `time.monotonic()`.
            deleted: the entry was removed.

        Raises:
            DemoError: if the receipt is anything but CONFIRMED in the end.
        """
        receipt = await self._get(
            f"/v1/receipts/{WORKLOAD_ENTRY}/{NAMESPACE}/{instance}",
            {"deleted": str(deleted).lower(), "timeout": f"{RECEIPT_TIMEOUT_SECONDS:g}s"},
        )
        if receipt.get("outcome") != "CONFIRMED":
            raise DemoError(f"{instance} is not confirmed within {RECEIPT_TIMEOUT_SECONDS:g} s: {_why(receipt)}")
        return Confirmation(time.monotonic() - written, int(receipt.get("acked", 0)))

    async def proxies(self) -> Sequence[Mapping[str, Any]]:
        """What the control plane knows of each proxy."""
        found: Sequence[Mapping[str, Any]] = (await self._get("/v1/proxies", {})).get("proxies", [])
        return found

    async def _get(self, path: str, parameters: Mapping[str, str]) -> Mapping[str, Any]:
        try:
            response = await self._client.get(path, params=dict(parameters))
            found: Mapping[str, Any] = response.json()
        except (httpx.HTTPError, ValueError) as error:
            raise DemoError(f"the control plane's API failed at {path}: {error!r}") from error
        return found


def _why(receipt: Mapping[str, Any]) -> str:
    stragglers = [f"{held['proxy']} ({held['state']}: {held['detail']})" for held in receipt.get("stragglers", ())]
    reasons = [*receipt.get("reasons", ()), *stragglers] or [str(receipt.get("error", "no reason given"))]
    return f"{receipt.get('outcome', 'no receipt')}: {'; '.join(dict.fromkeys(reasons))}"
