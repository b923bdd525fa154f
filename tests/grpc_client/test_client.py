"""A gRPC client finds its servers, loses them, and says so."""

import asyncio
from dataclasses import replace

from ledger.ids import ProxyId
from ledger.receipts import Outcome, StragglerState
from tests.envoy.harness import Mesh
from tests.envoy.objects import draining, service, workload
from tests.envoy.waiting import eventually
from tests.grpc_client.conftest import StartClient
from tests.grpc_client.harness import GrpcClient
from xds.objects import AllDraining, Protocol, ServiceEntry, ServicePort
from xds.types import LDS

PORT = ServicePort(18050, "grpc", Protocol.GRPC)

TARGET = "names.example:18050"


def names(name: str = "names") -> ServiceEntry:
    return service(name, port=PORT)


async def test_a_call_reaches_an_instance_and_every_receipt_is_confirmed(mesh: Mesh, client: GrpcClient) -> None:
    one = await mesh.grpc_upstream("one")
    entry, first = names(), workload("first", one.port, "names")
    await mesh.apply(entry, first)
    assert (await client.call(TARGET)).text == "one"
    for item in (entry, first):
        receipt = await mesh.confirmed(item)
        assert (receipt.acked, receipt.audience) == (1, 1)


async def test_an_added_instance_is_used_and_a_removed_one_is_not(mesh: Mesh, client: GrpcClient) -> None:
    one, two = await mesh.grpc_upstream("one"), await mesh.grpc_upstream("two")
    entry, first, second = names(), workload("first", one.port, "names"), workload("second", two.port, "names")
    await mesh.apply(entry, first)
    assert await client.names(TARGET) == {"one"}

    await mesh.apply(second)
    await mesh.confirmed(second)

    async def both() -> bool:
        return await client.names(TARGET) == {"one", "two"}

    await eventually(both, what="calls to both")  # it connects to the new one in its own time
    await mesh.delete(first)
    await mesh.confirmed(first)
    await only(client, "two")


async def only(client: GrpcClient, name: str) -> None:
    """Returns when calls go to that server alone: gRPC ACKs first, and applies in the next moment."""

    async def alone() -> bool:
        return await client.names(TARGET) == {name}

    await eventually(alone, what=f"calls to {name} only")


async def test_a_switch_from_one_instance_to_another_fails_no_call(mesh: Mesh, client: GrpcClient) -> None:
    upstreams = [await mesh.grpc_upstream(str(number)) for number in range(3)]
    entry = names()
    instances = [workload(f"w{upstream.name}", upstream.port, "names") for upstream in upstreams]
    await mesh.apply(entry, instances[0])
    assert await client.names(TARGET) == {"0"}
    for old, new, name in zip(instances, instances[1:], ("1", "2"), strict=False):
        await mesh.apply(new)
        await mesh.confirmed(new)
        await mesh.apply(draining(old))
        await mesh.confirmed(old)
        await client.names(TARGET)
        await mesh.delete(old)
        await mesh.confirmed(old)
        await client.names(TARGET)
        await only(client, name)


async def test_a_draining_instance_gets_no_new_call_and_finishes_the_one_under_way(
    mesh: Mesh, client: GrpcClient
) -> None:
    one, two = await mesh.grpc_upstream("one"), await mesh.grpc_upstream("two")
    entry, first, second = names(), workload("first", one.port, "names"), workload("second", two.port, "names")
    await mesh.apply(entry, first)
    assert (await client.hold(TARGET)).text == "one"
    await mesh.apply(second)
    await mesh.confirmed(second)
    await mesh.apply(draining(first))
    await mesh.confirmed(first)
    await only(client, "two")

    one.release()
    assert (await client.finish(TARGET)).text == "one"


async def test_without_instances_calls_fail_at_once_and_the_receipt_is_confirmed(
    mesh: Mesh, client: GrpcClient
) -> None:
    one = await mesh.grpc_upstream("one")
    entry, first = names(), workload("first", one.port, "names")
    await mesh.apply(entry, first)
    assert await client.names(TARGET) == {"one"}
    await mesh.delete(first)
    await mesh.confirmed(first)

    async def refused() -> bool:
        return (await client.call(TARGET)).code == "UNAVAILABLE"

    await eventually(refused)
    assert (await client.call(TARGET)).seconds < 1.0
    await mesh.apply(first)
    await mesh.confirmed(first)

    async def served() -> bool:
        return (await client.call(TARGET)).code == "OK"

    await eventually(served)


async def test_all_instances_draining_is_confirmed_where_the_service_would_rather_refuse(
    mesh: Mesh, client: GrpcClient
) -> None:
    one = await mesh.grpc_upstream("one")
    entry, first = replace(names(), all_draining=AllDraining.REFUSE), workload("first", one.port, "names")
    await mesh.apply(entry, first)
    assert await client.names(TARGET) == {"one"}
    await mesh.apply(draining(first))
    await mesh.confirmed(first)

    async def refused() -> bool:
        return (await client.call(TARGET)).code == "UNAVAILABLE"

    await eventually(refused)


async def test_instances_with_one_address_are_sent_once_and_not_rejected(mesh: Mesh, client: GrpcClient) -> None:
    one = await mesh.grpc_upstream("one")
    entry, first, twin = names(), workload("first", one.port, "names"), workload("twin", one.port, "names")
    await mesh.apply(entry, first, twin)
    assert await client.names(TARGET) == {"one"}
    await mesh.confirmed(entry, first, twin)  # rule 32
    await mesh.delete(first)
    await mesh.confirmed(first)
    assert await client.names(TARGET) == {"one"}


async def test_an_unknown_target_fails_when_grpc_gives_up_on_it_and_at_once_from_then_on(
    mesh: Mesh, client: GrpcClient
) -> None:
    answer = await client.call("nobody.example:18050", timeout=25.0)
    assert answer.code == "UNAVAILABLE"
    assert "does not exist" in answer.text
    assert answer.seconds < 17.0  # gRPC itself waits 15 s, since SotW has no word for "there is none"
    assert [(sent.type_url, sent.resources) for sent in mesh.plane.sent] == [(LDS, 0)]  # rule 5
    assert (await client.call("nobody.example:18050")).seconds < 1.0


async def test_a_call_to_a_target_that_is_not_there_yet_goes_through_when_it_is(mesh: Mesh, client: GrpcClient) -> None:
    waiting = asyncio.create_task(client.call("later.example:18050", timeout=14.0))
    await eventually(lambda: mesh.plane.answered(client.node) == {LDS})
    one = await mesh.grpc_upstream("one")
    entry, first = names("later"), workload("first", one.port, "later")
    await mesh.apply(entry, first)  # rule 9
    assert (await waiting).text == "one"
    await mesh.confirmed(entry, first)


async def test_a_removed_service_makes_calls_fail_and_is_confirmed(mesh: Mesh, client: GrpcClient) -> None:
    one = await mesh.grpc_upstream("one")
    entry, first = names(), workload("first", one.port, "names")
    await mesh.apply(entry, first)
    assert await client.names(TARGET) == {"one"}
    await mesh.delete(entry)
    await mesh.confirmed(entry)

    async def refused() -> bool:
        return (await client.call(TARGET)).code == "UNAVAILABLE"

    await eventually(refused)
    await mesh.apply(entry)
    await mesh.confirmed(entry)

    async def served() -> bool:
        return (await client.call(TARGET)).code == "OK"

    await eventually(served)


async def test_a_channel_that_was_closed_beside_another_is_on_record_until_it_is_known_to_be_gone(
    mesh: Mesh, client: GrpcClient
) -> None:
    """gRPC has a stream for each target, and to close a channel resets its stream as a failure would."""
    one, two = await mesh.grpc_upstream("one"), await mesh.grpc_upstream("two")
    entry, other = names(), names("other")
    first, second = workload("first", one.port, "names"), workload("second", two.port, "other")
    await mesh.apply(entry, other, first, second)
    assert (await client.call(TARGET)).text == "one"
    assert (await client.call("other.example:18050")).text == "two"
    assert (await mesh.confirmed(first)).audience == 1
    assert (await mesh.confirmed(second)).audience == 1

    await client.close("other.example:18050")
    await eventually(lambda: len(mesh.plane.streams) == 1)
    await mesh.delete(second)
    (straggler,) = mesh.receipt(second).stragglers
    assert (straggler.proxy, straggler.state) == (client.node, StragglerState.ABSENT)
    assert mesh.receipt(first).outcome is Outcome.CONFIRMED
    assert mesh.runtime.forget(ProxyId(client.node))
    await mesh.confirmed(second)
    assert (await client.call(TARGET)).text == "one"
    assert mesh.receipt(first).audience == 1


async def test_a_rejected_resource_names_the_client_and_is_confirmed_once_mended(
    mesh: Mesh, client: GrpcClient
) -> None:
    one = await mesh.grpc_upstream("one")
    entry, first = names(), workload("first", one.port, "names")
    await mesh.apply(entry, first)
    assert await client.names(TARGET) == {"one"}
    bad = workload("bad", 70_000, "names")
    await mesh.apply(bad)
    await eventually(lambda: {s.state for s in mesh.receipt(bad).stragglers} == {StragglerState.NACKED})
    (straggler,) = mesh.receipt(bad).stragglers
    assert straggler.proxy == client.node
    assert "port" in straggler.detail
    assert await client.names(TARGET) == {"one"}
    await mesh.delete(bad)
    await mesh.confirmed(bad)


async def test_a_frozen_client_holds_a_removal_back_until_it_thaws(
    mesh: Mesh, client: GrpcClient, start_client: StartClient
) -> None:
    one, two = await mesh.grpc_upstream("one"), await mesh.grpc_upstream("two")
    entry, first, second = names(), workload("first", one.port, "names"), workload("second", two.port, "names")
    await mesh.apply(entry, first, second)
    awake = await start_client("client-2")
    for each in (client, awake):
        await each.names(TARGET)
    await mesh.confirmed(entry, first, second)

    client.pause()
    await mesh.delete(first)
    await eventually(lambda: [s.proxy for s in mesh.receipt(first).stragglers] == [client.node])
    assert mesh.receipt(first).outcome is Outcome.PENDING
    await only(awake, "two")
    client.resume()
    await mesh.confirmed(first)
    await only(client, "two")


async def test_a_client_that_was_killed_holds_removals_back_until_it_is_known_to_be_gone(
    mesh: Mesh, client: GrpcClient
) -> None:
    one = await mesh.grpc_upstream("one")
    entry, first = names(), workload("first", one.port, "names")
    await mesh.apply(entry, first)
    await client.names(TARGET)
    await client.kill()
    await mesh.absent(client.node)
    await mesh.delete(first)
    assert mesh.receipt(first).outcome is Outcome.PENDING
    assert mesh.runtime.forget(ProxyId(client.node))
    await mesh.confirmed(first)


async def test_over_a_restart_of_the_control_plane_calls_go_on_and_removals_are_confirmed(
    mesh: Mesh, client: GrpcClient
) -> None:
    one, two = await mesh.grpc_upstream("one"), await mesh.grpc_upstream("two")
    entry, first, second = names(), workload("first", one.port, "names"), workload("second", two.port, "names")
    await mesh.apply(entry, first, second)
    await client.names(TARGET)
    await mesh.confirmed(entry, first, second)
    dump = mesh.plane.dump()
    await mesh.close()
    await client.names(TARGET)
    mesh.forget_offline(first)
    await mesh.load(dump)
    assert mesh.receipt(first).outcome is Outcome.PENDING
    await mesh.open()
    await mesh.confirmed(first, entry, second, seconds=20.0)
    await only(client, "two")
