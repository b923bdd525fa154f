"""Two processes with one node id, as during a hot restart: the obligated party is the stream."""

from pathlib import Path

from ledger.ids import ProxyId
from ledger.processes import ONE_LEFT_SECONDS
from ledger.receipts import Outcome, StragglerState
from tests.envoy.harness import Mesh
from tests.envoy.objects import HOST, cluster_of, service, workload
from tests.envoy.waiting import eventually

NODE = "twins"

QUICK = ("--drain-time-s", "1", "--parent-shutdown-time-s", "1")


async def test_a_removal_is_confirmed_only_when_both_processes_of_a_node_id_have_acked(mesh: Mesh) -> None:
    one, two = await mesh.upstream("one"), await mesh.upstream("two")
    web, first, second = service(), workload("first", one.port), workload("second", two.port)
    await mesh.apply(web, first, second)
    parent, child = await mesh.envoy(NODE), await mesh.envoy(NODE)
    receipt = await mesh.confirmed(web)
    assert (receipt.acked, receipt.audience) == (2, 2)

    for frozen, awake, instance in ((parent, child, first), (child, parent, second)):
        frozen.pause()
        await mesh.delete(instance)
        await eventually(lambda i=instance: len(mesh.receipt(i).stragglers) == 1)  # type: ignore[misc]
        receipt = mesh.receipt(instance)
        assert receipt.outcome is Outcome.PENDING
        assert (receipt.acked, receipt.audience) == (1, 2)
        address = f"127.0.0.1:{instance.endpoint.ports['http']}"
        assert address not in (await awake.clusters())[cluster_of(web)]
        frozen.resume()
        await mesh.confirmed(instance)
        assert address not in (await frozen.clusters())[cluster_of(web)]


async def test_a_process_that_ended_beside_another_is_on_record_until_it_is_known_to_be_gone(mesh: Mesh) -> None:
    """The two can't be told apart by what they send, so the living one cannot vouch for the other."""
    one = await mesh.upstream("one")
    web, first = service(), workload("first", one.port)
    await mesh.apply(web, first)
    parent, child = await mesh.envoy(NODE), await mesh.envoy(NODE)
    await mesh.confirmed(web, first)

    parent.pause()
    await mesh.delete(first)
    await eventually(lambda: len(mesh.receipt(first).stragglers) == 1)
    await parent.kill()
    await eventually(lambda: [s.state for s in mesh.receipt(first).stragglers] == [StragglerState.ABSENT])
    assert mesh.receipt(first).outcome is Outcome.PENDING
    assert (await child.clusters())[cluster_of(web)] == {}
    assert not mesh.is_absent(NODE)

    assert mesh.runtime.forget(ProxyId(NODE))
    receipt = await mesh.confirmed(first)
    assert (receipt.acked, receipt.audience) == (1, 1)


async def test_when_the_new_process_fails_the_old_one_stays_obliged(mesh: Mesh) -> None:
    one = await mesh.upstream("one")
    web, first = service(), workload("first", one.port)
    await mesh.apply(web, first)
    parent, child = await mesh.envoy(NODE), await mesh.envoy(NODE)
    await mesh.confirmed(web, first)

    await child.kill()
    await eventually(lambda: len(mesh.plane.streams) == 1)
    parent.pause()
    await mesh.delete(first)
    assert mesh.receipt(first).outcome is Outcome.PENDING
    parent.resume()
    await eventually(lambda: not [s for s in mesh.receipt(first).stragglers if s.stream in mesh.plane.streams])
    assert (await parent.clusters())[cluster_of(web)] == {}
    assert (await parent.request(HOST)).status == 503


async def test_in_a_hot_restart_the_parent_counts_until_it_ends_and_is_released_when_its_time_is_up(
    mesh: Mesh, tmp_path: Path
) -> None:
    upstreams = [await mesh.upstream(name) for name in ("one", "two", "three")]
    web, instances = service(), [workload(upstream.name, upstream.port) for upstream in upstreams]
    await mesh.apply(web, *instances)
    base = tmp_path / "base"
    first_epoch = ("--use-dynamic-base-id", "--base-id-path", str(base), *QUICK)
    parent = await mesh.start_envoy(NODE, lifecycle=first_epoch)
    await eventually(parent.is_live)
    await mesh.confirmed(web, *instances)

    second_epoch = ("--base-id", base.read_text().strip(), "--restart-epoch", "1", *QUICK)
    child = await mesh.start_envoy(NODE, lifecycle=second_epoch, address=parent.address)
    await eventually(child.is_live)
    receipt = await mesh.confirmed(web)
    assert (receipt.acked, receipt.audience) == (2, 2)
    await mesh.delete(instances[0])
    await mesh.confirmed(instances[0])
    assert (await child.request(HOST)).status == 200

    await parent.ended()
    await eventually(lambda: len(mesh.plane.streams) == 1)
    await mesh.delete(instances[1])
    await eventually(lambda: [s.state for s in mesh.receipt(instances[1]).stragglers] == [StragglerState.ABSENT])
    assert mesh.receipt(instances[1]).outcome is Outcome.PENDING
    mesh.clock.advance(ONE_LEFT_SECONDS)
    await mesh.confirmed(instances[1])
    assert {(await child.request(HOST)).text for _ in range(4)} == {"three"}
