"""Instances and services come and go."""

from ledger.receipts import Outcome
from tests.envoy.harness import Mesh
from tests.envoy.objects import HOST, cluster_of, service, workload


async def test_an_added_instance_is_used_once_its_receipt_is_confirmed(mesh: Mesh) -> None:
    one, two = await mesh.upstream("one"), await mesh.upstream("two")
    web, first, second = service(), workload("first", one.port), workload("second", two.port)
    await mesh.apply(web, first)
    envoy = await mesh.envoy()
    await mesh.confirmed(web, first)

    await mesh.apply(second)
    assert mesh.receipt(second).outcome is Outcome.PENDING
    await mesh.confirmed(second)
    assert f"127.0.0.1:{two.port}" in (await envoy.clusters())[cluster_of(web)]
    assert {(await envoy.request(HOST)).text for _ in range(4)} == {"one", "two"}


async def test_a_removed_instance_is_in_no_host_list_once_its_receipt_is_confirmed(mesh: Mesh) -> None:
    one, two = await mesh.upstream("one"), await mesh.upstream("two")
    web, first, second = service(), workload("first", one.port), workload("second", two.port)
    await mesh.apply(web, first, second)
    envoy = await mesh.envoy()
    await mesh.confirmed(web, first, second)

    await mesh.delete(first)
    assert mesh.receipt(first).outcome is Outcome.PENDING
    receipt = await mesh.confirmed(first)
    assert list((await envoy.clusters())[cluster_of(web)]) == [f"127.0.0.1:{two.port}"]
    assert receipt.deleted
    assert {(await envoy.request(HOST)).text for _ in range(4)} == {"two"}


async def test_removing_the_last_instance_leaves_a_cluster_without_hosts(mesh: Mesh) -> None:
    one = await mesh.upstream("one")
    web, first = service(), workload("first", one.port)
    await mesh.apply(web, first)
    envoy = await mesh.envoy()
    await mesh.confirmed(web, first)

    await mesh.delete(first)
    await mesh.confirmed(first)
    assert await envoy.clusters() == {cluster_of(web): {}}  # rule 25
    assert (await envoy.request(HOST)).status == 503
    assert one.received == 0


async def test_an_instance_that_comes_back_after_the_last_one_left_is_used_again(mesh: Mesh) -> None:
    one = await mesh.upstream("one")
    web, first = service(), workload("first", one.port)
    await mesh.apply(web, first)
    envoy = await mesh.envoy()
    await mesh.confirmed(web, first)
    for _ in range(3):
        await mesh.delete(first)
        await mesh.confirmed(first)
        assert await envoy.clusters() == {cluster_of(web): {}}
        await mesh.apply(first)
        await mesh.confirmed(first)
        assert (await envoy.request(HOST)).text == "one"


async def test_a_removed_service_leaves_neither_cluster_nor_listener(mesh: Mesh) -> None:
    one = await mesh.upstream("one")
    web, first = service(), workload("first", one.port)
    await mesh.apply(web, first)
    envoy = await mesh.envoy()
    await mesh.confirmed(web, first)

    await mesh.delete(web)
    await mesh.confirmed(web)
    assert await envoy.clusters() == {}
    assert await envoy.listeners() == {}


async def test_a_service_that_is_removed_with_its_instances_and_comes_back_serves_again(mesh: Mesh) -> None:
    one = await mesh.upstream("one")
    web, first = service(), workload("first", one.port)
    await mesh.apply(web, first)
    envoy = await mesh.envoy()
    await mesh.confirmed(web, first)

    await mesh.delete(first, web)
    await mesh.confirmed(first, web)
    assert await envoy.clusters() == {}
    await mesh.apply(web, first)
    await mesh.confirmed(web, first)
    assert (await envoy.request(HOST)).text == "one"


async def test_a_removed_service_leaves_the_others_on_its_port_alone(mesh: Mesh) -> None:
    one, two = await mesh.upstream("one"), await mesh.upstream("two")
    web, first = service(), workload("first", one.port)
    shop, second = service("shop"), workload("second", two.port, "shop")
    await mesh.apply(web, shop, first, second)
    envoy = await mesh.envoy()
    await mesh.confirmed(web, shop, first, second)

    await mesh.delete(web)
    await mesh.confirmed(web)
    assert list(await envoy.clusters()) == [cluster_of(shop)]
    assert (await envoy.request("shop.example")).text == "two"
    assert (await envoy.request(HOST)).status == 404


async def test_an_instance_that_moves_to_another_address_leaves_the_old_one(mesh: Mesh) -> None:
    one, two = await mesh.upstream("one"), await mesh.upstream("two")
    web = service()
    await mesh.apply(web, workload("first", one.port))
    envoy = await mesh.envoy()
    await mesh.confirmed(web)

    moved = workload("first", two.port)
    await mesh.apply(moved)
    await mesh.confirmed(moved)
    assert list((await envoy.clusters())[cluster_of(web)]) == [f"127.0.0.1:{two.port}"]
    assert (await envoy.request(HOST)).text == "two"


async def test_two_instances_with_one_address_are_one_host_that_goes_with_the_last_of_them(mesh: Mesh) -> None:
    one = await mesh.upstream("one")
    web, first, twin = service(), workload("first", one.port), workload("twin", one.port)
    await mesh.apply(web, first, twin)
    envoy = await mesh.envoy()
    await mesh.confirmed(web, first, twin)
    address = f"127.0.0.1:{one.port}"
    assert list((await envoy.clusters())[cluster_of(web)]) == [address]

    await mesh.delete(first)
    await mesh.confirmed(first)
    assert list((await envoy.clusters())[cluster_of(web)]) == [address]
    await mesh.delete(twin)
    await mesh.confirmed(twin)
    assert (await envoy.clusters())[cluster_of(web)] == {}


async def test_changes_faster_than_envoy_answers_are_merged_and_all_confirmed(mesh: Mesh) -> None:
    upstreams = [await mesh.upstream(str(number)) for number in range(3)]
    web = service()
    instances = [workload(f"w{number}", upstream.port) for number, upstream in enumerate(upstreams)]
    await mesh.apply(web, *instances)
    envoy = await mesh.envoy()
    await mesh.confirmed(web, *instances)
    sent = len(mesh.plane.sent)

    for _ in range(50):
        for instance in instances[1:]:
            await mesh.delete(instance)
        for instance in instances[1:]:
            await mesh.apply(instance)
    await mesh.delete(instances[0])
    await mesh.confirmed(*instances)
    hosts = {f"127.0.0.1:{upstream.port}" for upstream in upstreams[1:]}
    assert set((await envoy.clusters())[cluster_of(web)]) == hosts
    assert len(mesh.plane.sent) - sent < 10  # rule 13
