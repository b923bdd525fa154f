"""Delta: what a proxy says that it holds when it comes back (rule 23)."""

import pytest

from ledger.ids import TypeUrl
from tests.conformance.bench import Bench
from tests.conformance.client import Client
from tests.conformance.rules import on, rule
from tests.conformance.samples import Sample, api_of, every_type, service, with_wildcard
from tests.conformance.transports import DELTA, Kind
from xds.types import FULL_SET, LDS

here_or_restarted = pytest.mark.parametrize("restart", [False, True], ids=["here", "restarted"])
"""The rule holds alike where the same process goes on and where another has its roster."""


async def holding(bench: Bench, kind: Kind, type_url: TypeUrl, *samples: Sample) -> dict[str, str]:
    """A proxy asks for the samples, ACKs them, and is gone. Returns what it holds."""
    await bench.put(*(sample.form() for sample in samples))
    client = await bench.asking(kind, type_url, *(sample.name for sample in samples))
    held = dict((await client.accept(type_url)).versions)
    await client.close()
    assert held.keys() == {sample.name for sample in samples}
    return held


async def come_back(
    bench: Bench, kind: Kind, type_url: TypeUrl, held: dict[str, str], *names: str, restart: bool
) -> Client:
    """The same proxy asks for the names, and says that it holds what it holds."""
    if restart:
        await bench.restart()
    return await bench.asking(kind, type_url, *names, held=held)


@rule(23)
@on(*DELTA)
@here_or_restarted
@every_type
async def test_what_matches_is_not_sent_what_differs_is_and_what_vanished_is_removed(
    bench: Bench, kind: Kind, type_url: TypeUrl, restart: bool
) -> None:
    same, changed, gone = (Sample(type_url, letter) for letter in "abc")
    held = await holding(bench, kind, type_url, same, changed, gone)
    await bench.put(changed.form(1))
    await bench.remove(gone.form())
    client = await come_back(bench, kind, type_url, held, same.name, changed.name, gone.name, restart=restart)
    heard = await client.accept_all()
    assert sorted(name for response in heard for name in response.told) == [changed.name, gone.name]
    removed = [name for response in heard for name in response.removed]
    assert removed == ([gone.name] if type_url in FULL_SET else [])  # else it is sent empty (rule 25)
    assert bench.outcome(changed.form()) == "CONFIRMED"
    assert bench.outcome(gone.form()) == "CONFIRMED"


@rule(23)
@on(*DELTA)
@here_or_restarted
@with_wildcard
async def test_under_a_wildcard_also_what_is_new_is_sent(
    bench: Bench, kind: Kind, type_url: TypeUrl, restart: bool
) -> None:
    same, changed, gone, new = (Sample(type_url, letter) for letter in "abcd")
    held = await holding(bench, kind, type_url, same, changed, gone)
    await bench.put(changed.form(1), new.form())
    await bench.remove(gone.form())
    client = await come_back(bench, kind, type_url, held, restart=restart)
    heard = await client.accept_all()
    assert sorted(name for response in heard for name in response.names) == [changed.name, new.name]
    assert [name for response in heard for name in response.removed] == [gone.name]


@rule(23, 22)
@on(Kind.ADS_DELTA)
async def test_under_a_wildcard_what_it_does_not_cover_is_removed_though_it_exists(bench: Bench, kind: Kind) -> None:
    """A gRPC client's listener, which the proxy once asked for by name: it would never hear of it again."""
    web = service()
    await bench.put(web)
    client = await bench.asking(kind, LDS, "*", api_of(web))
    held = (await client.accept(LDS)).versions
    await client.close()
    client = await bench.asking(kind, LDS, held=held)
    heard = await client.accept_all()
    assert [name for response in heard for name in response.told] == [api_of(web)]
    assert heard[-1].removed == (api_of(web),)


@rule(23, 26)
@on(*DELTA)
@here_or_restarted
@every_type
async def test_a_claim_credits_nothing_and_a_receipt_that_is_waited_for_has_it_sent_and_acked(
    bench: Bench, kind: Kind, type_url: TypeUrl, restart: bool
) -> None:
    sample = Sample(type_url, "a")
    held = await holding(bench, kind, type_url, sample)
    client = await come_back(bench, kind, type_url, held, sample.name, restart=restart)
    assert (await client.accept(type_url)).told == []
    receipt = bench.receipt(sample.form())
    assert receipt.outcome == "PENDING"
    assert [straggler.state for straggler in receipt.stragglers] == ["CLAIMED"]
    answers = await bench.wait(sample.form())
    again = await client.expect(type_url)
    assert again.versions == held
    assert answers == []
    await client.ack(again)
    assert [answer.outcome for answer in answers] == ["CONFIRMED"]
    await client.silent()


@rule(23, 26)
@on(*DELTA)
@every_type
async def test_what_is_claimed_and_changes_is_sent_like_anything_else(
    bench: Bench, kind: Kind, type_url: TypeUrl
) -> None:
    sample = Sample(type_url, "a")
    held = await holding(bench, kind, type_url, sample)
    client = await come_back(bench, kind, type_url, held, sample.name, restart=False)
    await client.accept(type_url)
    await bench.put(sample.form(1))
    assert (await client.accept(type_url)).names == [sample.name]
    assert bench.outcome(sample.form()) == "CONFIRMED"


@rule(23)
@on(*DELTA)
@every_type
async def test_a_claim_of_what_was_not_asked_for_gets_nothing(bench: Bench, kind: Kind, type_url: TypeUrl) -> None:
    one, two = Sample(type_url, "a"), Sample(type_url, "b")
    held = await holding(bench, kind, type_url, one, two)
    await bench.put(two.form(1))
    client = await bench.asking(kind, type_url, one.name, held=held)
    assert (await client.accept(type_url)).told == []
    await client.silent()


@rule(23)
@on(*DELTA)
@every_type
async def test_claims_count_on_the_first_request_only(bench: Bench, kind: Kind, type_url: TypeUrl) -> None:
    one, two = Sample(type_url, "a"), Sample(type_url, "b")
    held = await holding(bench, kind, type_url, one, two)
    client = await bench.asking(kind, type_url, one.name)
    await client.accept(type_url)
    request = client.speech.ask(type_url, [one.name, two.name], version="", held=held)
    await client.send(request)
    assert (await client.accept(type_url)).names == [two.name]


@rule(23, 31)
@on(*DELTA)
@here_or_restarted
@with_wildcard
async def test_what_was_under_way_when_a_stream_ended_is_settled_on_the_next_whatever_is_claimed(
    bench: Bench, kind: Kind, type_url: TypeUrl, restart: bool
) -> None:
    """It may have been rejected, unheard, and applied in part: then the proxy holds it without saying so."""
    kept, passing = Sample(type_url, "a"), Sample(type_url, "b")
    held = await holding(bench, kind, type_url, kept)
    client = await bench.asking(kind, type_url, held=held)
    await client.accept(type_url)
    await bench.put(passing.form())
    await client.expect(type_url)
    await client.close()
    await bench.remove(passing.form())
    client = await come_back(bench, kind, type_url, held, restart=restart)
    heard = await client.accept_all()
    assert [name for response in heard for name in response.removed] == [passing.name]
    assert bench.outcome(passing.form()) == "CONFIRMED"
