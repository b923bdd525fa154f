"""Instances in a cluster are replaced one after another, behind real Envoys under traffic."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from kubernetes.aio.client import Configuration

from controllers.kubernetes.api import Api
from controllers.kubernetes.backoff import Backoff
from controllers.kubernetes.drain import FINALIZER
from controllers.kubernetes.drain_controller import DrainController
from controllers.kubernetes.rate import RateLimit
from controllers.kubernetes.source import KubernetesSource
from ledger.receipts import Outcome, Query
from tests.envoy.harness import Mesh
from tests.envoy.objects import HOST, HTTP_PORT
from tests.envoy.process import Envoy
from tests.envoy.upstreams import HttpUpstream
from tests.envoy.waiting import eventually
from tests.kubernetes.api_server import ApiServer
from tests.kubernetes.documents import Document, namespace, service, workload, workload_key
from xds.limits import Limits
from xds.timing import Timing

ENVOYS, REPLACED = 3, 5
LONGEST_REQUEST = 0.1


@pytest.fixture
async def mesh(tmp_path: Path) -> AsyncIterator[Mesh]:
    mesh = Mesh(tmp_path, delta=True, timing=Timing(), limits=Limits())
    await mesh.load()
    await mesh.open()
    yield mesh
    await mesh.end()


@pytest.fixture
async def server() -> AsyncIterator[ApiServer]:
    server = ApiServer()
    await server.start()
    await server.apply("namespaces", namespace())
    yield server
    await server.stop()


def instance(upstream: HttpUpstream) -> Document:
    document = workload(upstream.name, "127.0.0.1")
    document["metadata"]["finalizers"] = [FINALIZER]
    document["spec"]["ports"] = {"http": upstream.port}
    return document


async def test_a_rolling_update_by_deletion_alone_has_no_failed_request(mesh: Mesh, server: ApiServer) -> None:
    """Each new one is waited for; each old one is only deleted, and stopped when it is gone."""
    port = {"number": HTTP_PORT, "name": "http", "protocol": "HTTP"}
    await server.apply("serviceentries", service(hosts=[HOST], ports=[port]))
    old = await mesh.upstream("old")
    await server.apply("workloadentries", instance(old))

    async def connect(_: str) -> Api:
        return Api(Configuration(host=server.url), "test", RateLimit(1000, 1000))

    source = KubernetesSource("test", mesh.runtime, connect=connect)
    controller = DrainController(source, mesh.runtime, LONGEST_REQUEST, lambda: Backoff(0.05, 0.2))
    await source.start()
    mesh.runtime.barriers.append((source.name, source.catch_up))
    envoys = [await mesh.envoy(f"envoy-{number}") for number in range(ENVOYS)]
    await confirmed(mesh, old.name)
    statuses: list[int] = []

    async def call(envoy: Envoy) -> None:
        while True:
            statuses.append((await envoy.request(HOST)).status)

    async with asyncio.TaskGroup() as tasks:
        beside = [tasks.create_task(source.run()), tasks.create_task(controller.run())]
        beside += [tasks.create_task(call(envoy)) for envoy in envoys]
        for number in range(REPLACED):
            new = await mesh.upstream(f"new-{number}")
            await server.apply("workloadentries", instance(new))
            await confirmed(mesh, new.name)
            await server.delete("workloadentries", old.name)
            await released(server, old.name)
            await old.kill()
            old = new
        for task in beside:
            task.cancel()
    assert len(statuses) > 20 * REPLACED
    assert set(statuses) == {200}


async def confirmed(mesh: Mesh, name: str) -> None:
    receipt = await mesh.runtime.receipt(Query(workload_key(name)), 30.0)
    assert receipt.outcome is Outcome.CONFIRMED, receipt


async def released(server: ApiServer, name: str) -> None:
    objects = server.store.objects["workloadentries"]
    await eventually(lambda: ("default", name) not in objects, 30.0, "it is released")
