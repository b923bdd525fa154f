"""Where instances may be found."""

import socket
from dataclasses import replace
from pathlib import Path

import pytest

from tests.envoy.harness import Mesh
from tests.envoy.objects import HOST, cluster_of, service, workload
from xds.objects import Endpoint, Protocol, Resolution, ServicePort, WorkloadEntry


def has_ipv6() -> bool:
    with socket.socket(socket.AF_INET6) as probe:
        try:
            probe.bind(("::1", 0))
        except OSError:
            return False
        return True


async def test_names_are_resolved_and_a_removed_one_is_gone_once_confirmed(mesh: Mesh) -> None:
    one, two = await mesh.upstream("one"), await mesh.upstream("two")
    endpoints = tuple(Endpoint("localhost", {"http": upstream.port}) for upstream in (one, two))
    web = service(resolution=Resolution.DNS, endpoints=endpoints)
    await mesh.apply(web)
    envoy = await mesh.envoy()
    await mesh.confirmed(web)
    assert {(await envoy.request(HOST)).text for _ in range(4)} == {"one", "two"}

    await mesh.apply(replace(web, endpoints=endpoints[1:]))
    await mesh.confirmed(web)
    assert list((await envoy.clusters())[cluster_of(web)]) == [f"127.0.0.1:{two.port}"]
    assert {(await envoy.request(HOST)).text for _ in range(4)} == {"two"}


async def test_a_host_without_endpoints_is_resolved_itself(mesh: Mesh) -> None:
    one = await mesh.upstream("one")
    port = ServicePort(18080, "http", Protocol.HTTP, target_port=one.port)
    web = service("web", "localhost", port, resolution=Resolution.DNS)
    await mesh.apply(web)
    envoy = await mesh.envoy()
    await mesh.confirmed(web)
    assert (await envoy.request("localhost")).text == "one"


async def test_a_workload_may_be_a_name_where_the_service_is_resolved_by_dns(mesh: Mesh) -> None:
    one = await mesh.upstream("one")
    web = replace(service(resolution=Resolution.DNS), selector={"app": "web"})
    first = workload("first", one.port, address="localhost")
    await mesh.apply(web, first)
    envoy = await mesh.envoy()
    await mesh.confirmed(web, first)
    assert (await envoy.request(HOST)).text == "one"
    await mesh.delete(first)
    await mesh.confirmed(first)
    assert (await envoy.clusters())[cluster_of(web)] == {}


async def test_the_first_of_several_names_is_taken_by_dns_round_robin(mesh: Mesh) -> None:
    one = await mesh.upstream("one")
    endpoint = Endpoint("localhost", {"http": one.port})
    web = service(resolution=Resolution.DNS_ROUND_ROBIN, endpoints=(endpoint,))
    await mesh.apply(web)
    envoy = await mesh.envoy()
    await mesh.confirmed(web)
    assert (await envoy.request(HOST)).text == "one"


async def test_an_instance_may_listen_on_a_unix_socket(mesh: Mesh, tmp_path: Path) -> None:
    path = tmp_path / "web.sock"
    await mesh.unix_upstream("one", path)
    web = service()
    first = WorkloadEntry("default", "first", Endpoint(f"unix://{path}", {}, {"app": "web"}))
    await mesh.apply(web, first)
    envoy = await mesh.envoy()
    await mesh.confirmed(web, first)
    assert list((await envoy.clusters())[cluster_of(web)]) == [str(path)]
    assert (await envoy.request(HOST)).text == "one"
    await mesh.delete(first)
    await mesh.confirmed(first)
    assert (await envoy.clusters())[cluster_of(web)] == {}


@pytest.mark.skipif(not has_ipv6(), reason="this machine has no ::1")
async def test_an_instance_may_have_an_ipv6_address(mesh: Mesh) -> None:
    one = await mesh.upstream("one", "::1")
    web, first = service(), workload("first", one.port, address="::1")
    await mesh.apply(web, first)
    envoy = await mesh.envoy()
    await mesh.confirmed(web, first)
    assert list((await envoy.clusters())[cluster_of(web)]) == [f"[::1]:{one.port}"]
    assert (await envoy.request(HOST)).text == "one"
    await mesh.delete(first)
    await mesh.confirmed(first)
    assert (await envoy.clusters())[cluster_of(web)] == {}


async def test_endpoints_may_stand_in_the_service_itself(mesh: Mesh) -> None:
    one, two = await mesh.upstream("one"), await mesh.upstream("two")
    endpoints = tuple(Endpoint("127.0.0.1", {"http": upstream.port}) for upstream in (one, two))
    web = service(endpoints=endpoints)
    await mesh.apply(web)
    envoy = await mesh.envoy()
    await mesh.confirmed(web)
    assert {(await envoy.request(HOST)).text for _ in range(4)} == {"one", "two"}
    await mesh.apply(replace(web, endpoints=endpoints[:1]))
    await mesh.confirmed(web)
    assert list((await envoy.clusters())[cluster_of(web)]) == [f"127.0.0.1:{one.port}"]


async def test_instances_of_several_localities_and_weights_are_all_used(mesh: Mesh) -> None:
    upstreams = [await mesh.upstream(name) for name in ("one", "two", "three")]
    web = service()
    plain = [workload(upstream.name, upstream.port) for upstream in upstreams]
    places = ("north/a", "north/b/left", "")
    instances = [
        replace(item, endpoint=replace(item.endpoint, locality=place, weight=weight))
        for item, place, weight in zip(plain, places, (1, 2, 5), strict=True)
    ]
    await mesh.apply(web, *instances)
    envoy = await mesh.envoy()
    await mesh.confirmed(web, *instances)
    assert {(await envoy.request(HOST)).text for _ in range(32)} == {"one", "two", "three"}


async def test_a_service_with_several_hosts_and_ports_lets_go_of_an_instance_on_all_of_them(mesh: Mesh) -> None:
    one, two = await mesh.upstream("one"), await mesh.upstream("two")
    ports = ServicePort(18080, "http", Protocol.HTTP), ServicePort(18081, "tcp", Protocol.HTTP)
    web = replace(service(), hosts=("web.example", "www.example"), ports=ports)
    first, second = workload("first", one.port), workload("second", two.port)
    await mesh.apply(web, first, second)
    envoy = await mesh.envoy()
    await mesh.confirmed(web, first, second)
    for host in web.hosts:
        for port in ports:
            assert {(await envoy.request(host, port=port.number)).text for _ in range(4)} == {"one", "two"}

    await mesh.delete(first)
    await mesh.confirmed(first)
    hosts = [list(found) for found in (await envoy.clusters()).values()]
    assert hosts == [[f"127.0.0.1:{two.port}"]] * 4
