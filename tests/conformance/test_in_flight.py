"""One response at a time, and how long it may go unanswered (rule 13)."""

import pytest

from ledger.ids import TypeUrl
from tests.conformance.bench import Bench
from tests.conformance.rules import on, rule
from tests.conformance.samples import Sample, every_type
from tests.conformance.transports import ADS, Kind
from xds.types import CDS, EDS


@rule(13)
@every_type
async def test_at_most_one_response_of_a_type_is_unanswered_and_changes_meanwhile_are_merged(
    bench: Bench, kind: Kind, type_url: TypeUrl
) -> None:
    one, two = Sample(type_url, "a"), Sample(type_url, "b")
    await bench.put(one.form(), two.form())
    client = await bench.asking(kind, type_url, one.name, two.name)
    first = await client.expect(type_url)
    for number in (1, 2, 3):
        await bench.put(one.form(number))
    await bench.put(two.form(1))
    await client.silent()
    await client.ack(first)
    merged = await client.accept(type_url)
    assert merged.names == [one.name, two.name]
    await client.silent()
    other = await bench.asking(kind, type_url, one.name, two.name, node="proxy-2")
    assert (await other.accept(type_url)).resources == merged.resources  # the newest of each
    assert bench.outcome(one.form()) == bench.outcome(two.form()) == "CONFIRMED"


@rule(13)
@every_type
async def test_a_nack_too_makes_way_for_the_next_response(bench: Bench, kind: Kind, type_url: TypeUrl) -> None:
    sample = Sample(type_url, "a")
    await bench.put(sample.form())
    client = await bench.asking(kind, type_url, sample.name)
    first = await client.expect(type_url)
    await bench.put(sample.form(1))
    await client.silent()
    await client.nack(first)
    assert (await client.accept(type_url)).names == [sample.name]
    await client.silent()


@rule(13)
@on(*ADS)
async def test_an_unanswered_response_keeps_no_other_type_waiting(bench: Bench, kind: Kind) -> None:
    endpoints, clusters = Sample(EDS, "a"), Sample(CDS, "b")
    await bench.put(endpoints.form(), clusters.form())
    client = await bench.asking(kind, EDS, endpoints.name)
    await client.expect(EDS)
    await client.ask(CDS, clusters.name)
    await client.accept(CDS)
    await bench.put(clusters.form(1), endpoints.form(1))
    await client.accept(CDS)
    await client.silent()


@rule(13)
@every_type
async def test_one_proxy_that_does_not_answer_keeps_no_other_waiting(
    bench: Bench, kind: Kind, type_url: TypeUrl
) -> None:
    sample = Sample(type_url, "a")
    await bench.put(sample.form())
    slow = await bench.asking(kind, type_url, sample.name, node="slow")
    await slow.expect(type_url)
    quick = await bench.asking(kind, type_url, sample.name, node="quick")
    await quick.accept(type_url)
    await bench.put(sample.form(1))
    await quick.accept(type_url)
    await slow.silent()
    assert {straggler.proxy for straggler in bench.receipt(sample.form()).stragglers} == {"slow"}


@rule(13)
@every_type
async def test_an_unanswered_response_makes_the_subscription_stale_and_then_ends_the_stream(
    bench: Bench, kind: Kind, type_url: TypeUrl
) -> None:
    sample = Sample(type_url, "a")
    await bench.put(sample.form())
    client = await bench.asking(kind, type_url, sample.name)
    await client.accept(type_url)
    await bench.pass_time(3600)  # idle, which is no fault
    await bench.put(sample.form(1))
    await client.expect(type_url)
    subscription = client.stream.subscriptions[type_url]
    await bench.pass_time(bench.timing.stale - 1)
    assert not subscription.stale
    await bench.pass_time(1)
    assert subscription.stale
    await bench.pass_time(bench.timing.end - bench.timing.stale - 1)
    assert client.is_open
    await bench.pass_time(1)
    ending = await client.ended()
    assert ending.status == "DEADLINE_EXCEEDED"
    assert type_url in ending.message
    assert bench.outcome(sample.form()) == "PENDING"  # the end credits nothing (rule 27)


@rule(13)
@every_type
@pytest.mark.parametrize("answer", ["ack", "nack"])
async def test_an_answer_lifts_the_deadline(bench: Bench, kind: Kind, type_url: TypeUrl, answer: str) -> None:
    sample = Sample(type_url, "a")
    await bench.put(sample.form())
    client = await bench.asking(kind, type_url, sample.name)
    response = await client.expect(type_url)
    await bench.pass_time(bench.timing.end - 1)
    assert client.stream.subscriptions[type_url].stale
    await (client.ack(response) if answer == "ack" else client.nack(response))
    assert not client.stream.subscriptions[type_url].stale
    await bench.pass_time(3600)
    await client.silent()
