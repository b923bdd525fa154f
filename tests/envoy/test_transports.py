"""Clusters and listeners on streams of their own, and the rest over ADS (rule 1): one process, three streams."""

from dataclasses import replace

import httpx

from ledger.processes import ONE_LEFT_SECONDS, RECONNECT_SECONDS
from ledger.receipts import Outcome, StragglerState
from tests.envoy.harness import Mesh
from tests.envoy.objects import HOST, cluster_of, service, workload
from tests.envoy.process import Envoy
from tests.envoy.waiting import eventually
from xds.objects import Endpoint, Protocol, Resolution, ServicePort

TCP = ServicePort(18090, "tcp", Protocol.TCP)


async def envoy_with_own_streams(mesh: Mesh) -> Envoy:
    envoy = await mesh.start_envoy(own_streams=True)
    await eventually(envoy.is_live)
    return envoy


async def test_everything_arrives_and_is_confirmed_and_is_removed_again(mesh: Mesh) -> None:
    one, two = await mesh.upstream("one"), await mesh.upstream("two")
    web, first, second = service(), workload("first", one.port), workload("second", two.port)
    await mesh.apply(web, first, second)
    envoy = await envoy_with_own_streams(mesh)
    await mesh.confirmed(web, first, second)
    assert len(mesh.plane.streams) == 3
    assert {(await envoy.request(HOST)).text for _ in range(4)} == {"one", "two"}

    await mesh.delete(first)
    await mesh.confirmed(first)
    assert list((await envoy.clusters())[cluster_of(web)]) == [f"127.0.0.1:{two.port}"]
    await mesh.delete(web)
    await mesh.confirmed(web)
    assert await envoy.clusters() == {}
    assert await envoy.listeners() == {}


async def test_a_service_that_comes_later_is_served(mesh: Mesh) -> None:
    """Envoy may ACK the listener on one stream a moment before it asks for the routes on another."""
    one = await mesh.upstream("one")
    envoy = await envoy_with_own_streams(mesh)
    web, first = service(), workload("first", one.port)
    await mesh.apply(web, first)
    await mesh.confirmed(web, first)

    async def is_served() -> bool:
        try:
            return (await envoy.request(HOST)).text == "one"
        except httpx.ConnectError:
            return False

    await eventually(is_served)
    await mesh.confirmed(web, first)


async def test_a_cluster_that_changes_without_its_endpoints_is_acked_at_once(mesh: Mesh) -> None:
    one = await mesh.upstream("one")
    web, first = service(), workload("first", one.port)
    await mesh.apply(web, first)
    envoy = await envoy_with_own_streams(mesh)
    await mesh.confirmed(web, first)
    await mesh.apply(replace(web, subject_alt_names=("name",)))
    await mesh.confirmed(web, seconds=1.5)  # rule 8, from one stream to another
    assert (await envoy.request(HOST)).text == "one"


async def test_an_envoy_whose_streams_ended_long_after_it_booted_is_absent_on_all_of_them(mesh: Mesh) -> None:
    """Its streams opened one beside another, as a hot restart's would, and yet it is one process."""
    one = await mesh.upstream("one")
    web, first = service(), workload("first", one.port)
    await mesh.apply(web, first)
    envoy = await envoy_with_own_streams(mesh)
    await mesh.confirmed(web, first)

    mesh.clock.advance(ONE_LEFT_SECONDS)
    await envoy.kill()
    await mesh.absent(envoy.node)
    mesh.runtime.discovery.tick()
    for item in (first, web):
        await mesh.delete(item)
        receipt = mesh.receipt(item)
        assert receipt.outcome is Outcome.PENDING
        assert {s.state for s in receipt.stragglers} == {StragglerState.ABSENT}
    resources = {s.resource.split()[0] for s in mesh.receipt(web).stragglers}
    assert resources == {"Cluster", "ClusterLoadAssignment", "Listener", "RouteConfiguration"}


async def test_an_envoy_that_boots_again_is_released_on_all_its_streams(mesh: Mesh) -> None:
    one = await mesh.upstream("one")
    web, first = service(), workload("first", one.port)
    await mesh.apply(web, first)
    envoy = await envoy_with_own_streams(mesh)
    await mesh.confirmed(web, first)
    await envoy.kill()
    await mesh.absent(envoy.node)
    await mesh.delete(first)
    assert mesh.receipt(first).outcome is Outcome.PENDING
    await envoy_with_own_streams(mesh)
    mesh.clock.advance(RECONNECT_SECONDS)  # by now the earlier process would be back, if it lived
    await mesh.confirmed(first)


async def test_over_a_restart_of_the_control_plane_removals_are_confirmed(mesh: Mesh) -> None:
    one, two = await mesh.upstream("one"), await mesh.upstream("two")
    web, first, second = service(), workload("first", one.port), workload("second", two.port)
    await mesh.apply(web, first, second)
    envoy = await envoy_with_own_streams(mesh)
    await mesh.confirmed(web, first, second)
    dump = mesh.plane.dump()
    await mesh.close()
    mesh.forget_offline(first)
    await mesh.load(dump)
    assert mesh.receipt(first).outcome is Outcome.PENDING
    await mesh.open()
    await mesh.confirmed(first, web, second, seconds=10.0)
    assert list((await envoy.clusters())[cluster_of(web)]) == [f"127.0.0.1:{two.port}"]


async def test_an_ads_stream_on_which_nothing_is_asked_for_holds_nothing_up(mesh: Mesh) -> None:
    """Envoy opens it at once, and names itself only with the first request, which may never come."""
    line = await mesh.greeting_upstream("line")
    endpoint = Endpoint("localhost", {"tcp": line.port})
    by_name = service("line", port=TCP, resolution=Resolution.DNS, endpoints=(endpoint,))
    await mesh.apply(by_name)
    await envoy_with_own_streams(mesh)
    await mesh.confirmed(by_name)
