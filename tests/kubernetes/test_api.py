"""Requests to an API server: who is known no more logs in again."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest
from aiohttp import web
from kubernetes.aio.client import Configuration
from kubernetes.aio.config import ConfigException

from controllers.kubernetes.api import Api, ApiError
from controllers.kubernetes.login import LoginError, by_context
from controllers.kubernetes.rate import RateLimit
from tests.kubernetes.api_server import ApiServer
from tests.kubernetes.store import Refusal

NAMESPACES = "/api/v1/namespaces"


class Doorman:
    """Lets in who shows the newest token."""

    def __init__(self, server: ApiServer) -> None:
        self.token = "1"
        self.logins = 0
        self._url = server.url
        server.faults.append(self._check)

    async def log_in(self) -> Configuration:
        self.logins += 1
        configuration = Configuration(host=self._url)
        configuration.api_key["authorization"] = f"Bearer {self.token}"
        return configuration

    def _check(self, request: web.Request) -> Refusal | None:
        known = request.headers.get("authorization") == f"Bearer {self.token}"
        return None if known else Refusal(401, "Unauthorized")


@pytest.fixture
async def server() -> AsyncIterator[ApiServer]:
    server = ApiServer()
    await server.start()
    yield server
    await server.stop()


async def test_who_is_refused_logs_in_again_and_is_known_then(server: ApiServer) -> None:
    doorman = Doorman(server)
    api = await Api.log_in(doorman.log_in, "test")
    await api.get(NAMESPACES)
    doorman.token = "2"
    with pytest.raises(ApiError, match="401"):
        await api.get(NAMESPACES)
    await api.get(NAMESPACES)
    assert doorman.logins == 2
    await api.close()


async def test_who_stays_refused_does_not_log_in_all_the_time(server: ApiServer) -> None:
    doorman = Doorman(server)
    api = await Api.log_in(doorman.log_in, "test")
    server.faults = [lambda _: Refusal(401, "Unauthorized")]
    for _ in range(5):
        with pytest.raises(ApiError, match="401"):
            await api.get(NAMESPACES)
    assert doorman.logins == 2
    await api.close()


async def test_a_login_that_fails_leaves_everything_as_it_is(server: ApiServer) -> None:
    doorman = Doorman(server)

    async def login() -> Configuration:
        if doorman.logins:
            raise LoginError("the file is gone")
        return await doorman.log_in()

    api = await Api.log_in(login, "test")
    doorman.token = "2"
    with pytest.raises(ApiError, match="401"):
        await api.get(NAMESPACES)
    doorman.token = "1"
    await api.get(NAMESPACES)
    await api.close()


async def test_requests_that_were_given_up_before_they_were_sent_hold_up_no_others(server: ApiServer) -> None:
    """A receipt asks the API server, for two seconds; where a hundred are waited for, most of that is waiting."""
    api = Api(Configuration(host=server.url), "test", RateLimit(per_second=10.0, burst=1))
    for _ in range(100):
        with suppress(TimeoutError):
            async with asyncio.timeout(0.0):
                await api.get(NAMESPACES)
    async with asyncio.timeout(5):
        await api.get(NAMESPACES)
    await api.close()


@pytest.mark.parametrize(
    "said", [AssertionError(), RuntimeError("Session is closed")], ids=lambda said: type(said).__name__
)
@pytest.mark.parametrize("closed", ["all", "an earlier login"])
async def test_a_request_under_way_when_its_connection_is_let_go_has_no_answer(
    server: ApiServer, said: Exception, closed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A receipt asks every cluster, and one of them is let go meanwhile: nothing is wrong with the question."""
    doorman = Doorman(server)
    api = await Api.log_in(doorman.log_in, "test")

    async def request(*_given: object, **_more: object) -> None:
        if closed == "all":
            await api.close()
        else:
            for _ in range(2):
                api._logged_in_at = -100.0
                await api._refused()
        raise said  # as aiohttp has it

    monkeypatch.setattr(api._rest, "request", request)
    with pytest.raises(ApiError, match="let go"):
        await api.get(NAMESPACES)
    await api.close()


async def test_a_mistake_of_ours_is_told_as_one(server: ApiServer, monkeypatch: pytest.MonkeyPatch) -> None:
    api = Api(Configuration(host=server.url), "test")

    async def request(*_: object, **__: object) -> None:
        raise AssertionError("a mistake")

    monkeypatch.setattr(api._rest, "request", request)
    with pytest.raises(AssertionError, match="a mistake"):
        await api.get(NAMESPACES)
    await api.close()


async def test_credentials_that_can_t_be_read_now_are_no_answer_and_no_mistake(server: ApiServer) -> None:
    """A token's file is written anew from time to time, and is empty for a moment perhaps."""
    configuration = Configuration(host=server.url)
    configuration.api_key["authorization"] = "Bearer 1"

    def refresh(_: Configuration) -> None:
        raise ConfigException("Token file exists but empty.")

    configuration.refresh_api_key_hook = refresh  # type: ignore[assignment]
    api = Api(configuration, "test")
    with pytest.raises(ApiError, match="empty"):
        await api.get(NAMESPACES)
    await api.close()


async def test_a_kubeconfig_that_is_half_written_is_no_way_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is read again where a login has ended, just when its owner writes it, perhaps."""
    path = tmp_path / "kubeconfig"
    monkeypatch.setattr("kubernetes.aio.config.kube_config.KUBE_CONFIG_DEFAULT_LOCATION", str(path))
    for text in ("{", "clusters: 3", "- a", "current-context: a\ncontexts: [{name: a}]\n"):
        path.write_text(text)
        with pytest.raises(LoginError):
            await by_context("a")()
