"""State of the world: what is asked for (rules 15 to 18)."""

from ledger.ids import TypeUrl
from tests.conformance.bench import Bench
from tests.conformance.rules import on, rule
from tests.conformance.samples import MISSING, Sample, api_of, by_name, every_type, service, with_wildcard
from tests.conformance.transports import SOTW, Kind
from xds.types import FULL_SET, LDS


def three(type_url: TypeUrl) -> tuple[Sample, Sample, Sample]:
    """Three resources of a type."""
    return Sample(type_url, "a"), Sample(type_url, "b"), Sample(type_url, "c")


# A stale nonce


@rule(15)
@on(*SOTW)
@every_type
async def test_a_stale_nonce_with_the_names_as_they_are_gets_nothing(
    bench: Bench, kind: Kind, type_url: TypeUrl
) -> None:
    one, two, _ = three(type_url)
    await bench.put(one.form())
    client = await bench.asking(kind, type_url, one.name)
    first = await client.accept(type_url)
    await bench.put(one.form(1))
    await client.accept(type_url)
    await client.send(client.speech.ack(first))
    await client.silent()
    await bench.put(two.form())
    await client.ask(type_url, one.name, two.name)
    assert two.name in (await client.accept(type_url)).names  # this request's answer, and none before it


@rule(15)
@on(*SOTW)
@every_type
async def test_the_names_of_a_request_with_a_stale_nonce_take_effect(
    bench: Bench, kind: Kind, type_url: TypeUrl
) -> None:
    one, two, three_ = three(type_url)
    await bench.put(one.form(), two.form(), three_.form())
    client = await bench.asking(kind, type_url, one.name, two.name)
    first = await client.accept(type_url)
    await bench.put(one.form(1))
    await client.accept(type_url)
    request = client.speech.ask(type_url, [two.name, three_.name], version="", held=None)
    request.response_nonce = first.nonce
    await client.send(request)
    assert three_.name in (await client.accept(type_url)).names
    await bench.put(one.form(2))
    await client.silent()  # given up by that request


@rule(15, 13)
@on(*SOTW)
@every_type
async def test_names_under_a_stale_nonce_are_answered_after_the_response_that_is_under_way(
    bench: Bench, kind: Kind, type_url: TypeUrl
) -> None:
    one, two, _ = three(type_url)
    await bench.put(one.form(), two.form())
    client = await bench.asking(kind, type_url, one.name)
    first = await client.accept(type_url)
    await bench.put(one.form(1))
    under_way = await client.expect(type_url)
    request = client.speech.ask(type_url, [one.name, two.name], version="", held=None)
    request.response_nonce = first.nonce  # the client has not read what is under way
    await client.send(request)
    await client.silent()
    assert bench.outcome(one.form()) == "PENDING"
    await client.ack(under_way)
    response = await client.accept(type_url)
    assert response.names == ([one.name, two.name] if type_url in FULL_SET else [two.name])
    assert bench.outcome(one.form()) == "CONFIRMED"
    await client.silent()


# What a response holds


@rule(16)
@on(*SOTW)
@with_wildcard
async def test_every_response_of_lds_and_cds_is_the_full_set_and_what_is_absent_is_deleted(
    bench: Bench, kind: Kind, type_url: TypeUrl
) -> None:
    samples = one, two, _ = three(type_url)
    await bench.put(*(sample.form() for sample in samples))
    client = await bench.asking(kind, type_url)
    everything = [sample.name for sample in samples]
    assert (await client.accept(type_url)).names == everything
    await bench.put(two.form(1))
    assert (await client.accept(type_url)).names == everything
    await bench.remove(one.form())
    assert (await client.accept(type_url)).names == everything[1:]
    assert bench.outcome(one.form()) == "CONFIRMED"
    await client.silent()


@rule(16)
@on(*SOTW)
@with_wildcard
async def test_the_last_resource_is_deleted_by_an_empty_response(bench: Bench, kind: Kind, type_url: TypeUrl) -> None:
    one, _, _ = three(type_url)
    await bench.put(one.form())
    client = await bench.asking(kind, type_url)
    await client.accept(type_url)
    await bench.remove(one.form())
    assert (await client.accept(type_url)).names == []
    assert bench.outcome(one.form()) == "CONFIRMED"


@rule(16)
@on(*SOTW)
@by_name
async def test_eds_and_rds_send_just_what_changed(bench: Bench, kind: Kind, type_url: TypeUrl) -> None:
    samples = one, two, three_ = three(type_url)
    await bench.put(*(sample.form() for sample in samples))
    client = await bench.asking(kind, type_url, *(sample.name for sample in samples))
    assert (await client.accept(type_url)).names == [sample.name for sample in samples]
    await bench.put(two.form(1))
    assert (await client.accept(type_url)).names == [two.name]
    await bench.put(one.form(1), three_.form(1))
    assert (await client.accept(type_url)).names == [one.name, three_.name]
    await client.silent()


# Wildcards


@rule(17)
@on(*SOTW)
@with_wildcard
async def test_a_legacy_wildcard_becomes_names_and_then_an_empty_list_means_nothing(
    bench: Bench, kind: Kind, type_url: TypeUrl
) -> None:
    one, two, three_ = three(type_url)
    await bench.put(one.form(), two.form())
    client = await bench.asking(kind, type_url)
    assert (await client.accept(type_url)).names == [one.name, two.name]
    await client.ask(type_url, one.name)
    assert (await client.accept(type_url)).names == [one.name]
    await bench.put(two.form(1), three_.form())
    await client.silent()
    await client.ask(type_url)
    await client.silent()
    await bench.put(one.form(1), two.form(2))
    await client.silent()
    await client.ask(type_url, "*")
    assert (await client.accept(type_url)).names == [one.name, two.name, three_.name]
    await bench.put(two.form(3))
    assert (await client.accept(type_url)).names == [one.name, two.name, three_.name]
    await client.ask(type_url)
    await bench.put(two.form(4))
    await client.silent()


@rule(17)
@on(*SOTW)
@with_wildcard
async def test_an_empty_list_goes_on_being_the_wildcard_as_long_as_no_name_was_given(
    bench: Bench, kind: Kind, type_url: TypeUrl
) -> None:
    one, two, _ = three(type_url)
    await bench.put(one.form())
    client = await bench.asking(kind, type_url)
    await client.accept(type_url)  # this ACK, and the one below, have an empty list again
    await bench.put(two.form())
    assert (await client.accept(type_url)).names == [one.name, two.name]
    await client.silent()


@rule(17)
@on(*SOTW)
@by_name
async def test_there_is_no_wildcard_for_eds_and_rds(bench: Bench, kind: Kind, type_url: TypeUrl) -> None:
    one, two, _ = three(type_url)
    await bench.put(one.form())
    client = await bench.asking(kind, type_url)
    assert (await client.accept(type_url)).names == []
    await bench.put(one.form(1), two.form())
    await client.silent()
    await client.ask(type_url, one.name)
    assert (await client.accept(type_url)).names == [one.name]


@rule(17)
@on(*SOTW)
@with_wildcard
async def test_a_name_beside_the_wildcard_is_sent_once_and_survives_it(
    bench: Bench, kind: Kind, type_url: TypeUrl
) -> None:
    one, two, _ = three(type_url)
    await bench.put(one.form(), two.form())
    client = await bench.asking(kind, type_url, "*", one.name)
    assert (await client.accept(type_url)).names == [one.name, two.name]
    await client.ask(type_url, "*")
    await bench.put(one.form(1))
    assert (await client.accept(type_url)).names == [one.name, two.name]
    await client.ask(type_url, "*", one.name)
    assert (await client.accept(type_url)).names == [one.name, two.name]
    await client.ask(type_url, one.name)
    await bench.put(two.form(1))
    await client.silent()
    await bench.put(one.form(2))
    assert (await client.accept(type_url)).names == [one.name]


@rule(17, 32)
@on(Kind.ADS_SOTW)
async def test_a_name_beside_the_wildcard_may_be_one_that_the_wildcard_does_not_cover(bench: Bench, kind: Kind) -> None:
    """A gRPC client's listener, of which Envoy takes no more than one."""
    web = service()
    await bench.put(web)
    client = await bench.asking(kind, LDS, "*")
    assert (await client.accept(LDS)).names == ["0.0.0.0_80"]
    await client.ask(LDS, "*", api_of(web))
    assert (await client.accept(LDS)).names == ["0.0.0.0_80", api_of(web)]
    await client.ask(LDS, "*")
    await bench.put(service("shop", 81))
    assert (await client.accept(LDS)).names == ["0.0.0.0_80", "0.0.0.0_81"]


# Names


@rule(18)
@on(*SOTW)
@every_type
async def test_a_newly_named_resource_is_sent_even_if_it_was_sent_before_and_is_unchanged(
    bench: Bench, kind: Kind, type_url: TypeUrl
) -> None:
    one, two, _ = three(type_url)
    await bench.put(one.form(), two.form())
    client = await bench.asking(kind, type_url, one.name, two.name)
    first = await client.accept(type_url)
    await client.ask(type_url, one.name)
    await client.silent()
    await client.ask(type_url, one.name, two.name)
    again = await client.accept(type_url)
    assert again.resources[two.name] == first.resources[two.name]
    assert again.names == ([one.name, two.name] if type_url in FULL_SET else [two.name])
    await client.silent()


@rule(18, 29)
@on(*SOTW)
@every_type
async def test_the_newest_nonce_settles_everything_and_the_older_ones_settle_nothing(
    bench: Bench, kind: Kind, type_url: TypeUrl
) -> None:
    """With one response under way at a time (rule 13) there is never an earlier one left for it to settle."""
    one, _, _ = three(type_url)
    await bench.put(one.form())
    client = await bench.asking(kind, type_url, one.name)
    first = await client.accept(type_url)
    await bench.put(one.form(1))
    second = await client.expect(type_url)
    await client.send(client.speech.ack(first))
    assert bench.outcome(one.form()) == "PENDING"
    await client.ack(second)
    assert bench.outcome(one.form()) == "CONFIRMED"
    await client.silent()


@rule(18)
@on(*SOTW)
@every_type
async def test_giving_up_every_name_is_followed_by_silence(bench: Bench, kind: Kind, type_url: TypeUrl) -> None:
    one, two, _ = three(type_url)
    await bench.put(one.form(), two.form())
    client = await bench.asking(kind, type_url, one.name, two.name, MISSING)
    await client.accept(type_url)
    await client.ask(type_url)
    await client.silent()
    await bench.put(one.form(1))
    await bench.remove(two.form())
    await client.silent()
    await client.ask(type_url, one.name)
    assert (await client.accept(type_url)).names == [one.name]
    await client.silent()
