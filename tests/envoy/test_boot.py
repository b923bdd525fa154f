"""An Envoy boots, and serves."""

from ledger.receipts import Outcome
from tests.envoy.harness import Mesh
from tests.envoy.objects import HOST, HTTP_PORT, cluster_of, service, workload
from tests.envoy.process import Host
from tests.envoy.waiting import eventually
from xds.naming import port_listener_name


async def test_a_booting_envoy_gets_everything_and_every_receipt_is_confirmed(mesh: Mesh) -> None:
    one, two = await mesh.upstream("one"), await mesh.upstream("two")
    web, first, second = service(), workload("first", one.port), workload("second", two.port)
    await mesh.apply(web, first, second)

    envoy = await mesh.envoy()
    for item in (web, first, second):
        receipt = await mesh.confirmed(item)
        assert (receipt.acked, receipt.audience) == (1, 1)

    listener = port_listener_name(HTTP_PORT)
    assert await envoy.listeners() == {listener: f"{envoy.address}:{HTTP_PORT}"}
    hosts = {f"127.0.0.1:{upstream.port}": Host("HEALTHY", 0) for upstream in (one, two)}
    assert await envoy.clusters() == {cluster_of(web): hosts}
    routes = await envoy.config_dump("dynamic_route_configs")
    assert [route["route_config"]["name"] for route in routes] == [listener]
    answers = [await envoy.request(HOST) for _ in range(4)]
    assert {answer.status for answer in answers} == {200}
    assert {answer.text for answer in answers} == {"one", "two"}


async def test_a_host_that_no_service_has_is_answered_404(mesh: Mesh) -> None:
    one = await mesh.upstream("one")
    await mesh.apply(service(), workload("first", one.port))
    envoy = await mesh.envoy()
    assert (await envoy.request("nobody.example")).status == 404
    assert one.received == 0


async def test_an_envoy_boots_from_an_empty_control_plane_at_once_and_takes_what_comes(mesh: Mesh) -> None:
    envoy = await mesh.start_envoy()
    await eventually(envoy.is_live, 5.0)  # rule 5: empty answers; Envoy would else wait 15 s
    assert await envoy.clusters() == {}

    one = await mesh.upstream("one")
    web, first = service(), workload("first", one.port)
    await mesh.apply(web, first)
    await mesh.confirmed(web, first)
    assert (await envoy.request(HOST)).text == "one"


async def test_envoy_shows_which_control_plane_and_which_state_it_has(mesh: Mesh) -> None:
    one = await mesh.upstream("one")
    web, first = service(), workload("first", one.port)
    await mesh.apply(web, first)
    envoy = await mesh.envoy()
    await mesh.confirmed(web, first)
    text = (await envoy.admin_text("/stats?filter=control_plane|version_text")).splitlines()
    assert 'control_plane.identifier: "lastack"' in text  # rule 12
    versions = [line for line in text if "version_text" in line]
    assert versions
    assert not [line for line in versions if line.endswith('""')]


async def test_terminating_makes_an_envoy_absent_and_holds_back_only_what_it_has_not_acked(mesh: Mesh) -> None:
    one, two = await mesh.upstream("one"), await mesh.upstream("two")
    web, first = service(), workload("first", one.port)
    await mesh.apply(web, first)
    envoy = await mesh.envoy()
    await mesh.confirmed(web, first)

    await envoy.terminate()
    await mesh.absent(envoy.node)
    assert mesh.receipt(first).outcome is Outcome.CONFIRMED

    second = workload("second", two.port)
    await mesh.apply(second)
    assert mesh.receipt(second).outcome is Outcome.PENDING  # rule 27
    assert [straggler.proxy for straggler in mesh.receipt(second).stragglers] == [envoy.node]
