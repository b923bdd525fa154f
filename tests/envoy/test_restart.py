"""The control plane restarts, and Envoys stay up."""

import pytest

from ledger.receipts import Outcome, StragglerState
from tests.envoy.harness import Mesh
from tests.envoy.objects import HOST, Target, cluster_of, service, workload
from tests.envoy.process import Envoy
from tests.envoy.waiting import eventually
from xds.objects import ServiceEntry, WorkloadEntry
from xds.timing import Timing
from xds.types import CDS, EDS, LDS, RDS

RECONNECT_SECONDS = 20.0
"""Envoy's backoff reaches 30 s only after several failures; these control planes are away for less than one second."""


@pytest.fixture
def timing() -> Timing:
    return Timing(settling=2.0)


async def served(mesh: Mesh) -> tuple[Envoy, ServiceEntry, WorkloadEntry, WorkloadEntry]:
    """An Envoy that has everything of a service with two instances."""
    one, two = await mesh.upstream("one"), await mesh.upstream("two")
    web, first, second = service(), workload("first", one.port), workload("second", two.port)
    await mesh.apply(web, first, second)
    envoy = await mesh.envoy()
    await mesh.confirmed(web, first, second)
    return envoy, web, first, second


async def back(mesh: Mesh, envoy: Envoy) -> None:
    """Returns when the Envoy has asked for all types again, and has been answered."""
    types = {CDS, EDS, LDS, RDS}
    await eventually(lambda: mesh.plane.answered(envoy.node) == types, RECONNECT_SECONDS, f"{envoy.node} is back")


def assert_pending_on_absent(mesh: Mesh, envoy: Envoy, *targets: Target) -> None:
    for target in targets:
        receipt = mesh.receipt(target)
        assert receipt.outcome is Outcome.PENDING
        assert {s.proxy for s in receipt.stragglers} == {envoy.node}
        assert {s.state for s in receipt.stragglers} == {StragglerState.ABSENT}
        assert "before this control plane started" in receipt.stragglers[0].detail


async def test_with_a_roster_nothing_is_confirmed_before_the_proxy_is_back_and_everything_after(mesh: Mesh) -> None:
    envoy, web, first, second = await served(mesh)
    items = (web, first, second)
    dump = mesh.plane.dump()
    await mesh.close()
    await mesh.load(dump)
    assert_pending_on_absent(mesh, envoy, *items)

    await mesh.open()
    await mesh.confirmed(*items, seconds=RECONNECT_SECONDS)
    assert (await envoy.request(HOST)).status == 200


async def test_a_delta_proxy_that_is_back_is_answered_and_sent_nothing_that_it_holds(mesh: Mesh) -> None:
    envoy, web, first, second = await served(mesh)
    items = (web, first, second)
    dump = mesh.plane.dump()
    await mesh.close()
    await mesh.load(dump)
    await mesh.open()
    await back(mesh, envoy)  # rule 5: each type is answered
    await mesh.shown(envoy.node)
    if mesh.delta:  # rule 23
        assert sum(sent.resources for sent in mesh.plane.sent) == 0
        assert [sent.removed for sent in mesh.plane.sent if sent.removed] == []
        assert mesh.receipt(web).outcome is Outcome.PENDING
        assert {s.state for s in mesh.receipt(web).stragglers} == {StragglerState.CLAIMED}
    await mesh.confirmed(*items)
    assert await envoy.stats(r"^cluster_manager\.(cluster_modified|cluster_removed)$") == {
        "cluster_manager.cluster_modified": 0,
        "cluster_manager.cluster_removed": 0,
    }


async def test_what_was_removed_while_no_control_plane_ran_is_gone_once_its_receipt_is_confirmed(mesh: Mesh) -> None:
    envoy, web, first, second = await served(mesh)
    dump = mesh.plane.dump()
    await mesh.close()
    mesh.forget_offline(first)
    await mesh.load(dump)
    assert_pending_on_absent(mesh, envoy, first)

    await mesh.open()
    await mesh.confirmed(first, seconds=RECONNECT_SECONDS)
    assert list((await envoy.clusters())[cluster_of(web)]) == [f"127.0.0.1:{second.endpoint.ports['http']}"]
    assert {(await envoy.request(HOST)).text for _ in range(4)} == {"two"}


async def test_a_service_removed_while_no_control_plane_ran_is_gone_once_its_receipt_is_confirmed(mesh: Mesh) -> None:
    envoy, web, first, second = await served(mesh)
    dump = mesh.plane.dump()
    await mesh.close()
    for item in (web, first, second):
        mesh.forget_offline(item)
    await mesh.load(dump)
    assert_pending_on_absent(mesh, envoy, web, first, second)

    await mesh.open()
    await mesh.confirmed(web, seconds=RECONNECT_SECONDS)
    assert await envoy.clusters() == {}
    assert await envoy.listeners() == {}
    await mesh.confirmed(first, second)


async def test_envoys_keep_serving_while_no_control_plane_runs_and_take_what_came_meanwhile(mesh: Mesh) -> None:
    envoy, _, _, second = await served(mesh)
    dump = mesh.plane.dump()
    await mesh.close()
    assert (await envoy.request(HOST)).status == 200
    await mesh.load(dump)
    await mesh.delete(second)
    await mesh.open()
    await mesh.confirmed(second, seconds=RECONNECT_SECONDS)
    assert {(await envoy.request(HOST)).text for _ in range(4)} == {"one"}


async def test_without_a_roster_everything_is_unknown_until_the_settling_time_is_over(mesh: Mesh) -> None:
    envoy, web, first, second = await served(mesh)
    items = (web, first, second)
    await mesh.close()
    await mesh.load(roster_known=False)
    for item in items:
        receipt = mesh.receipt(item)
        assert receipt.outcome is Outcome.UNKNOWN
        assert [reason for reason in receipt.reasons if "has just started" in reason]

    started = mesh.clock()
    await mesh.open()
    await mesh.confirmed(*items, seconds=RECONNECT_SECONDS)
    assert mesh.clock() - started >= 2.0
    assert (await envoy.request(HOST)).status == 200


async def test_a_removal_that_was_pending_over_a_restart_is_confirmed_only_after_the_ack(mesh: Mesh) -> None:
    envoy, web, first, second = await served(mesh)
    envoy.pause()
    await mesh.delete(first)
    dump = mesh.plane.dump()
    await mesh.close()
    await mesh.load(dump)
    await mesh.open()
    assert_pending_on_absent(mesh, envoy, first)
    envoy.resume()
    await mesh.confirmed(first, seconds=RECONNECT_SECONDS)
    assert list((await envoy.clusters())[cluster_of(web)]) == [f"127.0.0.1:{second.endpoint.ports['http']}"]


async def test_a_rejected_resource_is_not_taken_for_held_over_a_restart(mesh: Mesh) -> None:
    """Rule 31: what a proxy claims after a NACK may be false, and the roster remembers that."""
    envoy, web, first, second = await served(mesh)
    bad = workload("bad", 70_000)
    await mesh.apply(bad)
    await eventually(lambda: StragglerState.NACKED in {s.state for s in mesh.receipt(bad).stragglers})
    dump = mesh.plane.dump()
    await mesh.close()
    mesh.forget_offline(bad)
    await mesh.load(dump)
    await mesh.open()
    await mesh.confirmed(bad, web, first, second, seconds=RECONNECT_SECONDS)
    hosts = {f"127.0.0.1:{instance.endpoint.ports['http']}" for instance in (first, second)}
    assert set((await envoy.clusters())[cluster_of(web)]) == hosts
