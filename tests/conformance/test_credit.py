"""What an ACK is worth to a receipt (rule 26)."""

from ledger.ids import TypeUrl
from ledger.receipts import Receipt
from tests.conformance.bench import Bench
from tests.conformance.booting import boot
from tests.conformance.rules import on, rule
from tests.conformance.samples import (
    MISSING,
    Sample,
    api_of,
    cluster_of,
    every_type,
    port_of,
    service,
    with_wildcard,
    workload,
)
from tests.conformance.transports import ADS, PER_TYPE, Kind
from xds.types import CDS, EDS, LDS, RDS

WEB, FIRST, SECOND = service(), workload("first"), workload("second", address="10.0.0.2")


def states(receipt: Receipt) -> list[str]:
    """Why there are stragglers, each as a word."""
    return [straggler.state.value for straggler in receipt.stragglers]


@rule(26)
@every_type
async def test_a_change_is_credited_by_the_ack_of_a_response_that_held_it_and_not_before(
    bench: Bench, kind: Kind, type_url: TypeUrl
) -> None:
    sample = Sample(type_url, "a")
    await bench.put(sample.form())
    client = await bench.asking(kind, type_url, sample.name)
    await client.accept(type_url)
    assert bench.outcome(sample.form()) == "CONFIRMED"
    await bench.put(sample.form(1))
    answers = await bench.wait(sample.form())
    receipt = bench.receipt(sample.form())
    assert (receipt.outcome, states(receipt)) == ("PENDING", ["SENT"])
    assert (receipt.acked, receipt.audience) == (0, 1)
    response = await client.expect(type_url)
    assert answers == []
    await client.ack(response)
    assert [answer.outcome for answer in answers] == ["CONFIRMED"]
    assert (answers[0].acked, answers[0].audience) == (1, 1)


@rule(26)
@every_type
async def test_an_ack_does_not_credit_what_changed_after_its_response_was_made(
    bench: Bench, kind: Kind, type_url: TypeUrl
) -> None:
    sample = Sample(type_url, "a")
    await bench.put(sample.form())
    client = await bench.asking(kind, type_url, sample.name)
    await client.accept(type_url)
    await bench.put(sample.form(1))
    early = await client.expect(type_url)
    await bench.put(sample.form(2))
    answers = await bench.wait(sample.form())
    await client.ack(early)
    assert bench.outcome(sample.form()) == "PENDING"
    assert answers == []
    await client.accept(type_url)
    assert [answer.outcome for answer in answers] == ["CONFIRMED"]


@rule(26)
@every_type
async def test_an_ack_of_the_same_content_from_before_the_change_does_not_credit_its_return(
    bench: Bench, kind: Kind, type_url: TypeUrl
) -> None:
    """A, B, A: the version is A's again, and what was under way is A's as well."""
    sample = Sample(type_url, "a")
    await bench.put(sample.form(1))
    client = await bench.asking(kind, type_url, sample.name)
    await client.accept(type_url)
    await bench.put(sample.form(0))
    before = await client.expect(type_url)
    await bench.put(sample.form(1))
    await bench.put(sample.form(0))
    await client.ack(before)
    assert bench.outcome(sample.form()) == "PENDING"
    await client.accept(type_url)
    assert bench.outcome(sample.form()) == "CONFIRMED"


@rule(26)
@every_type
async def test_a_receipt_waits_for_every_proxy_that_asks_and_excludes_those_that_do_not(
    bench: Bench, kind: Kind, type_url: TypeUrl
) -> None:
    sample = Sample(type_url, "a")
    await bench.put(sample.form())
    first = await bench.asking(kind, type_url, sample.name, node="first")
    second = await bench.asking(kind, type_url, sample.name, node="second")
    other = await bench.asking(kind, type_url, MISSING, node="other")
    for client in (first, second, other):
        await client.accept(type_url)
    await bench.put(sample.form(1))
    await first.accept(type_url)
    receipt = bench.receipt(sample.form())
    assert receipt.outcome == "PENDING"
    assert [straggler.proxy for straggler in receipt.stragglers] == ["second"]
    assert receipt.excluded == ("other",)
    await second.accept(type_url)
    receipt = bench.receipt(sample.form())
    assert (receipt.outcome, receipt.acked, receipt.audience) == ("CONFIRMED", 2, 2)


@rule(26)
@on(*ADS)
async def test_endpoints_given_up_go_on_counting_until_the_removal_of_their_cluster_is_acked(
    bench: Bench, kind: Kind
) -> None:
    """Envoy gives them up just before it ACKs that."""
    await bench.put(WEB, FIRST, SECOND)
    client, _ = await boot(bench, kind)
    await bench.remove(FIRST)
    await client.expect(EDS)  # and no ACK
    await bench.remove(WEB)
    heard = await client.accept_all(but=CDS)
    clusters = heard[-1]
    assert clusters.type_url == CDS
    await client.ask(EDS)
    receipt = bench.receipt(FIRST)
    assert receipt.outcome == "PENDING"
    assert states(receipt) == ["GAVE_UP"]
    await client.ack(clusters)
    assert bench.outcome(FIRST) == "CONFIRMED"
    assert bench.outcome(WEB) == "CONFIRMED"


@rule(26)
@on(*ADS)
async def test_endpoints_given_up_while_their_cluster_stays_go_on_counting(bench: Bench, kind: Kind) -> None:
    await bench.put(WEB, FIRST)
    client, _ = await boot(bench, kind)
    await bench.remove(FIRST)
    under_way = await client.expect(EDS)
    await client.ask(EDS)
    assert states(bench.receipt(FIRST)) == ["GAVE_UP"]
    await client.ask(EDS, cluster_of(WEB))
    assert states(bench.receipt(FIRST)) == ["SENT"]
    await client.ack(under_way)
    await client.accept(EDS)  # newly named, so sent again
    assert bench.outcome(FIRST) == "CONFIRMED"
    await client.silent()


@rule(26)
@on(*PER_TYPE)
async def test_that_holds_too_where_clusters_and_endpoints_have_streams_of_their_own(bench: Bench, kind: Kind) -> None:
    await bench.put(WEB, FIRST)
    clusters = await bench.asking(kind, CDS)
    await clusters.accept(CDS)
    endpoints = await bench.asking(kind, EDS, cluster_of(WEB))
    await endpoints.accept(EDS)
    await bench.remove(FIRST)
    await endpoints.expect(EDS)
    await bench.remove(WEB)
    removal = await clusters.expect(CDS)
    await endpoints.ask(EDS)
    assert states(bench.receipt(FIRST)) == ["GAVE_UP"]
    await clusters.ack(removal)
    assert bench.outcome(FIRST) == "CONFIRMED"


@rule(26)
@on(*ADS)
async def test_routes_given_up_go_on_counting_until_the_removal_of_their_listener_is_acked(
    bench: Bench, kind: Kind
) -> None:
    await bench.put(WEB)
    client, _ = await boot(bench, kind)
    await bench.remove(WEB)
    heard = await client.accept_all(but=RDS)
    (routes,) = (response for response in heard if response.type_url == RDS)
    await client.ask(RDS)
    waiting = [s for s in bench.receipt(WEB).stragglers if port_of(WEB) in s.resource and "Route" in s.resource]
    assert [straggler.state for straggler in waiting] == ["GAVE_UP"]
    await client.ack(routes)
    await client.accept_all()
    assert bench.outcome(WEB) == "CONFIRMED"


@rule(26)
@with_wildcard
async def test_a_cluster_or_listener_asked_for_by_name_is_let_go_of_when_it_is_given_up(
    bench: Bench, kind: Kind, type_url: TypeUrl
) -> None:
    """As gRPC clients do, which drop it then."""
    sample = Sample(type_url, "a")
    await bench.put(sample.form())
    client = await bench.asking(kind, type_url, sample.name, MISSING)
    await client.accept_all()
    await bench.remove(sample.form())
    await client.expect(type_url)
    assert bench.outcome(sample.form()) == "PENDING"
    await client.ask(type_url, MISSING)
    assert bench.outcome(sample.form()) == "CONFIRMED"


@rule(26)
@on(*ADS)
async def test_a_name_that_the_wildcard_did_not_cover_is_credited_by_its_own_ack_only(bench: Bench, kind: Kind) -> None:
    """A gRPC client's listener: whatever the wildcard's ACKs were worth, it was in none of them."""
    await bench.put(WEB)
    client = await bench.asking(kind, LDS, "*")
    await client.accept(LDS)
    await bench.put(service("shop", 81))
    await client.accept(LDS)
    assert bench.outcome(WEB) == "CONFIRMED"
    await client.ask(LDS, "*", api_of(WEB))
    assert bench.outcome(WEB) == "PENDING"
    await client.accept(LDS)
    assert bench.outcome(WEB) == "CONFIRMED"
