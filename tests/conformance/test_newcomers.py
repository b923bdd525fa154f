"""Streams that open, and control planes that start, while something is pending (rule 28)."""

from ledger.ids import TypeUrl
from protos.endpoint_pb2 import ClusterLoadAssignment
from tests.conformance.bench import NODE, Bench
from tests.conformance.rules import on, rule
from tests.conformance.samples import MISSING, Sample, cluster_of, every_type, service, workload
from tests.conformance.speech import Response
from tests.conformance.transports import ADS, PER_TYPE, Kind
from xds.types import CDS, EDS, TYPES

WEB, FIRST, SECOND = service(), workload("first"), workload("second", address="10.0.0.2")


def addresses(response: Response) -> list[str]:
    """The endpoints of a load assignment of `WEB`."""
    assignment = ClusterLoadAssignment.FromString(response.resources[cluster_of(WEB)])
    return sorted(
        endpoint.endpoint.address.socket_address.address
        for locality in assignment.endpoints
        for endpoint in locality.lb_endpoints
    )


@rule(28)
@every_type
async def test_a_stream_that_has_not_said_whose_it_is_holds_every_receipt_back(
    bench: Bench, kind: Kind, type_url: TypeUrl
) -> None:
    sample = Sample(type_url, "a")
    await bench.put(sample.form())
    assert bench.outcome(sample.form()) == "CONFIRMED"
    client = await bench.open(kind, type_url)
    receipt = bench.receipt(sample.form())
    assert receipt.outcome == "PENDING"
    assert [straggler.state for straggler in receipt.stragglers] == ["CONNECTING"]
    await client.close()
    assert bench.outcome(sample.form()) == "CONFIRMED"


@rule(28)
@every_type
async def test_a_stream_that_goes_on_saying_nothing_holds_receipts_back_for_a_time_only_and_may_speak_later(
    bench: Bench, kind: Kind, type_url: TypeUrl
) -> None:
    """Envoy speaks at once where it has anything to say, and may open a stream long before it has."""
    sample = Sample(type_url, "a")
    await bench.put(sample.form())
    client = await bench.open(kind, type_url)
    await bench.pass_time(bench.timing.first_request - 1)
    assert bench.outcome(sample.form()) == "PENDING"
    await bench.pass_time(1)
    assert bench.outcome(sample.form()) == "CONFIRMED"
    await bench.put(sample.form(1))
    await client.ask(type_url, sample.name)
    assert bench.outcome(sample.form()) == "PENDING"
    await client.accept_all()
    assert bench.outcome(sample.form()) == "CONFIRMED"


@rule(28)
@on(*ADS)
async def test_a_stream_that_has_not_shown_what_it_holds_of_every_type_is_connecting_until_it_answers(
    bench: Bench, kind: Kind
) -> None:
    """Envoy sends the first requests of all its types before it reads a response (`tests/envoy`)."""
    await bench.put(WEB, FIRST)
    client = await bench.asking(kind, CDS, MISSING)
    assert [straggler.state for straggler in bench.receipt(FIRST).stragglers] == ["CONNECTING"]
    await client.accept_all()
    assert bench.outcome(FIRST) == "CONFIRMED"


@rule(28)
@on(*ADS)
async def test_a_stream_that_has_asked_for_every_type_is_connecting_no_longer(bench: Bench, kind: Kind) -> None:
    await bench.put(WEB, FIRST)
    client = await bench.open(kind, CDS)
    for type_url in TYPES:
        assert bench.outcome(FIRST) == "PENDING"
        await client.ask(type_url, MISSING)
    assert bench.outcome(FIRST) == "CONFIRMED"


@rule(28)
@on(*PER_TYPE)
async def test_a_per_type_stream_has_shown_all_there_is_with_its_first_request(bench: Bench, kind: Kind) -> None:
    await bench.put(WEB, FIRST)
    client = await bench.open(kind, EDS)
    assert bench.outcome(FIRST) == "PENDING"
    await client.ask(EDS, MISSING)
    assert bench.outcome(FIRST) == "CONFIRMED"


@rule(28, 26)
@every_type
async def test_a_stream_that_opens_while_a_removal_is_pending_joins_its_audience(
    bench: Bench, kind: Kind, type_url: TypeUrl
) -> None:
    sample = Sample(type_url, "a")
    await bench.put(sample.form())
    old = await bench.asking(kind, type_url, sample.name, node="old")
    await old.accept(type_url)
    await bench.remove(sample.form())
    answers = await bench.wait(sample.form())
    new = await bench.asking(kind, type_url, sample.name, node="new")
    await old.accept(type_url)
    assert answers == []
    assert {straggler.proxy for straggler in bench.receipt(sample.form()).stragglers} == {"new"}
    await new.accept(type_url)
    assert [answer.outcome for answer in answers] == ["CONFIRMED"]


@rule(28)
async def test_no_stream_is_given_what_a_confirmed_receipt_says_is_gone(bench: Bench, kind: Kind) -> None:
    await bench.put(WEB, FIRST, SECOND)
    old = await bench.asking(kind, EDS, cluster_of(WEB), node="old")
    assert addresses(await old.accept(EDS)) == ["10.0.0.1", "10.0.0.2"]
    await bench.remove(FIRST)
    await old.accept(EDS)
    assert bench.outcome(FIRST) == "CONFIRMED"
    new = await bench.asking(kind, EDS, cluster_of(WEB), node="new")
    assert addresses(await new.expect(EDS)) == ["10.0.0.2"]
    assert bench.outcome(FIRST) == "PENDING"  # what it held before it connected is not known to us
    await bench.restart()
    again = await bench.asking(kind, EDS, cluster_of(WEB), node="again")
    assert addresses(await again.expect(EDS)) == ["10.0.0.2"]


# A control plane that has just started


@rule(28, 27)
@every_type
async def test_a_restarted_control_plane_waits_for_the_proxies_of_its_roster(
    bench: Bench, kind: Kind, type_url: TypeUrl
) -> None:
    """Whatever they had ACKed: what an object touched before the restart is not known any more."""
    sample = Sample(type_url, "a")
    await bench.put(sample.form())
    client = await bench.asking(kind, type_url, sample.name)
    first = await client.accept(type_url)
    await bench.restart()
    receipt = bench.receipt(sample.form())
    assert receipt.outcome == "PENDING"
    assert {(straggler.proxy, straggler.state) for straggler in receipt.stragglers} == {(NODE, "ABSENT")}
    await bench.put(sample.form(1))
    client = await bench.asking(kind, type_url, sample.name, version=first.version, held=first.versions)
    assert bench.outcome(sample.form()) == "PENDING"
    await client.accept_all()
    assert bench.outcome(sample.form()) == "CONFIRMED"


@rule(28, 27)
@every_type
async def test_what_is_removed_while_no_control_plane_runs_is_confirmed_when_the_proxy_has_let_go(
    bench: Bench, kind: Kind, type_url: TypeUrl
) -> None:
    gone, kept = Sample(type_url, "a"), Sample(type_url, "b")
    await bench.put(gone.form(), kept.form())
    client = await bench.asking(kind, type_url, gone.name, kept.name)
    first = await client.accept(type_url)
    del bench.objects[gone.form().key]
    await bench.restart()
    assert bench.outcome(gone.form()) == "PENDING"
    names = (gone.name, kept.name)
    client = await bench.asking(kind, type_url, *names, version=first.version, held=first.versions)
    assert bench.outcome(gone.form()) == "PENDING"
    heard = await client.accept_all()
    assert bench.outcome(gone.form()) == "CONFIRMED"
    told = {name: body for response in heard for name, body in response.resources.items()}
    assert told.get(gone.name) != first.resources[gone.name]


@rule(28)
async def test_a_proxy_of_the_roster_that_is_known_to_be_gone_is_waited_for_no_longer(bench: Bench, kind: Kind) -> None:
    await bench.put(WEB, FIRST)
    client = await bench.asking(kind, EDS, cluster_of(WEB))
    await client.accept(EDS)
    await bench.restart()
    assert bench.outcome(FIRST) == "PENDING"
    await bench.forget()
    assert bench.outcome(FIRST) == "CONFIRMED"


@rule(28)
async def test_without_a_roster_nothing_is_known_until_everybody_has_had_time_to_come_back(
    bench: Bench, kind: Kind
) -> None:
    await bench.put(WEB, FIRST)
    client = await bench.asking(kind, EDS, cluster_of(WEB))
    await client.accept(EDS)
    await bench.restart(roster_known=False)
    assert bench.outcome(FIRST) == "UNKNOWN"
    client = await bench.asking(kind, EDS, cluster_of(WEB))
    await client.accept(EDS)
    answers = await bench.wait(FIRST)
    await bench.pass_time(bench.timing.settling - 1)
    assert bench.outcome(FIRST) == "UNKNOWN"
    assert answers == []
    await bench.pass_time(1)
    assert [answer.outcome for answer in answers] == ["CONFIRMED"]


@rule(28, 5)
async def test_while_a_control_plane_is_loading_every_receipt_is_unknown(bench: Bench, kind: Kind) -> None:
    await bench.put(WEB, FIRST)
    await bench.restart(started=False)
    assert bench.outcome(FIRST) == "UNKNOWN"
    client = await bench.asking(kind, EDS, cluster_of(WEB))
    await client.silent()
    assert bench.outcome(FIRST) == "UNKNOWN"


@rule(28, 31)
@every_type
async def test_a_rejection_outlives_the_control_plane_that_heard_it(
    bench: Bench, kind: Kind, type_url: TypeUrl
) -> None:
    sample = Sample(type_url, "a")
    await bench.put(sample.form())
    client = await bench.asking(kind, type_url, sample.name)
    await client.accept(type_url)
    await bench.put(sample.form(1))
    rejected = await client.expect(type_url)
    await client.nack(rejected)
    await bench.restart()
    client = await bench.asking(kind, type_url, sample.name, version=rejected.version, held=rejected.versions)
    assert bench.outcome(sample.form()) == "PENDING"
    assert (await client.accept(type_url)).names == [sample.name]  # in delta, although it claims it
    assert bench.outcome(sample.form()) == "CONFIRMED"
