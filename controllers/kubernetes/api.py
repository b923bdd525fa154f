"""An API server: requests and answers in plain values. `kubernetes` knows how to reach it, and who we are there.

Its models are not used: they take long to build, and refuse what they don't know. Nor are its watches, which say
nothing of an error, and end after five minutes whatever is asked for.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any
from urllib.parse import urlencode

import aiohttp
from kubernetes.aio.client import Configuration
from kubernetes.aio.client.rest import RESTClientObject, RESTResponse
from kubernetes.aio.config import ConfigException

from controllers.kubernetes.failure import Failure, failure_of
from controllers.kubernetes.login import Login, LoginError, by_context
from controllers.kubernetes.objects import Object
from controllers.kubernetes.rate import RateLimit
from controllers.kubernetes.server_clock import ServerClock

CALL_SECONDS = 30.0
"""For which an answer may be waited; of a page of a list as well."""

SILENT_SECONDS = 150.0
"""Without a word on a watch, after which its connection is taken to be dead: a bookmark comes about every minute."""

NOT_FOUND, CONFLICT = 404, 409

_UNAUTHORIZED = 401

_LOGIN_SECONDS = 10.0
"""Between two logins where the server refuses us."""

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
        barred: why nothing may be written now, asked right before each write; None: it may be.
    """

    def __init__(
        self,
        configuration: Configuration,
        name: str,
        limit: RateLimit | None = None,
        barred: Callable[[], str | None] = lambda: None,
        login: Login | None = None,
    ) -> None:
        self.name = name
        self.clock = ServerClock()
        """Beside the event loop's."""
        self._login = login
        self._logged_in_at = 0.0
        self._is_closed = False
        self._left: list[RESTClientObject] = []
        """Of earlier logins: watches go on."""
        self._use(configuration)
        self._limit = limit or RateLimit()
        self._barred = barred

    @classmethod
    async def connect(cls, context: str, barred: Callable[[], str | None] = lambda: None) -> "Api":
        """By a context of the kubeconfig; empty: the current one, or, in a Pod, its own cluster.

        Raises:
            ApiError: there is no such context, or the files that it names can't be read.
        """
        return await cls.log_in(by_context(context), context or "current context", barred)

    @classmethod
    async def log_in(cls, login: Login, name: str, barred: Callable[[], str | None] = lambda: None) -> "Api":
        """By a login, which is gone through again where the server knows us no more.

        Raises:
            ApiError: there is no way in.
        """
        try:
            return cls(await login(), name, None, barred, login)
        except LoginError as error:
            raise ApiError(Failure(0, str(error))) from error

    async def get(self, path: str, **query: str) -> Object:
        """Reads an object, or a list.

        Raises:
            ApiError: it is refused, or there is no answer.
        """
        timeout = aiohttp.ClientTimeout(total=CALL_SECONDS, connect=_CONNECT_SECONDS)
        async with self._request("GET", path, query, None, timeout) as response:
            return await _body_of(response)

    async def create(self, path: str, body: Object) -> Object:
        """Makes an object in the list at `path`.

        Raises:
            ApiError: as with `get`, or nothing may be written; 409: there is one of that name.
        """
        return await self._write("POST", path, body)

    async def patch(self, path: str, body: Object, outdated: Callable[[], str | None] = lambda: None) -> Object:
        """Changes an object by a merge patch.

        Args:
            outdated: why it is not to be sent any more, asked when it would be: it may have waited for others.

        Raises:
            ApiError: as with `create`; 409: it is not of the version that `body` names, or was outdated.
        """
        return await self._write("PATCH", path, body, outdated)

    async def delete(self, path: str, uid: str) -> Object:
        """Deletes the object at `path`, if it is that one.

        Raises:
            ApiError: as with `create`; 409: it is another one.
        """
        return await self._write("DELETE", path, {"preconditions": {"uid": uid}})

    async def _write(
        self, method: str, path: str, body: Object, outdated: Callable[[], str | None] = lambda: None
    ) -> Object:
        timeout = aiohttp.ClientTimeout(total=CALL_SECONDS, connect=_CONNECT_SECONDS)
        async with self._request(method, path, {}, body, timeout, outdated) as response:
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
        self._is_closed = True
        for rest in (*self._left, self._rest):
            await rest.close()

    def _use(self, configuration: Configuration) -> None:
        configuration.connection_pool_maxsize = 0  # a watch keeps its connection
        self._configuration = configuration
        self._rest = RESTClientObject(configuration)

    async def _refused(self) -> None:
        """Credentials end. Whoever sent what was refused tries it again; watches go on with the old ones."""
        now = asyncio.get_running_loop().time()
        if self._login is None or now < self._logged_in_at + _LOGIN_SECONDS:
            return
        self._logged_in_at = now
        with suppress(LoginError):  # the refusal tells
            configuration = await self._login()
            self._left.append(self._rest)
            if len(self._left) > 1:
                await self._left.pop(0).close()
            self._use(configuration)

    @asynccontextmanager
    async def _request(
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        body: object,
        timeout: aiohttp.ClientTimeout,
        outdated: Callable[[], str | None] = lambda: None,
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        time = asyncio.get_running_loop().time
        try:
            await asyncio.sleep(self._limit.wait(time()))
        except asyncio.CancelledError:
            self._limit.given_up()
            raise
        url = f"{self._configuration.host}{path}?{urlencode(query)}"
        rest = self._rest
        try:
            content = _MERGE_PATCH if method == "PATCH" else "application/json"
            headers = {"Accept": "application/json", "Content-Type": content, **await self._credentials()}
            rest = self._rest
            request: Callable[..., Awaitable[RESTResponse]] = rest.request
            if method != "GET" and (why := self._barred()) is not None:
                raise ApiError(Failure(0, f"{method} {path}: {why}"))
            if (why := outdated()) is not None:
                raise ApiError(Failure(CONFLICT, f"{method} {path}: {why}"))
            asked = time()
            answer = await request(method, url, headers, body, _request_timeout=timeout)
            async with answer.response as response:
                self.clock.heard(response.headers.get("Date", ""), asked, time())
                if response.status == _UNAUTHORIZED:
                    await self._refused()
                if response.status >= 400:
                    raise ApiError(await _refusal(response, f"{method} {path}"))
                yield response
        except (aiohttp.ClientError, ConfigException, TimeoutError, OSError) as error:
            reason = str(error) or "no answer in time"
            raise ApiError(Failure(0, f"{method} {path}: {reason}")) from error
        except (RuntimeError, AssertionError, AttributeError) as error:
            # Of a connection that is closed under a request aiohttp says one or the other, as the moment has it.
            if not self._is_closed and rest in (*self._left, self._rest):
                raise
            raise ApiError(Failure(0, f"{method} {path}: its cluster was let go")) from error

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
