"""Who sees what: a service is exported to namespaces, and only who asks for it is its audience."""

from dataclasses import replace

from ledger.receipts import Outcome
from tests.envoy.harness import Mesh
from tests.envoy.objects import HOST, cluster_of, service, workload


async def test_an_envoy_outside_the_exported_namespaces_sees_nothing_and_holds_nothing_up(mesh: Mesh) -> None:
    one = await mesh.upstream("one")
    web, first = service(export_to=("shop",)), workload("first", one.port)
    await mesh.apply(web, first)
    inside = await mesh.envoy("inside", {"NAMESPACE": "shop"})
    outside = await mesh.envoy("outside", {"NAMESPACE": "bank"})
    await mesh.confirmed(web)
    receipt = await mesh.confirmed(first)
    assert receipt.excluded == (outside.node,)
    assert (receipt.acked, receipt.audience) == (1, 1)
    assert set(await inside.clusters()) == {cluster_of(web)}
    assert await outside.clusters() == {}
    assert await outside.listeners() == {}
    assert (await inside.request(HOST)).text == "one"

    outside.pause()
    await mesh.delete(first)
    await mesh.confirmed(first)
    assert (await inside.clusters())[cluster_of(web)] == {}
    outside.resume()


async def test_a_service_taken_back_from_a_namespace_is_confirmed_when_it_is_gone_there(mesh: Mesh) -> None:
    one = await mesh.upstream("one")
    web, first = service(export_to=("shop", "bank")), workload("first", one.port)
    await mesh.apply(web, first)
    shop, bank = await mesh.envoy("shop", {"NAMESPACE": "shop"}), await mesh.envoy("bank", {"NAMESPACE": "bank"})
    await mesh.confirmed(web, first)
    assert (await bank.request(HOST)).text == "one"

    bank.pause()
    await mesh.apply(replace(web, export_to=("shop",)))
    assert mesh.receipt(web).outcome is Outcome.PENDING
    bank.resume()
    await mesh.confirmed(web)
    assert await bank.clusters() == {}
    assert await bank.listeners() == {}
    assert (await shop.request(HOST)).text == "one"

    await mesh.apply(web)
    await mesh.confirmed(web, first)
    assert (await bank.request(HOST)).text == "one"


async def test_an_instance_removed_after_its_service_was_taken_back_is_gone_where_it_was_before(mesh: Mesh) -> None:
    one = await mesh.upstream("one")
    web, first = service(), workload("first", one.port)
    await mesh.apply(web, first)
    bank = await mesh.envoy("bank", {"NAMESPACE": "bank"})
    await mesh.confirmed(web, first)

    bank.pause()
    await mesh.apply(replace(web, export_to=("shop",)))
    await mesh.delete(first)
    receipt = mesh.receipt(first)
    assert receipt.outcome is Outcome.PENDING
    assert {s.proxy for s in receipt.stragglers} == {bank.node}
    bank.resume()
    await mesh.confirmed(first)
    assert (await bank.clusters()).get(cluster_of(web), {}) == {}
    await mesh.confirmed(web)
    assert await bank.clusters() == {}


async def test_the_namespace_of_an_envoy_may_stand_in_its_node_id(mesh: Mesh) -> None:
    one = await mesh.upstream("one")
    web, first = service(export_to=("shop",)), workload("first", one.port)
    await mesh.apply(web, first)
    envoy = await mesh.envoy("sidecar~10.0.0.1~cart-1.shop~shop.svc.cluster.local")
    await mesh.confirmed(web, first)
    assert (await envoy.request(HOST)).text == "one"
