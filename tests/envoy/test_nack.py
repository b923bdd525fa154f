"""Envoy rejects something: who is held up, who is not, and what ends it."""

import socket
from collections.abc import Iterator

import pytest

from ledger.receipts import Outcome, StragglerState
from tests.envoy.harness import Mesh
from tests.envoy.objects import HOST, HTTP, cluster_of, service, workload
from tests.envoy.process import Envoy
from tests.envoy.waiting import eventually
from xds.objects import Protocol, ServicePort

TAKEN_PORT = 18081
FREE_PORT = 18082

NO_PORT = 70_000
"""No port: Envoy rejects a load assignment with it."""


@pytest.fixture
def taken() -> Iterator[socket.socket]:
    """For a listener to collide with, once it is bound."""
    with socket.socket() as one:
        yield one


def take(taken: socket.socket, envoy: Envoy) -> None:
    """Another process has the port on the Envoy's address."""
    taken.bind((envoy.address, TAKEN_PORT))
    taken.listen()


async def nacked(mesh: Mesh, *targets: object) -> None:
    """Returns when the receipts of the targets say NACKED."""

    def all_nacked() -> bool:
        states = [{s.state for s in mesh.receipt(target).stragglers} for target in targets]  # type: ignore[arg-type]
        return all(StragglerState.NACKED in found for found in states)

    await eventually(all_nacked, what="NACKED")


async def test_a_listener_that_cannot_bind_is_named_with_envoys_words_and_holds_up_no_other_object(
    mesh: Mesh, taken: socket.socket
) -> None:
    one, two = await mesh.upstream("one"), await mesh.upstream("two")
    web, first, second = service(), workload("first", one.port), workload("second", two.port)
    await mesh.apply(web, first)
    envoy = await mesh.envoy()
    await mesh.confirmed(web, first)
    take(taken, envoy)

    bad = service("bad", port=ServicePort(TAKEN_PORT, "http", Protocol.HTTP))
    await mesh.apply(bad)
    await nacked(mesh, bad)
    receipt = mesh.receipt(bad)
    assert receipt.outcome is Outcome.PENDING
    rejected = [s for s in receipt.stragglers if s.state is StragglerState.NACKED]
    assert {s.proxy for s in rejected} == {envoy.node}
    assert [s for s in rejected if str(TAKEN_PORT) in s.detail and "in use" in s.detail.lower()], rejected

    # What does not touch the listener goes on: instances, and what was confirmed before.
    assert mesh.receipt(web).outcome is Outcome.CONFIRMED
    await mesh.apply(second)
    await mesh.confirmed(second)
    await mesh.delete(first)
    await mesh.confirmed(first)
    assert list((await envoy.clusters())[cluster_of(web)]) == [f"127.0.0.1:{two.port}"]
    assert (await envoy.request(HOST)).text == "two"

    await mesh.apply(service("bad", port=ServicePort(FREE_PORT, "http", Protocol.HTTP)))
    await mesh.confirmed(bad)
    assert set(await envoy.listeners()) == {"0.0.0.0_18080", f"0.0.0.0_{FREE_PORT}"}


async def test_a_listener_beside_a_rejected_one_is_confirmed_where_the_two_can_be_told_apart(
    mesh: Mesh, taken: socket.socket
) -> None:
    """SotW sends all listeners or none, and a NACK may have applied any of them (rule 31), so both stay pending."""
    one = await mesh.upstream("one")
    envoy = await mesh.envoy()
    take(taken, envoy)
    bad = service("bad", port=ServicePort(TAKEN_PORT, "http", Protocol.HTTP))
    web, first = service(), workload("first", one.port)
    await mesh.apply(bad, web, first)
    await nacked(mesh, bad)

    if mesh.delta:
        await mesh.confirmed(web, first)
    else:
        assert mesh.receipt(web).outcome is Outcome.PENDING
        assert {s.resource for s in mesh.receipt(web).stragglers} == {"Listener 0.0.0.0_18080"}
        await mesh.confirmed(first)
    assert mesh.receipt(bad).outcome is Outcome.PENDING

    await mesh.delete(bad)
    await mesh.confirmed(bad, web, first)
    assert set(await envoy.listeners()) == {"0.0.0.0_18080"}
    assert set(await envoy.clusters()) == {cluster_of(web)}
    assert (await envoy.request(HOST)).text == "one"


async def test_a_rejected_load_assignment_keeps_the_last_good_one_and_a_good_one_heals_it(mesh: Mesh) -> None:
    one, two = await mesh.upstream("one"), await mesh.upstream("two")
    web, first, second = service(), workload("first", one.port), workload("second", two.port)
    shop, other = service("shop"), workload("other", two.port, "shop")
    await mesh.apply(web, first, second, shop, other)
    envoy = await mesh.envoy()
    await mesh.confirmed(web, first, second, shop, other)

    bad = workload("bad", NO_PORT)
    await mesh.apply(bad)
    await nacked(mesh, bad)
    (straggler,) = mesh.receipt(bad).stragglers
    assert "PortValue" in straggler.detail or "port_value" in straggler.detail
    # The removal of an instance cannot be confirmed as long as the assignment with it is what Envoy has.
    await mesh.delete(first)
    await nacked(mesh, first)
    assert f"127.0.0.1:{one.port}" in (await envoy.clusters())[cluster_of(web)]
    # Another service's can.
    await mesh.delete(other)
    await mesh.confirmed(other)

    await mesh.delete(bad)
    await mesh.confirmed(bad, first, second)
    assert list((await envoy.clusters())[cluster_of(web)]) == [f"127.0.0.1:{two.port}"]


async def test_of_many_load_assignments_in_one_response_only_the_bad_one_stays_pending(mesh: Mesh) -> None:
    one = await mesh.upstream("one")
    names = [f"service-{number}" for number in range(8)]
    services = [service(name) for name in names]
    instances = [workload(f"of-{name}", one.port, name) for name in names]
    instances[4] = workload("of-service-4", NO_PORT, "service-4")
    await mesh.apply(*services, *instances)
    envoy = await mesh.envoy()
    await nacked(mesh, instances[4])

    good = [instance for instance in instances if instance is not instances[4]]
    await mesh.confirmed(*good)  # rule 31: each is sent again alone
    assert mesh.receipt(instances[4]).outcome is Outcome.PENDING
    hosts = {cluster: list(found) for cluster, found in (await envoy.clusters()).items()}
    assert hosts.pop(cluster_of(services[4])) == []
    assert set(map(tuple, hosts.values())) == {(f"127.0.0.1:{one.port}",)}

    await mesh.apply(workload("of-service-4", one.port, "service-4"))
    await mesh.confirmed(instances[4])
    assert (await envoy.request("service-4.example")).text == "one"


async def test_what_is_rejected_is_not_sent_again_and_again(mesh: Mesh) -> None:
    one = await mesh.upstream("one")
    web, first = service(), workload("first", one.port)
    shop, other = service("shop"), workload("other", one.port, "shop")
    await mesh.apply(web, first, shop)
    envoy = await mesh.envoy()
    await mesh.confirmed(web, first, shop)
    bad = workload("bad", NO_PORT)
    await mesh.apply(bad)
    await nacked(mesh, bad)
    for _ in range(3):  # the stream goes on meanwhile
        await mesh.apply(other)
        await mesh.confirmed(other)
        await mesh.delete(other)
        await mesh.confirmed(other)
    rejected = await envoy.stats(r"web\.example.*update_rejected")
    assert list(rejected.values()) == [1]  # rule 6


async def test_an_envoy_that_rejects_keeps_no_other_envoy_from_being_let_go_of(
    mesh: Mesh, taken: socket.socket
) -> None:
    one = await mesh.upstream("one")
    unlucky, lucky = await mesh.envoy("unlucky"), await mesh.envoy("lucky")
    take(taken, unlucky)
    bad = service("bad", port=ServicePort(TAKEN_PORT, "http", Protocol.HTTP))
    first = workload("first", one.port, "bad")
    await mesh.apply(bad, first)
    await mesh.confirmed(first)
    await nacked(mesh, bad)
    await eventually(lambda: {s.proxy for s in mesh.receipt(bad).stragglers} == {unlucky.node})
    receipt = mesh.receipt(bad)
    assert (receipt.acked, receipt.audience) == (1, 2)
    assert (await lucky.request("bad.example", port=TAKEN_PORT)).text == "one"


async def test_a_service_moved_off_the_port_that_is_taken_frees_it(mesh: Mesh, taken: socket.socket) -> None:
    one = await mesh.upstream("one")
    envoy = await mesh.envoy()
    take(taken, envoy)
    bad, first = service("bad", port=ServicePort(TAKEN_PORT, "http", Protocol.HTTP)), workload("first", one.port, "bad")
    await mesh.apply(bad, first)
    await nacked(mesh, bad)
    await mesh.apply(service("bad", port=HTTP))
    await mesh.confirmed(bad, first)
    assert (await envoy.request("bad.example")).text == "one"
