"""When there is an answer, and when there is none."""

from ledger.ids import TypeUrl
from tests.conformance.bench import Bench
from tests.conformance.rules import rule
from tests.conformance.samples import MISSING, Sample, every_type, with_wildcard
from tests.conformance.transports import Kind
from xds.types import EDS, FULL_SET


@rule(5)
@every_type
async def test_a_plain_ack_gets_no_answer(bench: Bench, kind: Kind, type_url: TypeUrl) -> None:
    one, two = Sample(type_url, "a"), Sample(type_url, "b")
    await bench.put(one.form(), two.form())
    client = await bench.asking(kind, type_url, one.name)
    await client.accept(type_url)
    await client.silent()
    await client.ask(type_url, one.name, two.name)
    assert two.name in (await client.accept(type_url)).names  # the next response is of this request, not of the ACK
    await client.silent()


@rule(5)
@every_type
async def test_without_a_change_there_is_no_response(bench: Bench, kind: Kind, type_url: TypeUrl) -> None:
    one, two = Sample(type_url, "a"), Sample(type_url, "b")
    await bench.put(one.form(), two.form())
    client = await bench.asking(kind, type_url, one.name)
    await client.accept(type_url)
    await bench.put(one.form())  # a new generation with the same content
    await bench.put(two.form(1))  # of somebody else
    await bench.remove(two.form())
    await bench.pass_time(3600)
    await client.silent()


@rule(5)
@every_type
async def test_the_first_request_of_a_type_is_answered_even_if_there_is_nothing(
    bench: Bench, kind: Kind, type_url: TypeUrl
) -> None:
    """EDS and RDS ask for no name at all; CDS and LDS for everything."""
    client = await bench.asking(kind, type_url)
    response = await client.accept(type_url)
    assert response.told == []
    await client.silent()


@rule(5)
@every_type
async def test_the_first_request_of_a_type_is_answered_even_if_nothing_is_new(
    bench: Bench, kind: Kind, type_url: TypeUrl
) -> None:
    """An answer is what resets Envoy's reconnect backoff (`tests/envoy` has that part)."""
    sample = Sample(type_url, "a")
    await bench.put(sample.form())
    client = await bench.asking(kind, type_url, sample.name)
    response = await client.accept(type_url)
    for _ in range(2):
        await client.close()
        client = await bench.asking(kind, type_url, sample.name, version=response.version, held=response.versions)
        again = await client.accept(type_url)
        assert again.names == ([] if kind.delta else [sample.name])  # in SotW, all of it
        assert again.removed == ()
        await client.silent()


@rule(5)
@every_type
async def test_nothing_is_answered_before_everything_is_loaded_and_then_at_once(
    bench: Bench, kind: Kind, type_url: TypeUrl
) -> None:
    sample = Sample(type_url, "a")
    await bench.restart(started=False)
    client = await bench.asking(kind, type_url, sample.name)
    await client.silent()
    await bench.put(sample.form())
    await client.silent()
    await bench.start()
    assert (await client.accept(type_url)).names == [sample.name]
    await client.silent()


@rule(5)
@with_wildcard
async def test_a_wildcard_asked_for_while_loading_is_never_answered_from_an_empty_store(
    bench: Bench, kind: Kind, type_url: TypeUrl
) -> None:
    one, two = Sample(type_url, "a"), Sample(type_url, "b")
    await bench.restart(started=False)
    client = await bench.asking(kind, type_url)
    await bench.put(one.form())
    await bench.put(two.form())
    await client.silent()
    await bench.start()
    assert (await client.accept(type_url)).names == [one.name, two.name]
    await client.silent()


@rule(9)
@every_type
async def test_a_name_that_does_not_exist_yet_is_remembered_and_sent_when_it_comes_to_exist(
    bench: Bench, kind: Kind, type_url: TypeUrl
) -> None:
    there, later = Sample(type_url, "a"), Sample(type_url, "b")
    await bench.put(there.form())
    client = await bench.asking(kind, type_url, there.name, later.name)
    await client.accept_all()  # in delta its absence comes last, like any removal (rule 7)
    await bench.put(later.form())
    response = await client.accept(type_url)
    assert response.names == ([there.name, later.name] if kind.sends_all(type_url) else [later.name])
    await client.silent()


@rule(9)
@every_type
async def test_a_name_that_comes_to_exist_while_its_absence_is_not_acked_is_sent_after_that(
    bench: Bench, kind: Kind, type_url: TypeUrl
) -> None:
    later = Sample(type_url, "a")
    client = await bench.asking(kind, type_url, later.name)
    absence = await client.expect(type_url)
    await bench.put(later.form())
    await client.silent()
    await client.ack(absence)
    response = await client.accept(type_url)
    assert response.names == [later.name]
    await client.silent()


@rule(9)
@every_type
async def test_a_name_that_vanishes_and_comes_back_is_sent_again(bench: Bench, kind: Kind, type_url: TypeUrl) -> None:
    sample = Sample(type_url, "a")
    await bench.put(sample.form())
    client = await bench.asking(kind, type_url, sample.name)
    first = await client.accept(type_url)
    await bench.remove(sample.form())
    gone = await client.accept(type_url)
    assert gone.resources.get(sample.name) != first.resources[sample.name]
    if kind.delta:
        assert gone.told == [sample.name]
    elif type_url in FULL_SET:
        assert gone.names == []
    await bench.put(sample.form())
    assert (await client.accept(type_url)).resources[sample.name] == first.resources[sample.name]
    await client.silent()


@rule(9)
async def test_a_name_that_was_missing_and_is_given_up_is_not_sent_when_it_comes_to_exist(
    bench: Bench, kind: Kind
) -> None:
    sample = Sample(EDS, "a")
    client = await bench.asking(kind, EDS, sample.name, MISSING)
    await client.accept(EDS)
    await client.ask(EDS, MISSING)
    await bench.put(sample.form())
    await client.silent()
