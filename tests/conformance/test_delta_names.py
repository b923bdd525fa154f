"""Delta: what is asked for, and what of it is gone (rules 21, 22 and 24)."""

import pytest

from ledger.ids import TypeUrl
from protos.discovery_pb2 import DeltaDiscoveryRequest
from tests.conformance.bench import Bench
from tests.conformance.rules import on, rule
from tests.conformance.samples import MISSING, Sample, api_of, by_name, every_type, service, with_wildcard
from tests.conformance.transports import DELTA, Kind
from xds.types import LDS


def change(
    type_url: TypeUrl, *, add: tuple[str, ...] = (), drop: tuple[str, ...] = (), nonce: str = ""
) -> DeltaDiscoveryRequest:
    """A change of names, under any nonce."""
    return DeltaDiscoveryRequest(
        type_url=type_url,
        resource_names_subscribe=add,
        resource_names_unsubscribe=drop,
        response_nonce=nonce,
    )


@rule(21)
@on(*DELTA)
@every_type
@pytest.mark.parametrize("nonce", ["none", "made up", "older", "newest"])
async def test_a_change_of_names_counts_under_any_nonce(
    bench: Bench, kind: Kind, type_url: TypeUrl, nonce: str
) -> None:
    one, two = Sample(type_url, "a"), Sample(type_url, "b")
    await bench.put(one.form(), two.form())
    client = await bench.asking(kind, type_url, one.name)
    older = await client.accept(type_url)
    await bench.put(one.form(1))
    newest = await client.accept(type_url)
    nonces = {"none": "", "made up": "made up", "older": older.nonce, "newest": newest.nonce}
    await client.send(change(type_url, add=(two.name,), drop=(one.name,), nonce=nonces[nonce]))
    assert (await client.accept(type_url)).names == [two.name]
    await bench.put(one.form(2))
    await client.silent()


@rule(21)
@on(*DELTA)
@every_type
@pytest.mark.parametrize("answer", ["ack", "nack"])
async def test_a_change_of_names_counts_also_on_an_ack_or_a_nack(
    bench: Bench, kind: Kind, type_url: TypeUrl, answer: str
) -> None:
    one, two = Sample(type_url, "a"), Sample(type_url, "b")
    await bench.put(one.form(), two.form())
    client = await bench.asking(kind, type_url, one.name)
    response = await client.expect(type_url)
    request = client.speech.ack(response) if answer == "ack" else client.speech.nack(response, "no")
    assert isinstance(request, DeltaDiscoveryRequest)
    request.resource_names_subscribe.append(two.name)
    await client.send(request)
    assert (await client.accept(type_url)).names == [two.name]
    assert bench.outcome(one.form()) == ("CONFIRMED" if answer == "ack" else "PENDING")
    await client.silent()


@rule(21, 13)
@on(*DELTA)
@every_type
async def test_a_change_of_names_is_no_answer_to_the_response_that_is_under_way(
    bench: Bench, kind: Kind, type_url: TypeUrl
) -> None:
    one, two = Sample(type_url, "a"), Sample(type_url, "b")
    await bench.put(one.form(), two.form())
    client = await bench.asking(kind, type_url, one.name)
    under_way = await client.expect(type_url)
    await client.ask(type_url, one.name, two.name)
    await client.silent()
    assert bench.outcome(one.form()) == "PENDING"
    await client.ack(under_way)
    assert bench.outcome(one.form()) == "CONFIRMED"
    assert (await client.accept(type_url)).names == [two.name]
    await client.silent()


@rule(22)
@on(*DELTA)
@every_type
async def test_subscribing_again_to_a_held_name_sends_it_again_though_unchanged(
    bench: Bench, kind: Kind, type_url: TypeUrl
) -> None:
    one, two = Sample(type_url, "a"), Sample(type_url, "b")
    await bench.put(one.form(), two.form())
    client = await bench.asking(kind, type_url, one.name, two.name)
    first = await client.accept(type_url)
    await client.send(change(type_url, add=(one.name,)))
    again = await client.accept(type_url)
    assert again.names == [one.name]
    assert again.versions[one.name] == first.versions[one.name]
    await client.silent()


@rule(22, 13)
@on(*DELTA)
@every_type
async def test_subscribing_again_while_it_is_under_way_sends_it_once_more(
    bench: Bench, kind: Kind, type_url: TypeUrl
) -> None:
    one = Sample(type_url, "a")
    await bench.put(one.form())
    client = await bench.asking(kind, type_url, one.name)
    under_way = await client.expect(type_url)
    await client.send(change(type_url, add=(one.name,)))
    await client.silent()
    await client.ack(under_way)
    assert (await client.accept(type_url)).names == [one.name]
    await client.silent()


@rule(22)
@on(*DELTA)
@every_type
async def test_unsubscribing_is_silent_and_so_is_what_happens_to_the_name_afterwards(
    bench: Bench, kind: Kind, type_url: TypeUrl
) -> None:
    one, two = Sample(type_url, "a"), Sample(type_url, "b")
    await bench.put(one.form(), two.form())
    client = await bench.asking(kind, type_url, one.name, two.name)
    await client.accept(type_url)
    await client.ask(type_url, two.name)
    await client.silent()
    await bench.put(one.form(1))
    await bench.remove(one.form())
    await client.silent()
    await bench.put(two.form(1))
    assert (await client.accept(type_url)).told == [two.name]


@rule(22)
@on(*DELTA)
@every_type
async def test_unsubscribing_everything_is_followed_by_silence(bench: Bench, kind: Kind, type_url: TypeUrl) -> None:
    """An empty list is no wildcard any more, whatever it was on the first request."""
    one, two = Sample(type_url, "a"), Sample(type_url, "b")
    await bench.put(one.form(), two.form())
    client = await bench.asking(kind, type_url, one.name, two.name)
    await client.accept(type_url)
    await client.ask(type_url)
    await client.send(change(type_url))
    await bench.put(one.form(1))
    await bench.remove(two.form())
    await client.silent()
    await client.ask(type_url, one.name)
    assert (await client.accept(type_url)).told == [one.name]
    await client.silent()


@rule(22)
@on(*DELTA)
@every_type
async def test_unsubscribing_an_unknown_name_is_ignored(bench: Bench, kind: Kind, type_url: TypeUrl) -> None:
    one = Sample(type_url, "a")
    await bench.put(one.form())
    client = await bench.asking(kind, type_url, one.name)
    await client.accept(type_url)
    await client.send(change(type_url, drop=(MISSING,)))
    await client.silent()
    await bench.put(one.form(1))
    assert (await client.accept(type_url)).told == [one.name]


# Wildcards


@rule(22)
@on(*DELTA)
@with_wildcard
@pytest.mark.parametrize("first", [(), ("*",)], ids=["legacy", "explicit"])
async def test_a_name_that_the_wildcard_covers_too_is_answered_when_it_is_given_up(
    bench: Bench, kind: Kind, type_url: TypeUrl, first: tuple[str, ...]
) -> None:
    one, two = Sample(type_url, "a"), Sample(type_url, "b")
    await bench.put(one.form(), two.form())
    client = await bench.asking(kind, type_url, *first)
    assert (await client.accept(type_url)).names == [one.name, two.name]
    await client.send(change(type_url, add=(one.name,)))
    assert (await client.accept(type_url)).names == [one.name]
    await client.send(change(type_url, drop=(one.name,)))
    assert (await client.accept(type_url)).names == [one.name]
    await bench.put(one.form(1), two.form(1))
    assert (await client.accept(type_url)).names == [one.name, two.name]  # the wildcard is as it was
    await client.silent()


@rule(22)
@on(*DELTA)
@with_wildcard
async def test_a_name_beside_the_wildcard_that_does_not_exist_is_answered_with_its_removal(
    bench: Bench, kind: Kind, type_url: TypeUrl
) -> None:
    client = await bench.asking(kind, type_url, "*", MISSING)
    await client.accept_all()
    await client.send(change(type_url, drop=(MISSING,)))
    response = await client.accept(type_url)
    assert response.told == list(response.removed) == [MISSING]
    await client.silent()


@rule(22)
@on(Kind.ADS_DELTA)
async def test_a_name_that_the_wildcard_does_not_cover_is_removed_when_it_is_given_up_beside_it(
    bench: Bench, kind: Kind
) -> None:
    """A gRPC client's listener: a wildcard client that keeps it would never hear of it again."""
    web = service()
    await bench.put(web)
    client = await bench.asking(kind, LDS, "*", api_of(web))
    assert (await client.accept(LDS)).names == ["0.0.0.0_80", api_of(web)]
    await client.send(change(LDS, drop=(api_of(web),)))
    response = await client.accept(LDS)
    assert response.told == list(response.removed) == [api_of(web)]
    await client.silent()


@rule(22)
@on(*DELTA)
@with_wildcard
async def test_the_wildcard_may_be_given_up_and_taken_again_while_names_stay(
    bench: Bench, kind: Kind, type_url: TypeUrl
) -> None:
    one, two = Sample(type_url, "a"), Sample(type_url, "b")
    await bench.put(one.form(), two.form())
    client = await bench.asking(kind, type_url)
    await client.accept(type_url)
    await client.send(change(type_url, add=(one.name,), drop=("*",)))
    assert (await client.accept(type_url)).names == [one.name]
    await bench.put(two.form(1))
    await client.silent()
    await bench.put(one.form(1))
    assert (await client.accept(type_url)).names == [one.name]
    await client.send(change(type_url, add=("*",)))
    assert two.name in (await client.accept(type_url)).names
    await bench.put(two.form(2))
    assert (await client.accept(type_url)).names == [two.name]
    await client.silent()


@rule(22)
@on(*DELTA)
@with_wildcard
async def test_giving_up_the_wildcard_and_every_name_is_followed_by_silence(
    bench: Bench, kind: Kind, type_url: TypeUrl
) -> None:
    one, two = Sample(type_url, "a"), Sample(type_url, "b")
    await bench.put(one.form())
    client = await bench.asking(kind, type_url)
    await client.accept(type_url)
    await client.send(change(type_url, drop=("*",)))
    await bench.put(one.form(1), two.form())
    await bench.remove(one.form())
    await client.silent()


# What does not exist


@rule(24, 9)
@on(*DELTA)
@with_wildcard
async def test_a_name_that_does_not_exist_is_reported_as_removed_and_still_watched(
    bench: Bench, kind: Kind, type_url: TypeUrl
) -> None:
    sample = Sample(type_url, "a")
    client = await bench.asking(kind, type_url, sample.name)
    response = await client.accept(type_url)
    assert response.told == list(response.removed) == [sample.name]
    await bench.put(sample.form())
    assert (await client.accept(type_url)).names == [sample.name]
    await bench.remove(sample.form())
    response = await client.accept(type_url)
    assert response.told == list(response.removed) == [sample.name]
    await bench.put(sample.form())
    assert (await client.accept(type_url)).names == [sample.name]
    await client.silent()


@rule(24, 25)
@on(*DELTA)
@by_name
async def test_a_load_assignment_or_route_that_does_not_exist_is_empty_instead(
    bench: Bench, kind: Kind, type_url: TypeUrl
) -> None:
    client = await bench.asking(kind, type_url, MISSING)
    response = await client.accept(type_url)
    assert response.names == [MISSING]
    assert response.removed == ()
    await client.silent()
