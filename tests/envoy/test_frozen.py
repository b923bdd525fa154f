"""An Envoy freezes: it goes on holding what it has, and nobody may forget that."""

import pytest

from ledger.receipts import Outcome, StragglerState
from tests.envoy.harness import Mesh
from tests.envoy.objects import HOST, cluster_of, service, workload
from tests.envoy.waiting import eventually
from xds.limits import Limits
from xds.timing import Timing

KEEPALIVE_SECONDS = 1.0
PING_TIMEOUT_SECONDS = 1.0


@pytest.fixture
def limits() -> Limits:
    return Limits(keepalive_seconds=KEEPALIVE_SECONDS, ping_timeout_seconds=PING_TIMEOUT_SECONDS)


async def test_a_removal_waits_for_a_frozen_envoy_and_names_it_until_it_thaws_and_acks(mesh: Mesh) -> None:
    one, two = await mesh.upstream("one"), await mesh.upstream("two")
    web, first, second = service(), workload("first", one.port), workload("second", two.port)
    await mesh.apply(web, first, second)
    frozen, awake = await mesh.envoy("frozen"), await mesh.envoy("awake")
    await mesh.confirmed(web, first, second)

    frozen.pause()
    await mesh.delete(first)
    await eventually(lambda: [s.proxy for s in mesh.receipt(first).stragglers] == [frozen.node])
    receipt = mesh.receipt(first)
    assert receipt.outcome is Outcome.PENDING
    assert [s.state for s in receipt.stragglers] == [StragglerState.SENT]
    assert (receipt.acked, receipt.audience) == (1, 2)
    assert list((await awake.clusters())[cluster_of(web)]) == [f"127.0.0.1:{two.port}"]
    assert {(await awake.request(HOST)).text for _ in range(4)} == {"two"}

    await mesh.absent(frozen.node)  # rule 34
    receipt = mesh.receipt(first)
    assert receipt.outcome is Outcome.PENDING
    assert [s.state for s in receipt.stragglers] == [StragglerState.ABSENT]

    frozen.resume()
    await mesh.confirmed(first, seconds=20.0)
    assert list((await frozen.clusters())[cluster_of(web)]) == [f"127.0.0.1:{two.port}"]
    assert {(await frozen.request(HOST)).text for _ in range(4)} == {"two"}


async def test_an_envoy_that_thaws_before_it_is_missed_simply_acks(mesh: Mesh) -> None:
    one = await mesh.upstream("one")
    web, first = service(), workload("first", one.port)
    await mesh.apply(web, first)
    envoy = await mesh.envoy()
    await mesh.confirmed(web, first)
    envoy.pause()
    await mesh.delete(first)
    await eventually(lambda: {s.state for s in mesh.receipt(first).stragglers} == {StragglerState.SENT})
    envoy.resume()
    await mesh.confirmed(first)
    assert (await envoy.clusters())[cluster_of(web)] == {}
    assert len(mesh.plane.streams) == 1


async def test_an_idle_frozen_envoy_is_noticed_by_keepalive_alone_and_released_by_nothing(mesh: Mesh) -> None:
    one = await mesh.upstream("one")
    web, first = service(), workload("first", one.port)
    await mesh.apply(web, first)
    envoy = await mesh.envoy()
    await mesh.confirmed(web, first)

    envoy.pause()
    frozen_at = mesh.clock()
    await mesh.absent(envoy.node)
    noticed_after = mesh.clock() - frozen_at
    assert noticed_after < 2 * (KEEPALIVE_SECONDS + PING_TIMEOUT_SECONDS) + 1.0, noticed_after  # rule 34
    await mesh.delete(first)
    receipt = mesh.receipt(first)
    assert receipt.outcome is Outcome.PENDING
    assert [s.state for s in receipt.stragglers] == [StragglerState.ABSENT]

    envoy.resume()
    await mesh.confirmed(first, seconds=20.0)
    assert (await envoy.clusters())[cluster_of(web)] == {}


class TestWithoutKeepalive:
    """A response that is never answered ends the stream, so that the proxy comes back and shows what it holds."""

    @pytest.fixture
    def limits(self) -> Limits:
        return Limits(keepalive_seconds=600.0)

    @pytest.fixture
    def timing(self) -> Timing:
        return Timing(stale=0.5, end=2.0)

    async def test_a_frozen_envoy_that_is_owed_an_ack_loses_its_stream(self, mesh: Mesh) -> None:
        one = await mesh.upstream("one")
        web, first = service(), workload("first", one.port)
        await mesh.apply(web, first)
        envoy = await mesh.envoy()
        await mesh.confirmed(web, first)
        (stream,) = mesh.plane.streams.values()

        envoy.pause()
        await mesh.delete(first)
        await eventually(lambda: any(s.stale for s in stream.subscriptions.values()), what="stale")
        await mesh.absent(envoy.node)  # rule 13
        assert mesh.receipt(first).outcome is Outcome.PENDING
        envoy.resume()
        await mesh.confirmed(first, seconds=20.0)
        assert (await envoy.clusters())[cluster_of(web)] == {}
