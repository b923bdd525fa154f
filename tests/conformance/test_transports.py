"""The four transports, and what may be asked for on each."""

import pytest

from ledger.ids import TypeUrl
from protos.discovery_pb2 import DeltaDiscoveryRequest, DiscoveryRequest
from tests.conformance.bench import NODE, Bench
from tests.conformance.rules import BAD_INPUT, CORE, on, only, rule
from tests.conformance.samples import MISSING, Sample, every_type, service, workload
from tests.conformance.speech import Request
from tests.conformance.transports import ADS, PER_TYPE, Kind
from xds.types import CDS, EDS, RDS, TYPES

UNKNOWN = TypeUrl("type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret")


def request_of(kind: Kind, type_url: str = "") -> Request:
    """A bare request of the transport's protocol."""
    return DeltaDiscoveryRequest(type_url=type_url) if kind.delta else DiscoveryRequest(type_url=type_url)


@rule(1)
@every_type
async def test_every_type_is_served_on_every_transport(bench: Bench, kind: Kind, type_url: TypeUrl) -> None:
    sample = Sample(type_url, "a")
    await bench.put(sample.form())
    client = await bench.asking(kind, type_url, sample.name)
    response = await client.accept(type_url)
    assert response.names == [sample.name]
    await client.silent()


@rule(1)
@on(*PER_TYPE)
@every_type
async def test_a_per_type_stream_may_name_its_type(bench: Bench, kind: Kind, type_url: TypeUrl) -> None:
    sample = Sample(type_url, "a")
    await bench.put(sample.form())
    client = await bench.open(kind, type_url)
    request = client.speech.ask(type_url, [sample.name], version="", held=None)
    request.node.id = NODE
    await client.send_bytes(request.SerializeToString())  # `send` would leave the type out
    assert (await client.accept(type_url)).names == [sample.name]


@rule(1, BAD_INPUT)
@on(*PER_TYPE)
@every_type
@pytest.mark.parametrize("wrong", ["other", "unknown"])
async def test_a_wrong_type_on_a_per_type_stream_ends_it_with_invalid_argument(
    bench: Bench, kind: Kind, type_url: TypeUrl, wrong: str
) -> None:
    client = await bench.asking(kind, type_url, MISSING)
    await client.accept(type_url)
    asked = UNKNOWN if wrong == "unknown" else (RDS if type_url != RDS else CDS)
    await client.send(request_of(kind, type_url=asked))
    ending = await client.ended()
    assert ending.status == "INVALID_ARGUMENT"
    assert asked in ending.message
    assert type_url in ending.message


@rule(1)
@on(*ADS)
async def test_an_ads_request_without_a_type_ends_the_stream(bench: Bench, kind: Kind) -> None:
    client = await bench.open(kind, CDS)
    await client.send(request_of(kind))
    ending = await client.ended()
    assert ending.status == "INVALID_ARGUMENT"
    assert "type_url" in ending.message


@rule(1, 10)
@on(*ADS)
async def test_all_types_of_one_ads_stream_are_answered_each_with_its_own_names(bench: Bench, kind: Kind) -> None:
    samples = [Sample(type_url, letter) for type_url, letter in zip(TYPES, "abcd", strict=True)]
    await bench.put(*(sample.form() for sample in samples))
    client = await bench.open(kind, CDS)
    for sample in samples:
        await client.ask(sample.type_url, sample.name)
        response = await client.accept(sample.type_url)
        assert response.names == [sample.name]
    await client.silent()


@rule(1, 10)
@on(*ADS)
async def test_two_types_under_way_at_once_do_not_disturb_each_other(bench: Bench, kind: Kind) -> None:
    one, two = Sample(CDS, "a"), Sample(EDS, "b")
    await bench.put(one.form(), two.form())
    client = await bench.asking(kind, CDS, one.name)
    await client.ask(EDS, two.name)
    clusters, endpoints = await client.expect(CDS), await client.expect(EDS)
    await client.nack(endpoints)
    await client.ack(clusters)
    await client.silent()
    await bench.put(one.form(1), two.form(1))
    assert (await client.accept(CDS)).names == [one.name]
    assert (await client.accept(EDS)).names == [two.name]
    await client.silent()


@rule(10)
@every_type
async def test_a_type_that_was_not_asked_for_is_never_sent(bench: Bench, kind: Kind, type_url: TypeUrl) -> None:
    """Whatever changes; `Client` refuses every response of a type that it did not ask for."""
    web, first = service(), workload("first")
    await bench.put(web, first)
    client = await bench.asking(kind, type_url, MISSING)
    await client.accept(type_url)
    await bench.put(service("shop", 81), workload("other", "shop"), workload("first", address="10.0.0.2"))
    await bench.remove(web)
    await client.silent()


@rule(10)
@on(*ADS)
async def test_an_unknown_type_gets_nothing_and_does_not_end_the_stream(bench: Bench, kind: Kind) -> None:
    sample = Sample(EDS, "a")
    await bench.put(sample.form())
    client = await bench.open(kind, CDS)
    await client.send(request_of(kind, type_url=UNKNOWN))
    await client.silent()
    await client.ask(EDS, sample.name)
    assert (await client.accept(EDS)).names == [sample.name]
    await client.send(request_of(kind, type_url=UNKNOWN))
    await bench.put(sample.form(1))
    assert (await client.accept(EDS)).names == [sample.name]
    await client.silent()


@rule(10, BAD_INPUT)
@on(*ADS)
async def test_more_unknown_types_than_there_can_be_end_the_stream(bench: Bench, kind: Kind) -> None:
    client = await bench.open(kind, CDS)
    for number in range(64):
        await client.send(request_of(kind, type_url=f"{UNKNOWN}{number}"))
    await client.silent()
    await client.send(request_of(kind, type_url=f"{UNKNOWN}64"))
    assert (await client.ended()).status == "RESOURCE_EXHAUSTED"


# The node (rule 2)


@rule(2)
@every_type
async def test_the_node_is_needed_on_the_first_request_only(bench: Bench, kind: Kind, type_url: TypeUrl) -> None:
    """Every other test does without it as well: `Client` names the node once."""
    sample = Sample(type_url, "a")
    await bench.put(sample.form())
    client = await bench.asking(kind, type_url, sample.name)
    await client.accept(type_url)
    await bench.put(sample.form(1))
    await client.accept(type_url)
    assert client.stream.proxy is not None
    assert client.stream.proxy.id == NODE


@rule(2)
async def test_the_node_may_be_named_again(bench: Bench, kind: Kind) -> None:
    client = await bench.asking(kind, EDS, MISSING)
    response = await client.expect(EDS)
    request = client.speech.ack(response)
    request.node.id = NODE
    await client.send(request)
    await client.silent()
    assert bench.plane.streams


@rule(2, BAD_INPUT)
@every_type
async def test_a_stream_without_a_node_id_is_refused(bench: Bench, kind: Kind, type_url: TypeUrl) -> None:
    client = await bench.open(kind, type_url, node="")
    await client.ask(type_url, MISSING)
    ending = await client.ended()
    assert ending.status == "INVALID_ARGUMENT"
    assert "node" in ending.message
    assert not bench.plane.roster.all()


@rule(2, BAD_INPUT)
async def test_a_node_id_that_changes_ends_the_stream(bench: Bench, kind: Kind) -> None:
    client = await bench.asking(kind, EDS, MISSING)
    request = client.speech.ack(await client.expect(EDS))
    request.node.id = "proxy-2"
    await client.send(request)
    ending = await client.ended()
    assert ending.status == "INVALID_ARGUMENT"
    assert NODE in ending.message
    assert "proxy-2" in ending.message
    assert [proxy.id for proxy in bench.plane.roster.all()] == [NODE]


@rule(2)
@only(CORE)
@pytest.mark.parametrize(
    ("names", "node"),
    [
        (("envoy-1.mesh.example",), "envoy-1.mesh.example"),
        (("*.mesh.example",), "envoy-1.mesh.example"),
        (("spiffe://mesh/ns/shop/sa/cart",), "spiffe://mesh/ns/shop/sa/cart/pod-1"),
        (("other", "envoy-1"), "envoy-1"),
    ],
)
async def test_a_certificate_that_covers_the_node_id_is_enough(
    bench: Bench, kind: Kind, names: tuple[str, ...], node: str
) -> None:
    client = await bench.open(kind, EDS, node, certificate=names)
    await client.ask(EDS, MISSING)
    await client.accept(EDS)


@rule(2)
@only(CORE)
@pytest.mark.parametrize(
    ("names", "node"),
    [
        ((), "envoy-1"),
        (("",), "envoy-1"),
        (("envoy-2",), "envoy-1"),
        (("*.mesh.example",), "a.b.mesh.example"),
        (("*.mesh.example",), "mesh.example"),
        (("spiffe://mesh/ns/shop/sa/cart",), "spiffe://mesh/ns/shop/sa/cartoons"),
        (("spiffe://mesh/ns/shop/sa/cart",), "spiffe://mesh/ns/shop"),
    ],
)
async def test_a_certificate_that_does_not_cover_the_node_id_is_refused(
    bench: Bench, kind: Kind, names: tuple[str, ...], node: str
) -> None:
    client = await bench.open(kind, EDS, node, certificate=names)
    await client.ask(EDS, MISSING)
    ending = await client.ended()
    assert ending.status == "PERMISSION_DENIED"
    assert node in ending.message
    assert not bench.plane.roster.all()
