"""A preStop hook is answered when no proxy routes to its Pod any more, and at the end of the grace period."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from controllers.addresses import Address, bind
from controllers.kubernetes.pods.hook import hook_app
from controllers.kubernetes.pods.names import AT_BOUND, DRAIN_TOKEN, PUBLISHED
from controllers.status.listener import HttpListener
from tests.kubernetes.suite.control import Control
from tests.kubernetes.suite.lab import Lab
from tests.kubernetes.suite.lives import begun, condition, controlled

CONFIRMED, RELEASED = {"outcome": "CONFIRMED"}, {"outcome": "RELEASED_UNCONFIRMED"}


@asynccontextmanager
async def hooked(lab: Lab, **options: Any) -> AsyncIterator[tuple[Control, "Hook"]]:
    async with controlled(lab, **options) as control, listening(lab, control) as hook:
        yield control, hook


@asynccontextmanager
async def listening(lab: Lab, control: Control) -> AsyncIterator["Hook"]:
    bound = bind(Address("127.0.0.1", 0))
    listener = HttpListener(hook_app(lambda: [control.source], control.runtime.clock), bound)
    url = f"http://127.0.0.1:{bound.getsockname()[1]}/v1/drain/{lab.namespace}"
    running = asyncio.create_task(listener.run())
    async with httpx.AsyncClient(timeout=60) as client:
        yield Hook(client, url)
    listener.stop()
    await running


class Hook:
    """What kubelet does with it."""

    def __init__(self, client: httpx.AsyncClient, url: str) -> None:
        self._client = client
        self._url = url

    async def call(self, path: str = "p") -> tuple[int, dict[str, str]]:
        answer = await self._client.get(f"{self._url}/{path}")
        return answer.status_code, answer.json()


async def published(lab: Lab, control: Control, **options: Any) -> None:
    await begun(lab, **options)
    await control.until(lambda: "p" in control.addresses(), "its entry is taken in")
    control.take()
    await condition(lab, PUBLISHED)


async def test_it_is_answered_when_the_proxy_has_let_go_and_not_before(lab: Lab) -> None:
    async with hooked(lab, answers=False) as (control, hook):
        await published(lab, control)
        await lab.delete("pods", "p")
        calling = asyncio.create_task(hook.call())
        again = asyncio.create_task(hook.call())
        await control.until(lambda: control.runtime.plane.index.workloads and control.stream.has_unsent, "it drains")
        assert not calling.done()
        control.runtime.discovery.after_pump.append(control._take_soon)
        control.take()
        assert await calling == (200, CONFIRMED)
        assert await again == (200, CONFIRMED)
        assert await hook.call() == (200, CONFIRMED)


async def test_any_replica_answers_also_one_that_serves_no_proxies(lab: Lab) -> None:
    standby = Control(lab)
    await standby.source.start()
    running = asyncio.create_task(standby.source.run())
    async with controlled(lab) as control, listening(lab, standby) as hook:
        await published(lab, control)
        await standby.until(lambda: "p" in standby.addresses(), "the standby knows it")
        await lab.delete("pods", "p")
        assert await hook.call() == (200, CONFIRMED)
    running.cancel()


async def test_a_pod_is_found_by_its_token(lab: Lab) -> None:
    async with hooked(lab) as (control, hook):
        await published(lab, control, annotations={DRAIN_TOKEN: "t-1"})
        await lab.delete("pods", "p")
        assert await hook.call("by-token/t-1") == (200, CONFIRMED)


async def test_a_container_that_begins_anew_does_not_wait(lab: Lab) -> None:
    async with hooked(lab) as (control, hook):
        await published(lab, control)
        status, answer = await hook.call()
        assert (status, answer["outcome"]) == (200, "NOTHING")


async def test_a_pod_that_is_not_there_is_not_waited_for(lab: Lab) -> None:
    async with hooked(lab) as (_, hook):
        status, answer = await hook.call("another")
        assert (status, answer["outcome"]) == (200, "NOTHING")


async def test_at_the_end_of_the_grace_period_it_proceeds(lab: Lab) -> None:
    async with hooked(lab, answers=False) as (control, hook):
        await published(lab, control, grace=4)
        await lab.delete("pods", "p")
        assert await hook.call() == (200, RELEASED)


async def test_or_it_tells_that_the_pod_is_held(lab: Lab) -> None:
    async with hooked(lab, answers=False) as (control, hook):
        await published(lab, control, grace=3, annotations={AT_BOUND: "hold"})
        await lab.delete("pods", "p")
        status, answer = await hook.call()
        assert (status, answer["outcome"]) == (504, "PENDING")
