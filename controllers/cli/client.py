"""Client of the status API, for the command line."""

import json
import re
import time
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

import httpx

from controllers.addresses import Address
from ledger.ids import ObjectKey

DEFAULT_PORT = 15014

CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 30.0
"""How long an answer may take beyond what was asked to be waited for."""

RETRY_SECONDS = 0.5
"""How long after a connection was lost it is tried again."""

Json = Mapping[str, Any]


class ApiError(Exception):
    """The API could not be asked, or refused. Its text says what to do."""


class ApiUnreachable(ApiError):
    """Nothing answers there; it may again."""


class ApiClient:
    """Asks the status API.

    Args:
        api: `HOST:PORT`, `HOST` or a URL.
        seconds: how long an answer may take.

    Raises:
        ApiError: if `api` is none of these.
    """

    def __init__(self, api: str, seconds: float = ANSWER_SECONDS) -> None:
        self.url = _url(api)
        self._seconds = seconds
        self._client = httpx.Client(base_url=self.url, trust_env=False, timeout=self._limits(0))

    def proxies(self, id: str = "") -> list[Json]:
        """Every proxy, or the one with that id."""
        return list(self._ask("GET", "/v1/proxies", {"id": id} if id else {})["proxies"])

    def forget(self, proxy: str) -> None:
        """Declares an absent proxy gone.

        Raises:
            ApiError: also if it is not known, or is connected.
        """
        self._ask("DELETE", f"/v1/proxies/{_quoted(proxy)}")

    def objects(self, prefix: str, limit: int) -> list[Json]:
        """Objects whose key starts with `prefix`."""
        return list(self._ask("GET", "/v1/objects", {"prefix": prefix, "limit": str(limit)})["objects"])

    def explain(self, key: ObjectKey) -> Json:
        """An object and its receipt as of now."""
        return self._ask("GET", "/v1/explain/" + _path(key))

    def watch(
        self, key: ObjectKey, generation: int, deleted: bool, seconds: float, stays: float
    ) -> Iterator[Json | None]:
        """The receipt as it is, then whenever it has changed, until it is final or `seconds` are over.

        None stands for a connection that was lost on the way, and is tried again.

        Args:
            stays: for how many seconds it has to be final without a break.

        Raises:
            ApiError: if the API could not be asked at first, or not at the end.
        """
        deadline = time.monotonic() + seconds
        answered = False
        while True:
            left = max(0.0, deadline - time.monotonic())
            try:
                for receipt in self._watch_once(key, generation, deleted, left, stays):
                    answered = True
                    yield receipt
                    if receipt["outcome"] in ("CONFIRMED", "RELEASED_UNCONFIRMED"):
                        return
                if time.monotonic() >= deadline:
                    return
            except ApiUnreachable:
                if not answered or time.monotonic() >= deadline:
                    raise
                yield None
            time.sleep(min(RETRY_SECONDS, max(0.0, deadline - time.monotonic())))

    def _watch_once(
        self, key: ObjectKey, generation: int, deleted: bool, seconds: float, stays: float
    ) -> Iterator[Json]:
        parameters = {
            "generation": str(generation),
            "deleted": str(deleted).lower(),
            "timeout": f"{seconds:.3f}s",
            **({"stays": f"{stays:.3f}s"} if stays else {}),
            "watch": "true",
        }
        path = "/v1/receipts/" + _path(key)
        try:
            with self._client.stream("GET", path, params=parameters, timeout=self._limits(seconds)) as response:
                if response.is_error:
                    response.read()
                    raise self._refusal(response)
                for line in response.iter_lines():
                    yield json.loads(line)
        except (httpx.TransportError, ValueError) as error:
            raise self._unreachable(error) from error

    def _ask(self, method: str, path: str, parameters: Mapping[str, str] | None = None) -> Json:
        try:
            response = self._client.request(method, path, params=dict(parameters or {}))
            if response.is_error:
                raise self._refusal(response)
            found: Json = response.json()
        except (httpx.TransportError, ValueError) as error:
            raise self._unreachable(error) from error
        return found

    def _limits(self, seconds: float) -> httpx.Timeout:
        return httpx.Timeout(self._seconds + seconds, connect=min(CONNECT_SECONDS, self._seconds))

    def _refusal(self, response: httpx.Response) -> ApiError:
        try:
            return ApiError(str(response.json()["error"]))
        except (ValueError, KeyError, TypeError):
            return ApiError(f"{self.url} answered {response.status_code}: is that the API of lastack?")

    def _unreachable(self, error: Exception) -> ApiError:
        if isinstance(error, ValueError):
            return ApiError(f"{self.url} answered with something else than JSON: is that the API of lastack?")
        why = "no answer in time" if isinstance(error, httpx.TimeoutException) else _reason(error)
        remedy = "is `lastack serve` running? Name its address by --api or LASTACK_API"
        return ApiUnreachable(f"can't reach the API at {self.url}: {why}; {remedy}")


def _url(api: str) -> str:
    try:
        if "://" not in api:
            return f"http://{Address.parse(api, DEFAULT_PORT)}"
        url = httpx.URL(api)
    except (ValueError, httpx.InvalidURL) as error:
        raise ApiError(f"{api!r} is not an address of the API: write HOST:PORT, or a URL") from error
    if url.scheme not in ("http", "https") or not re.fullmatch(r"[\w.:-]+", url.host):
        raise ApiError(f"{api!r} is not an address of the API: write HOST:PORT, or a URL of http or https")
    return str(url).rstrip("/")


def _reason(error: Exception) -> str:
    return re.sub(r"^\[Errno -?\d+\] ", "", str(error)) or type(error).__name__


def _path(key: ObjectKey) -> str:
    return "/".join(_quoted(part) for part in key)


def _quoted(text: str) -> str:
    return quote(text, safe="")
