"""An API server: requests and answers in plain values. `kubernetes` knows how to reach it, and who we are there.

Its models are not used: they take long to build, and refuse what they don't know. Nor are its watches, which say
nothing of an error, and end after five minutes whatever is asked for.
"""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlencode

import aiohttp
from kubernetes.aio.client import Configuration
from kubernetes.aio.client.rest import RESTClientObject, RESTResponse
from kubernetes.aio.config import ConfigException, load_incluster_config, load_kube_config

from controllers.kubernetes.rate import RateLimit
from controllers.kubernetes.reflector import Failure, Object, failure_of

CALL_SECONDS = 30.0
"""For which an answer may be waited; of a page of a list as well."""

SILENT_SECONDS = 150.0
"""Without a word on a watch, after which its connection is taken to be dead: a bookmark comes about every minute."""

_CONNECT_SECONDS = 10.0
_MERGE_PATCH = "application/merge-patch+json"


class ApiError(Exception):
    """A request failed; the text says which, and why."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.reason)
        self.failure = failure

    @property
    def status(self) -> int:
        """Of HTTP; 0: there was no answer."""
        return self.failure.status


class Api:
    """One cluster's API server.

    Args:
        configuration: where it is, and how to prove who we are.
        name: of the cluster, in messages.
    """

    def __init__(self, configuration: Configuration, name: str, limit: RateLimit | None = None) -> None:
        self.name = name
        configuration.connection_pool_maxsize = 0  # a watch keeps its connection
        self._configuration = configuration
        self._rest = RESTClientObject(configuration)
        self._limit = limit or RateLimit()

    @classmethod
    async def connect(cls, context: str) -> "Api":
        """By a context of the kubeconfig; empty: the current one, or, in a Pod, its own cluster.

        Raises:
            ApiError: there is no such context, or the files that it names can't be read.
        """
        configuration = Configuration()
        try:
            if not context:
                try:
                    load_incluster_config(client_configuration=configuration)  # type: ignore[no-untyped-call]
                    return cls(configuration, "in-cluster")
                except ConfigException:
                    pass  # not in a Pod
            await load_kube_config(context=context or None, client_configuration=configuration)  # type: ignore[no-untyped-call]
            return cls(configuration, context or "current context")
        except (ConfigException, OSError, ssl.SSLError) as error:
            named = f"context {context}" if context else "the current context"
            raise ApiError(Failure(0, f"the kubeconfig has no usable {named}: {error}")) from error

    async def get(self, path: str, **query: str) -> Object:
        """Reads an object, or a list.

        Raises:
            ApiError: it is refused, or there is no answer.
        """
        timeout = aiohttp.ClientTimeout(total=CALL_SECONDS, connect=_CONNECT_SECONDS)
        async with self._request("GET", path, query, None, timeout) as response:
            return await _body_of(response)

    async def patch(self, path: str, body: Object) -> Object:
        """Changes an object by a merge patch.

        Raises:
            ApiError: as with `get`.
        """
        timeout = aiohttp.ClientTimeout(total=CALL_SECONDS, connect=_CONNECT_SECONDS)
        async with self._request("PATCH", path, {}, body, timeout) as response:
            return await _body_of(response)

    @asynccontextmanager
    async def watch(self, path: str, **query: str) -> AsyncIterator[AsyncIterator[Object]]:
        """Watches a list: the events, as they come.

        Raises:
            ApiError: it is refused, or breaks.
        """
        timeout = aiohttp.ClientTimeout(total=None, connect=_CONNECT_SECONDS, sock_read=SILENT_SECONDS)
        async with self._request("GET", path, {**query, "watch": "true"}, None, timeout) as response:
            yield _events(response)

    async def close(self) -> None:
        """Ends its connections."""
        await self._rest.close()

    @asynccontextmanager
    async def _request(
        self, method: str, path: str, query: Mapping[str, str], body: object, timeout: aiohttp.ClientTimeout
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        await asyncio.sleep(self._limit.wait(asyncio.get_running_loop().time()))
        url = f"{self._configuration.host}{path}?{urlencode(query)}"
        try:
            headers = {"Accept": "application/json", "Content-Type": _MERGE_PATCH, **await self._credentials()}
            request: Callable[..., Awaitable[RESTResponse]] = self._rest.request
            answer = await request(method, url, headers, body, _request_timeout=timeout)
            async with answer.response as response:
                if response.status >= 400:
                    raise ApiError(await _refusal(response, f"{method} {path}"))
                yield response
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            reason = str(error) or "no answer in time"
            raise ApiError(Failure(0, f"{method} {path}: {reason}")) from error

    async def _credentials(self) -> dict[str, str]:
        settings: Mapping[str, Any] = await self._configuration.auth_settings()
        return {auth["key"]: auth["value"] for auth in settings.values() if auth["in"] == "header" and auth["value"]}


async def _events(response: aiohttp.ClientResponse) -> AsyncIterator[Object]:
    """One JSON value a line, however long: a stream's own lines are limited."""
    rest = b""
    async for data in response.content.iter_any():
        *lines, rest = (rest + data).split(b"\n")
        for line in lines:
            if line.strip():
                yield _plain(line)


async def _body_of(response: aiohttp.ClientResponse) -> Object:
    return _plain(await response.read())


def _plain(data: bytes) -> Object:
    try:
        value = json.loads(data)
    except ValueError as error:
        raise ApiError(Failure(0, f"the API server's answer is not JSON: {data[:100]!r}")) from error
    if not isinstance(value, dict):
        raise ApiError(Failure(0, f"the API server's answer is not an object: {data[:100]!r}"))
    return value


async def _refusal(response: aiohttp.ClientResponse, what: str) -> Failure:
    """What a refusal says: a `Status`, or whatever a proxy in between has made of it."""
    data = await response.read()
    try:
        status = json.loads(data)
    except ValueError:
        status = None
    if not isinstance(status, dict) or status.get("kind") != "Status":
        status = {"message": data[:200].decode(errors="replace").strip() or response.reason}
    found = failure_of({**status, "code": response.status})
    header = response.headers.get("Retry-After", "")
    wait = max(found.retry_after, float(header)) if header.isdecimal() else found.retry_after
    return Failure(response.status, f"{what}: {response.status} {found.reason}", wait)
