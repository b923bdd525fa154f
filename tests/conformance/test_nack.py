"""Rejected responses."""

from ledger.ids import TypeUrl
from protos.discovery_pb2 import DeltaDiscoveryRequest
from tests.conformance.bench import Bench
from tests.conformance.rules import on, rule
from tests.conformance.samples import Sample, by_name, every_type, with_wildcard
from tests.conformance.transports import ADS, DELTA, SOTW, Kind
from xds.types import CDS, EDS


@rule(6, 4)
@every_type
async def test_a_nacked_version_is_not_sent_again_and_the_next_one_is(
    bench: Bench, kind: Kind, type_url: TypeUrl
) -> None:
    sample = Sample(type_url, "a")
    await bench.put(sample.form())
    client = await bench.asking(kind, type_url, sample.name)
    good = await client.accept(type_url)
    await bench.put(sample.form(1))
    bad = await client.expect(type_url)
    await client.nack(bad)
    await client.silent()
    await bench.pass_time(3600)
    await client.silent()
    await bench.put(sample.form(2))
    better = await client.accept(type_url)
    assert better.names == [sample.name]
    assert better.resources[sample.name] not in (good.resources[sample.name], bad.resources[sample.name])
    await client.silent()


@rule(6, 4)
@every_type
async def test_a_nack_of_the_very_first_response_is_a_nack_too(bench: Bench, kind: Kind, type_url: TypeUrl) -> None:
    """In SotW its version is empty: there is no older one to fall back to."""
    sample = Sample(type_url, "a")
    await bench.put(sample.form())
    client = await bench.asking(kind, type_url, sample.name)
    await client.nack(await client.expect(type_url))
    await client.silent()
    assert bench.outcome(sample.form()) == "PENDING"
    await bench.put(sample.form(1))
    await client.accept(type_url)
    assert bench.outcome(sample.form()) == "CONFIRMED"


@rule(6)
@every_type
async def test_a_nacked_resource_does_not_keep_another_back(bench: Bench, kind: Kind, type_url: TypeUrl) -> None:
    bad, other = Sample(type_url, "a"), Sample(type_url, "b")
    await bench.put(bad.form(), other.form())
    client = await bench.asking(kind, type_url, bad.name, other.name)
    await client.accept(type_url)
    await bench.put(bad.form(1))
    await client.nack(await client.expect(type_url))
    await bench.put(other.form(1))
    response = await client.accept(type_url)
    assert response.names == ([bad.name, other.name] if kind.sends_all(type_url) else [other.name])
    assert bench.outcome(other.form()) == "CONFIRMED"
    await client.silent()


@rule(6)
@on(*ADS)
async def test_a_nacked_type_does_not_keep_another_back(bench: Bench, kind: Kind) -> None:
    cluster, endpoints = Sample(CDS, "a"), Sample(EDS, "b")
    await bench.put(cluster.form(), endpoints.form())
    client = await bench.asking(kind, CDS, cluster.name)
    await client.nack(await client.expect(CDS))
    await client.ask(EDS, endpoints.name)
    await client.accept(EDS)
    await bench.put(endpoints.form(1))
    await client.accept(EDS)
    await client.silent()


@rule(6, 31)
@every_type
async def test_a_receipt_names_the_proxy_that_nacked_with_its_reason(
    bench: Bench, kind: Kind, type_url: TypeUrl
) -> None:
    sample = Sample(type_url, "a")
    await bench.put(sample.form())
    client = await bench.asking(kind, type_url, sample.name)
    await client.nack(await client.expect(type_url), "port is taken")
    receipt = bench.receipt(sample.form())
    assert receipt.outcome == "PENDING"
    (straggler,) = receipt.stragglers
    assert (straggler.proxy, straggler.state, straggler.detail) == ("proxy-1", "NACKED", "port is taken")


@rule(31)
@on(*DELTA)
@every_type
async def test_of_several_rejected_each_is_sent_again_alone_and_only_the_bad_one_stays_pending(
    bench: Bench, kind: Kind, type_url: TypeUrl
) -> None:
    await _check_taken_apart(bench, kind, type_url)


@rule(31)
@on(*SOTW)
@by_name
async def test_of_several_rejected_by_sotw_each_is_sent_again_alone_where_a_response_may_be_partial(
    bench: Bench, kind: Kind, type_url: TypeUrl
) -> None:
    await _check_taken_apart(bench, kind, type_url)


async def _check_taken_apart(bench: Bench, kind: Kind, type_url: TypeUrl) -> None:
    samples = [Sample(type_url, letter) for letter in "abcd"]
    bad = samples[1]
    await bench.put(*(sample.form() for sample in samples))
    client = await bench.asking(kind, type_url, *(sample.name for sample in samples))
    await client.nack(await client.expect(type_url))
    states = {s.state for sample in samples for s in bench.receipt(sample.form()).stragglers}
    assert states == {"NACKED"}  # any of them may have been applied, or not
    heard = []
    for _ in samples:
        response = await client.expect(type_url)
        assert len(response.names) == 1
        heard += response.names
        if response.names == [bad.name]:
            await client.nack(response)
        else:
            await client.ack(response)
    assert sorted(heard) == [sample.name for sample in samples]
    await client.silent()
    outcomes = {sample.letter: bench.outcome(sample.form()) for sample in samples}
    assert outcomes == {"a": "CONFIRMED", "b": "PENDING", "c": "CONFIRMED", "d": "CONFIRMED"}
    await bench.put(bad.form(1), samples[0].form(1))
    assert (await client.accept(type_url)).names == [samples[0].name]
    assert (await client.accept(type_url)).names == [bad.name]  # tainted, so still alone, and after the others
    assert bench.outcome(bad.form()) == "CONFIRMED"
    await bench.put(bad.form(2), samples[0].form(2))
    assert (await client.accept(type_url)).names == [samples[0].name, bad.name]
    await client.silent()


@rule(31)
@on(*SOTW)
@with_wildcard
async def test_a_rejected_full_set_waits_as_a_whole_and_taints_all_that_it_may_have_changed(
    bench: Bench, kind: Kind, type_url: TypeUrl
) -> None:
    one, two, same = (Sample(type_url, letter) for letter in "abc")
    await bench.put(one.form(), two.form(), same.form())
    client = await bench.asking(kind, type_url)
    await client.accept(type_url)
    await bench.put(one.form(1), two.form(1))
    await client.nack(await client.expect(type_url))
    await client.silent()
    for sample in (one, two):
        assert {s.state for s in bench.receipt(sample.form()).stragglers} == {"NACKED"}
    assert bench.outcome(same.form()) == "CONFIRMED"  # applied or not, it is as it was
    await bench.put(one.form(2))
    assert (await client.accept(type_url)).names == [one.name, two.name, same.name]
    assert bench.outcome(one.form()) == bench.outcome(two.form()) == "CONFIRMED"
    await client.silent()


@rule(31, 22)
@on(*DELTA)
@every_type
async def test_rejecting_what_was_acked_in_that_very_form_takes_no_credit_back(
    bench: Bench, kind: Kind, type_url: TypeUrl
) -> None:
    """It was asked for again, and sent again; applied or not, the proxy has what it ACKed."""
    sample = Sample(type_url, "a")
    await bench.put(sample.form())
    client = await bench.asking(kind, type_url, sample.name)
    await client.accept(type_url)
    assert bench.outcome(sample.form()) == "CONFIRMED"
    await client.send(DeltaDiscoveryRequest(type_url=type_url, resource_names_subscribe=[sample.name]))
    assert bench.outcome(sample.form()) == "CONFIRMED"
    await client.nack(await client.expect(type_url))
    assert bench.outcome(sample.form()) == "CONFIRMED"


@rule(31, 23)
@on(*DELTA)
@every_type
async def test_what_was_rejected_is_not_believed_when_it_is_claimed_on_a_later_stream(
    bench: Bench, kind: Kind, type_url: TypeUrl
) -> None:
    good, bad = Sample(type_url, "a"), Sample(type_url, "b")
    await bench.put(good.form(), bad.form())
    client = await bench.asking(kind, type_url, good.name, bad.name)
    held = dict((await client.accept(type_url)).versions)
    await bench.put(bad.form(1))
    rejected = await client.expect(type_url)
    await client.nack(rejected)
    await client.close()
    false = {**held, **rejected.versions}  # seen in 3 of 8 runs
    client = await bench.asking(kind, type_url, good.name, bad.name, held=false)
    assert bench.outcome(bad.form()) == "PENDING"
    assert (await client.accept(type_url)).names == [bad.name]
    assert bench.outcome(bad.form()) == "CONFIRMED"
    await client.silent()


@rule(31, 6)
@on(*DELTA)
@every_type
async def test_a_rejected_removal_is_not_credited(bench: Bench, kind: Kind, type_url: TypeUrl) -> None:
    sample = Sample(type_url, "a")
    await bench.put(sample.form())
    client = await bench.asking(kind, type_url, sample.name)
    await client.accept(type_url)
    await bench.remove(sample.form())
    removal = await client.expect(type_url)
    assert removal.told == [sample.name]
    await client.nack(removal)
    await client.silent()
    assert bench.outcome(sample.form()) == "PENDING"
    await bench.put(sample.form(1))
    await client.accept(type_url)
    await bench.remove(sample.form())
    await client.accept(type_url)
    assert bench.outcome(sample.form()) == "CONFIRMED"
