"""State of the world: what is an ACK (rules 19 and 20), and a NACK that is an echo (rule 30)."""

from ledger.ids import TypeUrl
from tests.conformance.bench import Bench
from tests.conformance.client import Client
from tests.conformance.rules import on, rule
from tests.conformance.samples import Sample, every_type, with_wildcard
from tests.conformance.speech import Response
from tests.conformance.transports import ADS, SOTW, Kind
from xds.types import CDS, EDS


@rule(19, 5)
@on(*SOTW)
@every_type
async def test_named_resources_are_answered_in_full_on_a_new_stream_that_has_their_version(
    bench: Bench, kind: Kind, type_url: TypeUrl
) -> None:
    sample = Sample(type_url, "a")
    await bench.put(sample.form())
    client = await bench.asking(kind, type_url, sample.name)
    version = (await client.accept(type_url)).version
    await client.close()
    client = await bench.asking(kind, type_url, sample.name, version=version)
    assert (await client.accept(type_url)).names == [sample.name]
    await client.silent()


@rule(19, 5)
@on(*SOTW)
@with_wildcard
async def test_a_wildcard_is_answered_in_full_too_though_the_rule_would_let_it_be_skipped(
    bench: Bench, kind: Kind, type_url: TypeUrl
) -> None:
    """An empty response would delete everything, none would keep Envoy's backoff, and a version credits nothing."""
    one, two = Sample(type_url, "a"), Sample(type_url, "b")
    await bench.put(one.form(), two.form())
    client = await bench.asking(kind, type_url)
    version = (await client.accept(type_url)).version
    await client.close()
    client = await bench.asking(kind, type_url, version=version)
    again = await client.expect(type_url)
    assert again.names == [one.name, two.name]
    assert again.version == version
    assert bench.outcome(one.form()) == "PENDING"
    await client.ack(again)
    assert bench.outcome(one.form()) == "CONFIRMED"
    await client.silent()


@rule(19)
@on(*SOTW)
@every_type
async def test_a_version_that_is_out_of_date_changes_nothing_about_that(
    bench: Bench, kind: Kind, type_url: TypeUrl
) -> None:
    sample = Sample(type_url, "a")
    await bench.put(sample.form())
    client = await bench.asking(kind, type_url, sample.name)
    old = await client.accept(type_url)
    await client.close()
    await bench.put(sample.form(1))
    client = await bench.asking(kind, type_url, sample.name, version=old.version)
    new = await client.accept(type_url)
    assert new.resources[sample.name] != old.resources[sample.name]
    await client.silent()


@rule(20, 4)
@on(*SOTW)
@every_type
async def test_the_old_version_without_error_detail_is_no_ack_and_no_nack(
    bench: Bench, kind: Kind, type_url: TypeUrl
) -> None:
    sample = Sample(type_url, "a")
    await bench.put(sample.form())
    client = await bench.asking(kind, type_url, sample.name)
    old = await client.accept(type_url)
    await bench.put(sample.form(1))
    new = await client.expect(type_url)
    await _repeat(client, new, old.version)
    (straggler,) = bench.receipt(sample.form()).stragglers
    assert straggler.state == "SENT"
    await bench.put(sample.form(2))
    await client.silent()  # the response is still under way
    await client.ack(new)
    await client.accept(type_url)
    assert bench.outcome(sample.form()) == "CONFIRMED"
    await client.silent()


@rule(20)
@on(*SOTW)
@every_type
async def test_names_count_also_in_a_request_that_is_no_ack(bench: Bench, kind: Kind, type_url: TypeUrl) -> None:
    one, two = Sample(type_url, "a"), Sample(type_url, "b")
    await bench.put(one.form(), two.form())
    client = await bench.asking(kind, type_url, one.name)
    old = await client.accept(type_url)
    await bench.put(one.form(1))
    new = await client.expect(type_url)
    client.speech.ask(type_url, [one.name, two.name], version="", held=None)
    await _repeat(client, new, old.version)
    await client.silent()
    await client.ack(new)
    assert two.name in (await client.accept(type_url)).names
    await client.silent()


@rule(20)
@on(*SOTW)
@every_type
async def test_an_ack_with_a_version_that_was_never_sent_is_no_ack(bench: Bench, kind: Kind, type_url: TypeUrl) -> None:
    sample = Sample(type_url, "a")
    await bench.put(sample.form())
    client = await bench.asking(kind, type_url, sample.name)
    response = await client.expect(type_url)
    await _repeat(client, response, "made up")
    assert bench.outcome(sample.form()) == "PENDING"
    await client.ack(response)
    assert bench.outcome(sample.form()) == "CONFIRMED"


async def _repeat(client: Client, response: Response, version: str) -> None:
    request = client.speech.ack(response)
    request.version_info = version  # type: ignore[union-attr]
    await client.send(request)


# A NACK that is an echo. That a real Envoy sends it is shown in `tests/envoy`.


async def _echo(client: Client, response: Response) -> None:
    """Envoy's one reply to what it received while the type was paused: the last nonce, its version, an old error."""
    request = client.speech.ack(response)
    request.error_detail.code = 3
    request.error_detail.message = "of an earlier response"
    await client.send(request)


@rule(30, 4)
@on(Kind.ADS_SOTW)
@every_type
async def test_a_nack_with_the_new_version_credits_nothing_and_has_the_same_sent_again(
    bench: Bench, kind: Kind, type_url: TypeUrl
) -> None:
    sample = Sample(type_url, "a")
    await bench.put(sample.form())
    client = await bench.asking(kind, type_url, sample.name)
    await client.accept(type_url)
    await bench.put(sample.form(1))
    response = await client.expect(type_url)
    await _echo(client, response)
    assert bench.outcome(sample.form()) == "PENDING"
    again = await client.expect(type_url)
    assert again.resources == response.resources
    assert again.version == response.version
    await client.ack(again)
    assert bench.outcome(sample.form()) == "CONFIRMED"
    await client.silent()


@rule(30, 6)
@on(Kind.ADS_SOTW)
@every_type
async def test_a_nack_that_goes_on_naming_the_new_version_is_believed_after_three(
    bench: Bench, kind: Kind, type_url: TypeUrl
) -> None:
    sample = Sample(type_url, "a")
    await bench.put(sample.form())
    client = await bench.asking(kind, type_url, sample.name)
    await client.accept(type_url)
    await bench.put(sample.form(1))
    for _ in range(4):
        await _echo(client, await client.expect(type_url))
    await client.silent()
    assert bench.outcome(sample.form()) == "PENDING"
    await bench.put(sample.form(2))
    await client.accept(type_url)
    assert bench.outcome(sample.form()) == "CONFIRMED"
    await client.silent()


@rule(30)
@on(*ADS)
async def test_an_ack_that_comes_late_counts_for_what_its_response_held_and_not_for_later_changes(
    bench: Bench, kind: Kind
) -> None:
    cluster, endpoints = Sample(CDS, "a"), Sample(EDS, "b")
    await bench.put(cluster.form(), endpoints.form())
    client = await bench.asking(kind, CDS, cluster.name)
    await client.accept(CDS)
    await client.ask(EDS, endpoints.name)
    await client.accept(EDS)
    await bench.put(cluster.form(1))
    paused = await client.expect(CDS)
    await bench.put(cluster.form(2))
    await bench.put(endpoints.form(1))
    await client.accept(EDS)
    await bench.pass_time(2)
    await client.ack(paused)
    assert bench.outcome(endpoints.form()) == "CONFIRMED"
    assert bench.outcome(cluster.form()) == "PENDING"
    await client.accept(CDS)
    assert bench.outcome(cluster.form()) == "CONFIRMED"
    await client.silent()


@rule(30, 27)
@on(*ADS)
async def test_an_ack_that_is_lost_with_the_stream_is_made_up_for_on_the_next(bench: Bench, kind: Kind) -> None:
    cluster = Sample(CDS, "a")
    await bench.put(cluster.form())
    client = await bench.asking(kind, CDS, cluster.name)
    await client.accept(CDS)
    await bench.put(cluster.form(1))
    applied = await client.expect(CDS)  # and its ACK is lost
    await client.close()
    assert bench.outcome(cluster.form()) == "PENDING"
    client = await bench.asking(kind, CDS, cluster.name, version=applied.version, held=applied.versions)
    assert bench.outcome(cluster.form()) == "PENDING"
    response = await client.accept(CDS)
    assert response.names == [cluster.name]  # it may have been rejected, unheard (rule 23)
    assert bench.outcome(cluster.form()) == "CONFIRMED"
    await client.silent()
