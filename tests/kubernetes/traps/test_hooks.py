"""A preStop hook is not answered while a proxy may route to its Pod: a kubelet ends the containers then."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import httpx
import pytest
from kubernetes.aio.client import Configuration

from controllers.addresses import Address, bind
from controllers.kubernetes.api import Api
from controllers.kubernetes.pods.hook import hook_app
from controllers.kubernetes.reading import Reading
from controllers.kubernetes.source import KubernetesSource
from controllers.runtime import Runtime
from controllers.status.listener import HttpListener
from tests.kubernetes.store import Refusal
from tests.kubernetes.suite.control import PODS, Control
from tests.kubernetes.suite.lab import Lab, path_of
from tests.kubernetes.suite.lives import controlled, entry
from tests.kubernetes.suite.test_hook import Hook, published
from xds.plane import Plane


@asynccontextmanager
async def listening(lab: Lab, sources: Sequence[KubernetesSource], control: Control) -> AsyncIterator[Hook]:
    bound = bind(Address("127.0.0.1", 0))
    listener = HttpListener(hook_app(lambda: sources, control.runtime.clock), bound)
    running = asyncio.create_task(listener.run())
    url = f"http://127.0.0.1:{bound.getsockname()[1]}/v1/drain/{lab.namespace}"
    async with httpx.AsyncClient(timeout=60) as client:
        yield Hook(client, url)
    listener.stop()
    await running


async def unanswered(hook: Hook, path: str = "p", seconds: float = 3.0) -> None:
    calling = asyncio.create_task(hook.call(path))
    done, _ = await asyncio.wait({calling}, timeout=seconds)
    if not done:
        calling.cancel()
        return
    raise AssertionError(f"it was answered: {calling.result()}")


def away(url: str = "http://127.0.0.1:1") -> KubernetesSource:
    async def connect(context: str) -> Api:
        return Api(Configuration(host=url), "away")

    return KubernetesSource("away", Runtime(Plane()), connect=connect, reading=Reading(beside=PODS, may_be_away=True))


async def test_not_by_a_standby_whose_watch_has_not_told_of_the_pod_yet(lab: Lab) -> None:
    """Or by one that has just begun, from what was kept: the API server knows the Pod, and this replica not yet."""
    standby = Control(lab)
    await standby.source.start()  # and its watches tell nothing from then on: it is never run
    for task in standby.source._running:
        task.cancel()
    async with controlled(lab, answers=False) as control, listening(lab, [standby.source], control) as hook:
        await published(lab, control)
        await lab.delete("pods", "p")
        await unanswered(hook)


@pytest.mark.parametrize("begun", [False, True], ids=["its kubeconfig is of no use", "it can't be reached"])
async def test_another_cluster_that_is_away_does_not_answer_for_this_one(lab: Lab, begun: bool) -> None:
    """It is allowed to be (`--allow-unreachable`), and among those that hooks ask."""
    other = away()
    if begun:
        starting = asyncio.create_task(other.start())
        await asyncio.sleep(0.5)
    async with controlled(lab, answers=False) as control, listening(lab, [control.source, other], control) as hook:
        await published(lab, control)
        await lab.delete("pods", "p")
        await unanswered(hook)
    if begun:
        starting.cancel()


async def test_not_by_one_that_does_not_know_yet_which_namespaces_there_are(lab: Lab) -> None:
    """A cluster that was away when this replica began is back, and its next list is half a minute off: the Pod can be
    asked for, and whether its namespace is selected is not known."""
    double = lab.double
    assert double is not None
    async with controlled(lab, answers=False) as control:
        await published(lab, control)
        unavailable = Refusal(503, "ServiceUnavailable")
        double.faults.append(lambda request: unavailable if request.path == "/api/v1/namespaces" else None)
        other = Control(lab).source
        starting = asyncio.create_task(other.start())
        await other._asking.wait()
        async with listening(lab, [other], control) as hook:
            await lab.delete("pods", "p")
            await unanswered(hook)
        starting.cancel()
        await asyncio.gather(starting, return_exceptions=True)


async def test_not_for_a_pod_that_has_opted_out_while_its_entry_drains(lab: Lab) -> None:
    async with controlled(lab, answers=False) as control, listening(lab, [control.source], control) as hook:
        await published(lab, control)
        labels = {"metadata": {"labels": {"lastack.io/enroll": "false"}}}
        await lab.api.patch(path_of("pods", lab.namespace, "p"), labels)

        async def drains() -> bool:
            return "deletionTimestamp" in (await entry(lab))["metadata"]

        await lab.until(drains, "its entry drains")
        await lab.delete("pods", "p")
        await unanswered(hook)


async def test_a_kubelet_that_waits_at_a_replica_that_ends_goes_on_to_wait_at_another(lab: Lab) -> None:
    """It asks once, and ends the containers at whatever answer; but it follows a redirection to the same host."""
    ending = asyncio.Event()
    bound = bind(Address("127.0.0.1", 0))
    async with controlled(lab, answers=False) as control, listening(lab, [control.source], control) as other:
        listener = HttpListener(hook_app(lambda: [control.source], control.runtime.clock, ending), bound)
        running = asyncio.create_task(listener.run())
        await published(lab, control)
        await lab.delete("pods", "p")
        url = f"http://127.0.0.1:{bound.getsockname()[1]}/v1/drain/{lab.namespace}/p?any=1"
        async with httpx.AsyncClient(timeout=60) as client:
            kubelet = asyncio.create_task(client.get(url, headers={"User-Agent": "kube-lifecycle/1.36"}))
            program = asyncio.create_task(client.get(url))
            await asyncio.wait({kubelet, program}, timeout=0.5)
            assert not kubelet.done()
            ending.set()
            answer = await kubelet
            assert answer.status_code == 307
            assert answer.headers["location"] == f"/v1/drain/{lab.namespace}/p?any=1"
            assert answer.headers["connection"] == "close"  # else it would ask the same replica
            assert (await program).status_code == 503  # to curl a redirection is no failure
        await unanswered(other, seconds=0.5)
        listener.stop()
        await running


async def test_who_waits_at_a_cluster_that_has_another_kubeconfig_is_answered_by_whoever_has_it_then(lab: Lab) -> None:
    """No watch tells the one of anything any more where he waits."""
    async with controlled(lab, answers=False) as control:
        old, sources = Control(lab).source, list[KubernetesSource]()
        sources.append(old)
        await old.start()
        running = asyncio.create_task(old.run())
        async with listening(lab, sources, control) as hook:
            await published(lab, control)
            await lab.delete("pods", "p")
            waiting = asyncio.create_task(hook.call())
            done, _ = await asyncio.wait({waiting}, timeout=1.0)
            assert not done
            running.cancel()
            await asyncio.wait({running})
            old.is_over.set()
            done, _ = await asyncio.wait({waiting}, timeout=1.0)
            assert not done, "that it is over is no answer"
            sources[:] = [control.source]
            control.runtime.discovery.after_pump.append(control._take_soon)
            control.take()
            async with asyncio.timeout(10.0):
                assert await waiting == (200, {"outcome": "CONFIRMED"})


async def test_who_comes_before_a_cluster_is_begun_is_not_sent_away(lab: Lab) -> None:
    """As when it has another kubeconfig, just now: a kubelet would end the containers."""
    async with controlled(lab, answers=False) as control:
        begun_later = Control(lab).source
        async with listening(lab, [begun_later], control) as hook:
            await published(lab, control)
            await lab.delete("pods", "p")
            await unanswered(hook, seconds=1.0)
            waiting = asyncio.create_task(hook.call())
            await begun_later.start()
            done, _ = await asyncio.wait({waiting}, timeout=2.0)
            assert not done
            await begun_later._end()
            waiting.cancel()
