"""A cluster or listener that changes alone: Envoy warms it again, and waits for what it names (rule 8)."""

import asyncio
from dataclasses import replace

from tests.envoy.harness import Mesh
from tests.envoy.objects import HOST, HTTP_PORT, service, workload
from xds.builders.clusters import INITIAL_FETCH_TIMEOUT_SECONDS
from xds.objects import AllDraining, Protocol, ServicePort

AT_ONCE = 1.5
"""Seconds; without an answer Envoy would wait for the whole fetch timeout."""

assert AT_ONCE < INITIAL_FETCH_TIMEOUT_SECONDS


async def test_a_cluster_that_changes_without_its_endpoints_is_acked_at_once_and_goes_on_serving(mesh: Mesh) -> None:
    one = await mesh.upstream("one")
    web, first = service(), workload("first", one.port)
    await mesh.apply(web, first)
    envoy = await mesh.envoy()
    await mesh.confirmed(web, first)
    statuses: list[int] = []

    async def call() -> None:
        while True:
            statuses.append((await envoy.request(HOST)).status)

    calling = asyncio.create_task(call())
    for number in range(3):
        await mesh.apply(replace(web, subject_alt_names=(f"name-{number}",)))
        await mesh.confirmed(web, seconds=AT_ONCE)
        await mesh.apply(replace(web, all_draining=AllDraining.REFUSE))
        await mesh.confirmed(web, seconds=AT_ONCE)
    assert (await envoy.request(HOST)).status == 200
    calling.cancel()
    assert set(statuses) == {200}
    assert await envoy.stats("init_fetch_timeout") == dict.fromkeys(await envoy.stats("init_fetch_timeout"), 0)
    modified = await envoy.stats(r"^cluster_manager\.cluster_modified$")
    assert modified == {"cluster_manager.cluster_modified": 6}


async def test_all_clusters_changing_at_once_are_acked_at_once(mesh: Mesh) -> None:
    one = await mesh.upstream("one")
    names = [f"service-{number}" for number in range(30)]
    services, instances = [service(name) for name in names], [workload(f"of-{name}", one.port, name) for name in names]
    await mesh.apply(*services, *instances)
    envoy = await mesh.envoy()
    await mesh.confirmed(*services, *instances)
    changed = [replace(entry, subject_alt_names=("name",)) for entry in services]
    await mesh.apply(*changed)
    await mesh.confirmed(*changed, seconds=AT_ONCE)
    for name in names:
        assert (await envoy.request(f"{name}.example")).status == 200


async def test_a_listener_that_changes_without_its_routes_is_acked_at_once_and_goes_on_serving(mesh: Mesh) -> None:
    one = await mesh.upstream("one")
    web, first = service(), workload("first", one.port)
    await mesh.apply(web, first)
    envoy = await mesh.envoy()
    await mesh.confirmed(web, first)
    # TLS by server name on the same port gives the listener a filter chain more, and the routes nothing.
    safe = service("safe", port=ServicePort(HTTP_PORT, "tls", Protocol.TLS))
    for _ in range(3):
        await mesh.apply(safe)
        await mesh.confirmed(safe, seconds=AT_ONCE)
        assert (await envoy.request(HOST)).text == "one"
        await mesh.delete(safe)
        await mesh.confirmed(safe, seconds=AT_ONCE)
        assert (await envoy.request(HOST)).text == "one"


async def test_a_cluster_and_its_endpoints_changing_together_are_acked_at_once(mesh: Mesh) -> None:
    one, two = await mesh.upstream("one"), await mesh.upstream("two")
    web, first, second = service(), workload("first", one.port), workload("second", two.port)
    await mesh.apply(web, first)
    envoy = await mesh.envoy()
    await mesh.confirmed(web, first)
    changed = replace(web, subject_alt_names=("name",))
    await mesh.apply(changed, second)
    await mesh.delete(first)
    await mesh.confirmed(changed, first, second, seconds=AT_ONCE)
    assert {(await envoy.request(HOST)).text for _ in range(4)} == {"two"}


async def test_a_service_that_goes_and_comes_back_in_one_breath_is_acked_at_once(mesh: Mesh) -> None:
    one = await mesh.upstream("one")
    web, first = service(), workload("first", one.port)
    await mesh.apply(web, first)
    envoy = await mesh.envoy()
    await mesh.confirmed(web, first)
    for _ in range(3):
        await mesh.delete(web)
        await mesh.apply(web)
        await mesh.confirmed(web, first, seconds=AT_ONCE)
        assert (await envoy.request(HOST)).text == "one"
