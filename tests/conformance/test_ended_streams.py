"""A stream that ends credits nothing (rule 27)."""

from ledger.ids import TypeUrl
from ledger.processes import ONE_LEFT_SECONDS
from tests.conformance.bench import NODE, Bench
from tests.conformance.rules import rule
from tests.conformance.samples import Sample, cluster_of, every_type, service, workload
from tests.conformance.transports import Kind
from xds.types import EDS

WEB, FIRST, SECOND = service(), workload("first"), workload("second", address="10.0.0.2")


@rule(27)
@every_type
async def test_the_end_of_a_stream_credits_nothing_until_the_proxy_is_back_and_has_acked(
    bench: Bench, kind: Kind, type_url: TypeUrl
) -> None:
    sample = Sample(type_url, "a")
    await bench.put(sample.form())
    client = await bench.asking(kind, type_url, sample.name)
    first = await client.accept(type_url)
    await bench.put(sample.form(1))
    await client.expect(type_url)
    answers = await bench.wait(sample.form())
    await client.close()
    receipt = bench.receipt(sample.form())
    assert receipt.outcome == "PENDING"
    assert [(straggler.proxy, straggler.state) for straggler in receipt.stragglers] == [(NODE, "ABSENT")]
    await bench.pass_time(3600)
    assert bench.outcome(sample.form()) == "PENDING"
    client = await bench.asking(kind, type_url, sample.name, version=first.version, held=first.versions)
    assert bench.outcome(sample.form()) == "PENDING"
    assert answers == []
    await client.accept(type_url)
    assert [answer.outcome for answer in answers] == ["CONFIRMED"]


@rule(27)
@every_type
async def test_what_changes_while_a_proxy_is_absent_waits_for_it_too(
    bench: Bench, kind: Kind, type_url: TypeUrl
) -> None:
    sample = Sample(type_url, "a")
    await bench.put(sample.form())
    client = await bench.asking(kind, type_url, sample.name)
    await client.accept(type_url)
    await client.close()
    assert bench.outcome(sample.form()) == "CONFIRMED"  # it has ACKed that, and it may run without us
    await bench.remove(sample.form())
    assert [s.state for s in bench.receipt(sample.form()).stragglers] == ["ABSENT"]
    await bench.forget()
    assert bench.outcome(sample.form()) == "CONFIRMED"


@rule(27)
async def test_a_second_process_of_one_node_id_does_not_answer_for_the_first(bench: Bench, kind: Kind) -> None:
    """A hot restart: both run, for as long as the older one's connections take to drain."""
    await bench.put(WEB, FIRST, SECOND)
    older = await bench.asking(kind, EDS, cluster_of(WEB))
    await older.accept(EDS)
    newer = await bench.asking(kind, EDS, cluster_of(WEB))
    await newer.accept(EDS)
    await bench.remove(FIRST)
    await older.expect(EDS)
    await newer.accept(EDS)
    assert bench.outcome(FIRST) == "PENDING"
    await older.close()
    assert [s.state for s in bench.receipt(FIRST).stragglers] == ["ABSENT"]
    await bench.pass_time(ONE_LEFT_SECONDS - 1)
    assert bench.outcome(FIRST) == "PENDING"
    await bench.pass_time(1)
    assert bench.outcome(FIRST) == "CONFIRMED"
