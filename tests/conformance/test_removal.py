"""What is gone of which type, and how that is said (rule 25).

That Envoy keeps the hosts of a load assignment that is merely said to be removed is shown in `tests/envoy`.
"""

from ledger.ids import TypeUrl
from protos.endpoint_pb2 import ClusterLoadAssignment
from protos.route_pb2 import RouteConfiguration
from tests.conformance.bench import Bench
from tests.conformance.rules import on, rule
from tests.conformance.samples import MISSING, Sample, by_name, cluster_of, service, with_wildcard, workload
from tests.conformance.transports import DELTA, Kind
from xds.types import EDS


def is_empty(type_url: TypeUrl, body: bytes) -> bool:
    """Whether the resource takes away all that was in one of its name."""
    if type_url == EDS:
        return not ClusterLoadAssignment.FromString(body).endpoints
    return not RouteConfiguration.FromString(body).virtual_hosts


@rule(25)
@by_name
async def test_a_load_assignment_or_route_that_goes_is_sent_empty_and_not_as_removed(
    bench: Bench, kind: Kind, type_url: TypeUrl
) -> None:
    sample = Sample(type_url, "a")
    await bench.put(sample.form())
    client = await bench.asking(kind, type_url, sample.name)
    assert not is_empty(type_url, (await client.accept(type_url)).resources[sample.name])
    await bench.remove(sample.form())
    response = await client.expect(type_url)
    assert response.names == [sample.name]
    assert is_empty(type_url, response.resources[sample.name])
    assert response.removed == ()
    assert bench.outcome(sample.form()) == "PENDING"
    await client.ack(response)
    assert bench.outcome(sample.form()) == "CONFIRMED"
    await client.silent()


@rule(25, 9)
@by_name
async def test_one_that_does_not_exist_is_answered_with_an_empty_one(
    bench: Bench, kind: Kind, type_url: TypeUrl
) -> None:
    client = await bench.asking(kind, type_url, MISSING)
    response = await client.accept(type_url)
    assert response.told == response.names == [MISSING]
    assert is_empty(type_url, response.resources[MISSING])
    await client.silent()


@rule(25)
async def test_removing_the_last_endpoint_sends_an_empty_load_assignment(bench: Bench, kind: Kind) -> None:
    web, first = service(), workload("first")
    await bench.put(web, first)
    client = await bench.asking(kind, EDS, cluster_of(web))
    await client.accept(EDS)
    await bench.remove(first)
    response = await client.accept(EDS)
    assert is_empty(EDS, response.resources[cluster_of(web)])
    assert bench.outcome(first) == "CONFIRMED"
    await client.silent()


@rule(25, 23)
@on(*DELTA)
@by_name
async def test_one_that_vanished_while_a_proxy_was_away_is_sent_empty(
    bench: Bench, kind: Kind, type_url: TypeUrl
) -> None:
    sample = Sample(type_url, "a")
    await bench.put(sample.form())
    client = await bench.asking(kind, type_url, sample.name)
    held = (await client.accept(type_url)).versions
    await client.close()
    await bench.remove(sample.form())
    client = await bench.asking(kind, type_url, sample.name, held=held)
    response = await client.accept(type_url)
    assert response.told == response.names == [sample.name]
    assert is_empty(type_url, response.resources[sample.name])
    assert bench.outcome(sample.form()) == "CONFIRMED"


@rule(25)
@with_wildcard
async def test_clusters_and_listeners_are_removed_by_the_protocols_own_means(
    bench: Bench, kind: Kind, type_url: TypeUrl
) -> None:
    one, two = Sample(type_url, "a"), Sample(type_url, "b")
    await bench.put(one.form(), two.form())
    client = await bench.asking(kind, type_url)
    await client.accept(type_url)
    await bench.remove(one.form())
    response = await client.accept(type_url)
    assert response.names == ([] if kind.delta else [two.name])
    assert response.removed == ((one.name,) if kind.delta else ())
    assert bench.outcome(one.form()) == "CONFIRMED"
