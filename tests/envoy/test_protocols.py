"""What a service port may speak, and how its connections find their way."""

import asyncio
import ssl
from pathlib import Path

import grpc

from ledger.receipts import Outcome
from tests.envoy.certificates import Authority
from tests.envoy.harness import Mesh
from tests.envoy.objects import cluster_of, draining, service, workload
from tests.envoy.process import Envoy
from tests.envoy.upstreams import GrpcUpstream
from xds.naming import port_listener_name
from xds.objects import Protocol, ServicePort

TCP_PORT = 18090
TLS_PORT = 18443
GRPC_PORT = 18050

TCP = ServicePort(TCP_PORT, "tcp", Protocol.TCP)
TLS = ServicePort(TLS_PORT, "tls", Protocol.TLS)


async def greeting(envoy: Envoy, port: int, tls: ssl.SSLContext | None = None, host: str | None = None) -> str:
    """What the server says first, through the Envoy; nothing if it is refused."""
    try:
        reader, writer = await asyncio.open_connection(envoy.address, port, ssl=tls, server_hostname=host)
        text = (await reader.read()).decode()
    except (ConnectionError, ssl.SSLError):
        return ""
    writer.close()
    return text


async def name_over_grpc(envoy: Envoy, host: str) -> str:
    """Which instance answers a gRPC call through the Envoy."""
    options = [("grpc.default_authority", host), ("grpc.use_local_subchannel_pool", 1)]
    async with grpc.aio.insecure_channel(f"{envoy.address}:{GRPC_PORT}", options=options) as channel:
        call: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(GrpcUpstream.METHOD)
        answer = await call(b"", timeout=5.0)
        return answer.decode()


async def test_tcp_connections_go_by_port_and_those_of_a_removed_instance_go_nowhere(mesh: Mesh) -> None:
    one, two = await mesh.greeting_upstream("one"), await mesh.greeting_upstream("two")
    line = service("line", port=TCP)
    first, second = workload("first", one.port, "line"), workload("second", two.port, "line")
    await mesh.apply(line, first, second)
    envoy = await mesh.envoy()
    await mesh.confirmed(line, first, second)
    assert {await greeting(envoy, TCP_PORT) for _ in range(4)} == {"one", "two"}

    await mesh.apply(draining(first))
    await mesh.confirmed(first)
    assert {await greeting(envoy, TCP_PORT) for _ in range(4)} == {"two"}
    await mesh.delete(first)
    await mesh.confirmed(first)
    assert {await greeting(envoy, TCP_PORT) for _ in range(4)} == {"two"}
    await mesh.delete(second)
    await mesh.confirmed(second)
    assert await greeting(envoy, TCP_PORT) == ""


async def test_tls_connections_go_by_server_name_and_are_not_opened(mesh: Mesh, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    one = await mesh.greeting_upstream("one", authority.server("one.example"))
    two = await mesh.greeting_upstream("two", authority.server("two.example"))
    services = service("one", port=TLS), service("two", port=TLS)
    instances = workload("first", one.port, "one"), workload("second", two.port, "two")
    await mesh.apply(*services, *instances)
    envoy = await mesh.envoy()
    await mesh.confirmed(*services, *instances)
    client = authority.client()
    assert await greeting(envoy, TLS_PORT, client, "one.example") == "one"
    assert await greeting(envoy, TLS_PORT, client, "two.example") == "two"
    assert await greeting(envoy, TLS_PORT, client, "three.example") == ""

    await mesh.delete(services[0])
    await mesh.confirmed(services[0])
    assert await greeting(envoy, TLS_PORT, client, "one.example") == ""
    assert await greeting(envoy, TLS_PORT, client, "two.example") == "two"


async def test_grpc_calls_reach_http2_upstreams(mesh: Mesh) -> None:
    one, two = await mesh.grpc_upstream("one"), await mesh.grpc_upstream("two")
    port = ServicePort(GRPC_PORT, "grpc", Protocol.GRPC)
    names = service("names", port=port)
    first, second = workload("first", one.port, "names"), workload("second", two.port, "names")
    await mesh.apply(names, first, second)
    envoy = await mesh.envoy()
    await mesh.confirmed(names, first, second)
    assert {await name_over_grpc(envoy, "names.example") for _ in range(4)} == {"one", "two"}
    await mesh.delete(first)
    await mesh.confirmed(first)
    assert {await name_over_grpc(envoy, "names.example") for _ in range(4)} == {"two"}


async def test_http_and_tls_share_a_port(mesh: Mesh, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    plain = await mesh.upstream("plain")
    safe = await mesh.greeting_upstream("safe", authority.server("safe.example"))
    open_service = service("open", port=ServicePort(TLS_PORT, "http", Protocol.HTTP))
    safe_service = service("safe", port=TLS)
    instances = workload("first", plain.port, "open"), workload("second", safe.port, "safe")
    await mesh.apply(open_service, safe_service, *instances)
    envoy = await mesh.envoy()
    await mesh.confirmed(open_service, safe_service, *instances)
    assert (await envoy.request("open.example", port=TLS_PORT)).text == "plain"
    assert await greeting(envoy, TLS_PORT, authority.client(), "safe.example") == "safe"


async def test_two_services_on_a_tcp_port_with_nothing_to_tell_them_apart_are_no_nack(mesh: Mesh) -> None:
    one, two = await mesh.greeting_upstream("one"), await mesh.greeting_upstream("two")
    older, younger = service("a-line", port=TCP), service("b-line", port=TCP)
    first, second = workload("first", one.port, "a-line"), workload("second", two.port, "b-line")
    await mesh.apply(older, younger, first, second)
    envoy = await mesh.envoy()
    await mesh.confirmed(older, younger, first, second)
    assert await greeting(envoy, TCP_PORT) == "one"

    await mesh.delete(older)
    await mesh.confirmed(older, younger)
    assert await greeting(envoy, TCP_PORT) == "two"


async def test_two_services_with_one_host_are_no_nack(mesh: Mesh) -> None:
    one, two = await mesh.upstream("one"), await mesh.upstream("two")
    older, younger = service("a-web", "same.example"), service("b-web", "same.example")
    first, second = workload("first", one.port, "a-web"), workload("second", two.port, "b-web")
    await mesh.apply(older, younger, first, second)
    envoy = await mesh.envoy()
    await mesh.confirmed(older, younger, first, second)
    assert {(await envoy.request("same.example")).text for _ in range(4)} == {"one"}
    assert set(await envoy.clusters()) == {cluster_of(older), cluster_of(younger)}

    await mesh.delete(older)
    await mesh.confirmed(older)
    assert {(await envoy.request("same.example")).text for _ in range(4)} == {"two"}


async def test_a_port_that_changes_its_protocol_is_confirmed_and_serves_the_new_one(mesh: Mesh) -> None:
    web, line = await mesh.upstream("web"), await mesh.greeting_upstream("line")
    before = service("both", port=ServicePort(TCP_PORT, "http", Protocol.HTTP))
    instance = workload("first", web.port, "both")
    await mesh.apply(before, instance)
    envoy = await mesh.envoy()
    await mesh.confirmed(before, instance)
    assert (await envoy.request("both.example", port=TCP_PORT)).text == "web"

    after, moved = service("both", port=TCP), workload("first", line.port, "both")
    await mesh.apply(after, moved)
    await mesh.confirmed(after, moved)
    assert await greeting(envoy, TCP_PORT) == "line"
    # The old filter chain drains for a while, and has nowhere to send a request any more (rule 25).
    routes = [route["route_config"] for route in await envoy.config_dump("dynamic_route_configs")]
    assert [route for route in routes if "virtual_hosts" in route] == []


async def test_redirected_traffic_has_one_listener_and_the_others_do_not_bind(mesh: Mesh) -> None:
    one = await mesh.upstream("one")
    web, first = service(), workload("first", one.port)
    outside = service("outside", port=TLS)
    await mesh.apply(web, first, outside)
    envoy = await mesh.envoy(metadata={"INTERCEPTION_MODE": "REDIRECT"})
    await mesh.confirmed(web, first, outside)
    found = await envoy.listeners()
    assert found["virtualOutbound"].endswith(":15001")
    assert set(found) == {"virtualOutbound", port_listener_name(18080), port_listener_name(TLS_PORT)}
    assert set(await envoy.clusters()) == {cluster_of(web), cluster_of(outside), "PassthroughCluster"}
    assert await greeting(envoy, 18080) == ""

    await mesh.delete(outside)
    await mesh.confirmed(outside)
    assert set(await envoy.listeners()) == {"virtualOutbound", port_listener_name(18080)}
    assert mesh.receipt(web).outcome is Outcome.CONFIRMED
