"""Requests that can't be right: the stream ends with a precise status, and no other stream notices."""

import pytest
from structlog.testing import capture_logs

from ledger.ids import TypeUrl
from protos.base_pb2 import Node
from protos.discovery_pb2 import DeltaDiscoveryRequest, DiscoveryRequest
from tests.conformance.bench import NODE, Bench
from tests.conformance.client import Client, Ending
from tests.conformance.rules import BAD_INPUT, SOCKET, on, only, rule
from tests.conformance.samples import MISSING, Sample
from tests.conformance.sockets import SocketBench
from tests.conformance.transports import ADS, PER_TYPE, Kind
from xds.types import EDS

MEGABYTE = 1_000_000

SAMPLE = Sample(EDS, "a")


async def check_refused(bench: Bench, kind: Kind, client: Client, status: str) -> Ending:
    """The stream has ended with this status, in words short enough for a trailer, and another goes on."""
    ending = await client.ended()
    assert ending.status == status, ending
    assert 0 < len(ending.message) < 1000
    other = await bench.asking(kind, EDS, SAMPLE.name, node="other")
    await other.accept(EDS)
    await bench.put(SAMPLE.form(1))
    await other.accept(EDS)
    await other.silent()
    return ending


GARBAGE = {
    "bytes": b"\xff\xff\xff\xff",
    "truncated": DiscoveryRequest(type_url=EDS, node=Node(id=NODE)).SerializeToString()[:-3],
    "node id that is no UTF-8": b"\x0a\x04\x0a\x02\xff\xfe\x12\x04\x0a\x02\xff\xfe",
    "wrong wire type": b"\x18\x01\x0d\x00",
}


@rule(BAD_INPUT)
@pytest.mark.parametrize("data", GARBAGE.values(), ids=GARBAGE.keys())
@pytest.mark.parametrize("later", [False, True], ids=["first", "later"])
async def test_what_is_no_protobuf_ends_the_stream(bench: Bench, kind: Kind, data: bytes, later: bool) -> None:
    client = await bench.open(kind, EDS)
    if later:
        await client.ask(EDS, SAMPLE.name)
        await client.accept(EDS)
    await client.send_bytes(data)
    ending = await check_refused(bench, kind, client, "INVALID_ARGUMENT")
    assert "DiscoveryRequest" in ending.message


@rule(BAD_INPUT)
async def test_the_other_protocols_request_ends_the_stream(bench: Bench, kind: Kind) -> None:
    """Its fields have other numbers, so it reads as one without a node, or as none at all."""
    client = await bench.open(kind, EDS)
    node = Node(id=NODE)
    if kind.delta:
        wrong = DiscoveryRequest(node=node, resource_names=[MISSING], type_url=EDS).SerializeToString()
    else:
        wrong = DeltaDiscoveryRequest(node=node, resource_names_subscribe=[MISSING], type_url=EDS).SerializeToString()
    await client.send_bytes(wrong)
    await check_refused(bench, kind, client, "INVALID_ARGUMENT")


@rule(BAD_INPUT)
async def test_an_empty_message_ends_the_stream_for_want_of_a_node(bench: Bench, kind: Kind) -> None:
    client = await bench.open(kind, EDS)
    await client.send_bytes(b"")
    ending = await check_refused(bench, kind, client, "INVALID_ARGUMENT")
    assert "node" in ending.message


@rule(BAD_INPUT)
@only(SOCKET)
async def test_a_message_over_the_size_limit_ends_the_stream(sockets: SocketBench, kind: Kind) -> None:
    client = await sockets.asking(kind, EDS, SAMPLE.name)
    await client.accept(EDS)
    await client.send_bytes(b"\x00" * (sockets.limits.message_bytes + 1))
    await check_refused(sockets, kind, client, "RESOURCE_EXHAUSTED")


@rule(BAD_INPUT, 2)
async def test_a_node_id_may_be_long_but_not_endless(bench: Bench, kind: Kind) -> None:
    client = await bench.asking(kind, EDS, SAMPLE.name, node="n" * 1024)
    await client.accept(EDS)
    client = await bench.asking(kind, EDS, SAMPLE.name, node="n" * 1025)
    await check_refused(bench, kind, client, "INVALID_ARGUMENT")


@rule(BAD_INPUT, 2)
async def test_a_node_id_of_a_megabyte_ends_the_stream(bench: Bench, kind: Kind) -> None:
    client = await bench.asking(kind, EDS, SAMPLE.name, node="n" * MEGABYTE)
    await check_refused(bench, kind, client, "INVALID_ARGUMENT")
    assert [proxy.id for proxy in bench.plane.roster.all()] == ["other"]


@rule(BAD_INPUT, 2)
async def test_a_node_id_that_changes_to_one_of_a_megabyte_ends_the_stream(bench: Bench, kind: Kind) -> None:
    client = await bench.asking(kind, EDS, SAMPLE.name)
    request = client.speech.ack(await client.expect(EDS))
    request.node.id = "n" * MEGABYTE
    await client.send(request)
    await check_refused(bench, kind, client, "INVALID_ARGUMENT")


@rule(BAD_INPUT, 1)
@on(*PER_TYPE)
async def test_a_wrong_type_of_a_megabyte_ends_the_stream(bench: Bench, kind: Kind) -> None:
    client = await bench.open(kind, EDS)
    await client.send(client.speech.ask(TypeUrl("t" * MEGABYTE), (), version="", held=None))
    await check_refused(bench, kind, client, "INVALID_ARGUMENT")


@rule(BAD_INPUT, 10)
@on(*ADS)
async def test_an_unknown_type_of_a_megabyte_is_passed_over_like_any_other(bench: Bench, kind: Kind) -> None:
    client = await bench.open(kind, EDS)
    await client.send(client.speech.ask(TypeUrl("t" * MEGABYTE), (), version="", held=None))
    await client.silent()
    await client.ask(EDS, SAMPLE.name)
    await client.accept(EDS)


@rule(BAD_INPUT)
@pytest.mark.parametrize("number", [float("inf"), float("-inf"), float("nan")])
async def test_node_metadata_that_json_can_not_express_does_not_matter(bench: Bench, kind: Kind, number: float) -> None:
    """Envoy hands on whatever its bootstrap has; lastack reads three strings of it."""
    client = await bench.open(kind, EDS)
    client.node.metadata["LOAD"] = number
    client.node.metadata["NAMESPACE"] = "shop"
    await client.ask(EDS, SAMPLE.name)
    await client.accept(EDS)
    assert client.stream.view is not None
    assert client.stream.view.namespace == "shop"


@rule(BAD_INPUT)
async def test_a_field_that_is_not_known_is_passed_over(bench: Bench, kind: Kind) -> None:
    """Envoy's requests have fields that lastack has no use for, and get new ones."""
    client = await bench.open(kind, EDS)
    request = client.speech.ask(EDS, [SAMPLE.name], version="", held=None)
    request.node.id = NODE
    await client.send_bytes(request.SerializeToString() + b"\xba\x3e\x03new")  # field 999
    await client.accept(EDS)
    await client.silent()


@rule(BAD_INPUT)
@only(SOCKET)
@pytest.mark.parametrize("data", [b"\xff", b""], ids=["garbage", "no node"])
async def test_the_log_names_the_peer_that_was_refused_and_the_reason(
    sockets: SocketBench, kind: Kind, data: bytes
) -> None:
    with capture_logs() as logs:
        client = await sockets.open(kind, EDS)
        await client.send_bytes(data)
        ending = await client.ended()
    (refused,) = (entry for entry in logs if entry["event"] == "stream refused")
    assert refused["log_level"] == "warning"
    assert refused["peer"] == client.stream.peer.address
    assert refused["status"] == ending.status
    assert refused["reason"] == ending.message


@rule(BAD_INPUT)
@only(SOCKET)
async def test_the_log_names_the_peer_whose_message_was_too_large(sockets: SocketBench, kind: Kind) -> None:
    """And no reason: gRPC refuses the message by itself, and tells the server of an end only."""
    with capture_logs() as logs:
        client = await sockets.open(kind, EDS)
        await client.send_bytes(b"\x00" * (sockets.limits.message_bytes + 1))
        await client.ended()
    (ended,) = (entry for entry in logs if entry["event"] == "stream ended")
    assert ended["peer"] == client.stream.peer.address
