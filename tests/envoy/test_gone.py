"""An Envoy is killed: what it held stays on record until something better is known."""

import asyncio

import pytest

from ledger.ids import ProxyId
from ledger.processes import RECONNECT_SECONDS
from ledger.receipts import Outcome, StragglerState
from tests.envoy.harness import Mesh
from tests.envoy.objects import HOST, cluster_of, service, workload
from tests.envoy.process import Envoy
from tests.envoy.waiting import eventually
from xds.objects import ServiceEntry, WorkloadEntry
from xds.timing import Timing

DEADLINE_SECONDS = 2.0


async def killed_before_a_removal(mesh: Mesh) -> tuple[Envoy, ServiceEntry, WorkloadEntry]:
    """An Envoy that had an instance, was killed, and has not heard that the instance is removed."""
    one = await mesh.upstream("one")
    web, first = service(), workload("first", one.port)
    await mesh.apply(web, first)
    envoy = await mesh.envoy()
    await mesh.confirmed(web, first)
    await envoy.kill()
    await mesh.absent(envoy.node)
    await mesh.delete(first)
    receipt = mesh.receipt(first)
    assert receipt.outcome is Outcome.PENDING  # rule 27
    assert [(s.proxy, s.state) for s in receipt.stragglers] == [(envoy.node, StragglerState.ABSENT)]
    return envoy, web, first


async def test_a_killed_envoy_is_released_when_its_node_id_boots_again_and_acks(mesh: Mesh) -> None:
    envoy, web, first = await killed_before_a_removal(mesh)
    again = await mesh.start_envoy(envoy.node)
    assert mesh.receipt(first).outcome is Outcome.PENDING, "it may be the child of one that lost its stream just now"
    mesh.clock.advance(RECONNECT_SECONDS)
    await mesh.confirmed(first, seconds=10.0)
    assert (await again.clusters()).get(cluster_of(web), {}) == {}
    await eventually(again.is_live)
    assert (await again.request(HOST)).status == 503


async def test_an_envoy_with_another_node_id_releases_nothing(mesh: Mesh) -> None:
    envoy, _, first = await killed_before_a_removal(mesh)
    two = await mesh.upstream("two")
    second = workload("second", two.port)
    other = await mesh.envoy("another")
    await mesh.apply(second)
    assert {s.proxy for s in mesh.receipt(first).stragglers} >= {envoy.node}
    await mesh.delete(second)
    assert mesh.receipt(first).outcome is Outcome.PENDING
    assert (await other.request(HOST)).status == 503


async def test_a_killed_envoy_is_released_when_it_is_known_to_be_gone(mesh: Mesh) -> None:
    envoy, _, first = await killed_before_a_removal(mesh)
    waiting = asyncio.create_task(mesh.confirmed(first))
    assert mesh.runtime.forget(ProxyId(envoy.node))
    receipt = await waiting
    assert (receipt.acked, receipt.audience) == (0, 0)


async def test_a_connected_envoy_cannot_be_said_to_be_gone(mesh: Mesh) -> None:
    one = await mesh.upstream("one")
    web, first = service(), workload("first", one.port)
    await mesh.apply(web, first)
    envoy = await mesh.envoy()
    await mesh.confirmed(web, first)
    assert not mesh.runtime.forget(ProxyId(envoy.node))
    assert mesh.receipt(first).audience == 1


async def test_an_envoy_that_was_taken_for_gone_and_lives_is_obliged_again_when_it_is_back(mesh: Mesh) -> None:
    envoy, web, first = await killed_before_a_removal(mesh)
    assert mesh.runtime.forget(ProxyId(envoy.node))
    again = await mesh.envoy(envoy.node)
    await mesh.confirmed(first, web)
    two = await mesh.upstream("two")
    second = workload("second", two.port)
    again.pause()
    await mesh.apply(second)
    assert mesh.receipt(second).outcome is Outcome.PENDING
    again.resume()
    await mesh.confirmed(second)


class TestAfterADeadline:
    """With a deadline for absence, waiting ends, and what it ends in is not called CONFIRMED."""

    @pytest.fixture
    def timing(self) -> Timing:
        return Timing(absent_deadline=DEADLINE_SECONDS)

    async def test_a_killed_envoy_is_released_unconfirmed_and_stays_on_record(self, mesh: Mesh) -> None:
        envoy, _, first = await killed_before_a_removal(mesh)
        receipt = await mesh.runtime.receipt(mesh.query(first), 10.0)
        assert receipt.outcome is Outcome.RELEASED_UNCONFIRMED
        assert receipt.stragglers == ()
        (released,) = receipt.released
        assert released.proxy == envoy.node
        assert mesh.clock() - released.since >= DEADLINE_SECONDS

    async def test_one_that_has_booted_again_is_confirmed(self, mesh: Mesh) -> None:
        envoy, _, first = await killed_before_a_removal(mesh)
        await mesh.start_envoy(envoy.node)
        mesh.clock.advance(RECONNECT_SECONDS)
        await mesh.confirmed(first)
