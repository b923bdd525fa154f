"""Draining: an instance takes no new requests, and keeps those it has."""

import asyncio
from dataclasses import replace

from ledger.receipts import Outcome
from tests.envoy.harness import Mesh
from tests.envoy.objects import HOST, cluster_of, draining, service, workload
from tests.envoy.process import Host
from tests.envoy.waiting import eventually
from xds.objects import ALL_DRAINING_ANNOTATION, AllDraining

MANY = 20


async def test_new_requests_avoid_a_draining_instance_and_the_one_under_way_is_answered(mesh: Mesh) -> None:
    one, two = await mesh.upstream("one"), await mesh.upstream("two")
    web, first, second = service(), workload("first", one.port), workload("second", two.port)
    await mesh.apply(web, first)
    envoy = await mesh.envoy()
    await mesh.confirmed(web, first)
    under_way = asyncio.create_task(envoy.request(HOST, "/held"))
    await one.has_held(1)

    await mesh.apply(second)
    await mesh.confirmed(second)
    await mesh.apply(draining(first))
    await mesh.confirmed(first)
    assert (await envoy.clusters())[cluster_of(web)][f"127.0.0.1:{one.port}"] == Host("DRAINING", 1)
    assert {(await envoy.request(HOST)).text for _ in range(MANY)} == {"two"}

    one.release()
    answer = await under_way
    assert (answer.status, answer.text) == (200, "one")


async def test_instances_that_drain_in_quick_succession_are_each_let_go_by_the_workers_too(mesh: Mesh) -> None:
    """Envoy's main thread may hold back changes of health from its workers, and ACKs all the same."""
    upstreams = [await mesh.upstream(name) for name in ("one", "two", "three", "four")]
    web = service()
    instances = [workload(upstream.name, upstream.port) for upstream in upstreams]
    await mesh.apply(web, *instances)
    envoy = await mesh.envoy()
    await mesh.confirmed(web, *instances)
    left = {upstream.name for upstream in upstreams}
    for instance in instances[:3]:
        await mesh.apply(draining(instance))
        await mesh.confirmed(instance)
        left.discard(instance.name)
        assert {(await envoy.request(HOST)).text for _ in range(MANY)} == left


async def test_a_rolling_update_has_no_failed_request(mesh: Mesh) -> None:
    """Add, wait for published, drain, wait for CONFIRMED, delete: as ARCHITECTURE.md has it."""
    old, new = await mesh.upstream("old"), await mesh.upstream("new")
    web, before, after = service(), workload("before", old.port), workload("after", new.port)
    await mesh.apply(web, before)
    envoy = await mesh.envoy()
    await mesh.confirmed(web, before)
    statuses: list[int] = []

    async def call() -> None:
        while True:
            statuses.append((await envoy.request(HOST)).status)

    calling = asyncio.create_task(call())
    await mesh.apply(after)
    await mesh.confirmed(after)
    await mesh.apply(draining(before))
    await mesh.confirmed(before)
    received = old.received
    assert {(await envoy.request(HOST)).text for _ in range(MANY)} == {"new"}
    assert old.received - received <= 1  # one may have been on its way
    await mesh.delete(before)
    await mesh.confirmed(before)
    await old.stop()
    assert {(await envoy.request(HOST)).text for _ in range(MANY)} == {"new"}
    calling.cancel()
    assert set(statuses) == {200}


async def test_one_that_drains_no_longer_is_used_again(mesh: Mesh) -> None:
    one, two = await mesh.upstream("one"), await mesh.upstream("two")
    web, first, second = service(), workload("first", one.port), workload("second", two.port)
    await mesh.apply(web, draining(first), second)
    envoy = await mesh.envoy()
    await mesh.confirmed(web, first, second)
    assert {(await envoy.request(HOST)).text for _ in range(MANY)} == {"two"}

    await mesh.apply(first)
    await mesh.confirmed(first)
    assert {(await envoy.request(HOST)).text for _ in range(MANY)} == {"one", "two"}


async def test_most_instances_draining_is_no_panic(mesh: Mesh) -> None:
    upstreams = [await mesh.upstream(name) for name in ("one", "two", "three", "four")]
    web = service()
    instances = [workload(upstream.name, upstream.port) for upstream in upstreams]
    await mesh.apply(web, instances[0], *map(draining, instances[1:]))
    envoy = await mesh.envoy()
    await mesh.confirmed(web, *instances)
    assert {(await envoy.request(HOST)).text for _ in range(MANY)} == {"one"}


async def test_draining_everything_stays_pending_and_says_why_since_envoy_uses_them_all(mesh: Mesh) -> None:
    one = await mesh.upstream("one")
    web, first = service(), workload("first", one.port)
    await mesh.apply(web, first)
    envoy = await mesh.envoy()
    await mesh.confirmed(web, first)

    await mesh.apply(draining(first))
    await eventually(lambda: not mesh.receipt(first).stragglers)
    receipt = mesh.receipt(first)
    assert receipt.outcome is Outcome.PENDING
    assert [reason for reason in receipt.reasons if ALL_DRAINING_ANNOTATION in reason]
    assert (await envoy.request(HOST)).text == "one"

    two = await mesh.upstream("two")
    await mesh.apply(workload("second", two.port))
    await mesh.confirmed(first)
    assert {(await envoy.request(HOST)).text for _ in range(MANY)} == {"two"}


async def test_draining_everything_is_confirmed_where_the_service_would_rather_refuse(mesh: Mesh) -> None:
    one = await mesh.upstream("one")
    web, first = replace(service(), all_draining=AllDraining.REFUSE), workload("first", one.port)
    await mesh.apply(web, first)
    envoy = await mesh.envoy()
    await mesh.confirmed(web, first)

    await mesh.apply(draining(first))
    await mesh.confirmed(first)
    assert {(await envoy.request(HOST)).status for _ in range(MANY)} == {503}
    assert one.received == 0


async def test_a_service_that_changes_its_mind_and_refuses_is_confirmed_when_envoy_knows(mesh: Mesh) -> None:
    one = await mesh.upstream("one")
    web, first = service(), workload("first", one.port)
    await mesh.apply(web, draining(first))
    envoy = await mesh.envoy()
    await eventually(lambda: not mesh.receipt(first).stragglers)
    assert (await envoy.request(HOST)).text == "one"

    await mesh.apply(replace(web, all_draining=AllDraining.REFUSE))
    assert mesh.receipt(first).outcome is Outcome.PENDING
    await mesh.confirmed(first)
    assert {(await envoy.request(HOST)).status for _ in range(MANY)} == {503}


async def test_an_added_instance_ends_the_panic_only_where_it_was_acked(mesh: Mesh) -> None:
    one, two = await mesh.upstream("one"), await mesh.upstream("two")
    web, first, second = service(), workload("first", one.port), workload("second", two.port)
    await mesh.apply(web, draining(first))
    envoy = await mesh.envoy()
    await eventually(lambda: not mesh.receipt(first).stragglers)

    envoy.pause()
    await mesh.apply(second)
    # Not all instances drain any more, but this Envoy has not heard of that, and goes on using the first.
    assert mesh.receipt(first).outcome is Outcome.PENDING
    assert [straggler.proxy for straggler in mesh.receipt(first).stragglers] == [envoy.node]
    envoy.resume()
    await mesh.confirmed(first)
    assert {(await envoy.request(HOST)).text for _ in range(MANY)} == {"two"}
