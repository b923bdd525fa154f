"""A Deployment's rolling update behind real Envoys under traffic. The suite is its controller, and its kubelet."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from controllers.kubernetes.drain import FINALIZER
from controllers.kubernetes.pods.names import ENTRY, PUBLISHED
from tests.envoy.harness import Mesh
from tests.envoy.objects import HOST, HTTP_PORT
from tests.envoy.process import Envoy
from tests.envoy.upstreams import HttpUpstream
from tests.kubernetes.documents import service
from tests.kubernetes.suite.control import Control
from tests.kubernetes.suite.lab import Lab
from tests.kubernetes.suite.lives import condition, gated
from tests.kubernetes.suite.pods import running
from tests.kubernetes.suite.test_hook import Hook, listening
from xds.limits import Limits
from xds.timing import Timing

PODS, SURGE, ENVOYS, CALLERS = 20, 4, 3, 2
LONGEST_REQUEST = 0.1


@pytest.fixture
async def mesh(tmp_path: Path) -> AsyncIterator[Mesh]:
    mesh = Mesh(tmp_path, delta=True, timing=Timing(), limits=Limits())
    await mesh.load()
    await mesh.open()
    yield mesh
    await mesh.end()


class Deployment:
    """Replaces Pods as a Deployment with `maxUnavailable: 0` does: a new one is ready before an old one is deleted."""

    def __init__(self, lab: Lab, mesh: Mesh, hook: Hook) -> None:
        self._lab = lab
        self._mesh = mesh
        self._hook = hook
        self._processes: dict[str, HttpUpstream] = {}
        self.answers: Counter[str] = Counter()
        """Of preStop hooks."""

    async def add(self, name: str) -> None:
        """Returns when the Pod is ready."""
        process = await self._mesh.upstream(name)
        self._processes[name] = process
        annotations = {ENTRY: json.dumps({"ports": {"http": process.port}})}
        document = gated(name, finalizers=[FINALIZER], annotations=annotations)
        await self._lab.apply("pods", {**document, "status": running("127.0.0.1")})
        await condition(self._lab, PUBLISHED, name=name)

    async def remove(self, name: str) -> None:
        """Deletes the Pod, and ends it as a kubelet does: first its hook, then its process, then the object."""
        await self._lab.delete("pods", name)
        _, answer = await self._hook.call(name)
        self.answers[answer["outcome"]] += 1
        await self._processes[name].kill()
        await self._lab.delete("pods", name, gracePeriodSeconds=0)
        await self._lab.until_gone("pods", name)

    async def replace(self, old: str, new: str) -> None:
        await self.add(new)
        await self.remove(old)


async def test_twenty_pods_behind_three_envoys_are_replaced_without_a_failed_request(lab: Lab, mesh: Mesh) -> None:
    port = {"number": HTTP_PORT, "name": "http", "protocol": "HTTP"}
    await lab.apply("serviceentries", service(hosts=[HOST], ports=[port], namespace=lab.namespace))
    control = Control(lab, runtime=mesh.runtime, longest_request=LONGEST_REQUEST)
    await control.start(proxy=False)
    async with listening(lab, control) as hook:
        deployment = Deployment(lab, mesh, hook)
        await asyncio.gather(*(deployment.add(f"old-{number}") for number in range(PODS)))
        envoys = [await mesh.envoy(f"envoy-{number}") for number in range(ENVOYS)]
        await asyncio.gather(*(reached(envoy) for envoy in envoys))
        statuses: Counter[int] = Counter()

        async def call(envoy: Envoy) -> None:
            while True:
                statuses[(await envoy.request(HOST)).status] += 1

        calling = [asyncio.create_task(call(envoy)) for envoy in envoys for _ in range(CALLERS)]
        began = asyncio.get_running_loop().time()
        for first in range(0, PODS, SURGE):
            numbers = range(first, first + SURGE)
            await asyncio.gather(*(deployment.replace(f"old-{number}", f"new-{number}") for number in numbers))
        took = asyncio.get_running_loop().time() - began
        for task in calling:
            task.cancel()
        await asyncio.gather(*calling, return_exceptions=True)
    await control.kill()
    print(f"\n{PODS} Pods replaced in {took:.1f} s; requests by status: {dict(statuses)}; {dict(deployment.answers)}")
    assert deployment.answers == {"CONFIRMED": PODS}
    assert set(statuses) == {200}
    assert statuses[200] > 20 * PODS


async def reached(envoy: Envoy) -> None:
    while (await envoy.request(HOST)).status != 200:  # noqa: ASYNC110, it is another process
        await asyncio.sleep(0.05)
