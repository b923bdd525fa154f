"""ACKs that are tolerated, and worth nothing (rule 29)."""

from ledger.ids import TypeUrl
from tests.conformance.bench import Bench
from tests.conformance.rules import on, rule
from tests.conformance.samples import Sample, cluster_of, every_type, service, workload
from tests.conformance.transports import ADS, Kind
from xds.types import CDS, EDS

WEB, FIRST = service(), workload("first")


@rule(29)
@every_type
async def test_a_duplicate_ack_is_tolerated_and_credits_nothing(bench: Bench, kind: Kind, type_url: TypeUrl) -> None:
    one, two = Sample(type_url, "a"), Sample(type_url, "b")
    await bench.put(one.form(), two.form())
    client = await bench.asking(kind, type_url, one.name)
    first = await client.accept(type_url)
    await client.ack(first)
    await bench.put(one.form(1))
    second = await client.expect(type_url)
    await client.send(client.speech.ack(first))
    assert bench.outcome(one.form()) == "PENDING"
    await client.ack(second)
    await client.ack(second)
    assert bench.outcome(one.form()) == "CONFIRMED"
    await client.silent()


@rule(29)
@every_type
async def test_an_ack_of_a_nonce_that_nobody_knows_is_tolerated_and_credits_nothing(
    bench: Bench, kind: Kind, type_url: TypeUrl
) -> None:
    sample = Sample(type_url, "a")
    await bench.put(sample.form())
    client = await bench.asking(kind, type_url, sample.name)
    response = await client.expect(type_url)
    for nonce in ("made up", f"{response.nonce}0", response.nonce.upper() + "x"):
        request = client.speech.ack(response)
        request.response_nonce = nonce
        await client.send(request)
    assert bench.outcome(sample.form()) == "PENDING"
    await client.ack(response)
    assert bench.outcome(sample.form()) == "CONFIRMED"
    await client.silent()


@rule(29, 3)
@every_type
async def test_a_nonce_of_an_earlier_stream_credits_nothing_on_the_next(
    bench: Bench, kind: Kind, type_url: TypeUrl
) -> None:
    sample = Sample(type_url, "a")
    await bench.put(sample.form())
    client = await bench.asking(kind, type_url, sample.name)
    await client.accept(type_url)
    await bench.put(sample.form(1))
    lost = await client.expect(type_url)
    await client.close()
    client = await bench.asking(kind, type_url, sample.name)
    await client.expect(type_url)
    await client.send(client.speech.ack(lost))
    assert bench.outcome(sample.form()) == "PENDING"


@rule(29, 26)
@on(*ADS)
async def test_the_nonce_of_another_type_credits_nothing(bench: Bench, kind: Kind) -> None:
    await bench.put(WEB, FIRST)
    client = await bench.asking(kind, CDS)
    clusters = await client.accept(CDS)
    await client.ask(EDS, cluster_of(WEB))
    endpoints = await client.expect(EDS)
    request = client.speech.ack(clusters)
    request.response_nonce = endpoints.nonce
    await client.send(request)
    assert bench.outcome(FIRST) == "PENDING"
    await client.ack(endpoints)
    assert bench.outcome(FIRST) == "CONFIRMED"


@rule(29)
@every_type
async def test_an_ack_after_a_nack_of_the_same_nonce_credits_nothing(
    bench: Bench, kind: Kind, type_url: TypeUrl
) -> None:
    sample = Sample(type_url, "a")
    await bench.put(sample.form())
    client = await bench.asking(kind, type_url, sample.name)
    response = await client.expect(type_url)
    await client.nack(response)
    await client.ack(response)
    assert bench.outcome(sample.form()) == "PENDING"
    await client.silent()
