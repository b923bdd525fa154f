"""What is sent again, though unchanged, because a proxy waits for it (rule 8).

That a real Envoy does wait, and no longer than it must, is shown in `tests/envoy`.
"""

from tests.conformance.bench import Bench
from tests.conformance.booting import boot
from tests.conformance.rules import on, rule
from tests.conformance.samples import cluster_of, port_of, service, workload
from tests.conformance.speech import Response
from tests.conformance.transports import ADS, Kind
from xds.objects import Protocol
from xds.types import CDS, EDS, LDS, RDS

WEB, FIRST = service(), workload("first")
CHANGED = service(san="changed")
"""`WEB` with another cluster and the same endpoints, listener and routes."""


@rule(8)
@on(*ADS)
async def test_a_changed_cluster_brings_its_endpoints_again_before_its_own_ack(bench: Bench, kind: Kind) -> None:
    await bench.put(WEB, FIRST)
    client, held = await boot(bench, kind)
    await bench.put(CHANGED)
    clusters = await client.expect(CDS)
    endpoints = await client.expect(EDS)  # Envoy holds the cluster's ACK back until these are there
    assert endpoints.names == [cluster_of(WEB)]
    assert endpoints.versions == (held.versions[EDS] if kind.delta else {})
    await client.ack(endpoints)
    await client.ack(clusters)
    await client.silent()
    assert bench.outcome(CHANGED) == "CONFIRMED"


@rule(8)
@on(Kind.ADS_SOTW)
async def test_an_envoy_that_repeats_its_names_and_nonce_while_it_warms_gets_the_endpoints_once(
    bench: Bench, kind: Kind
) -> None:
    await bench.put(WEB, FIRST)
    client, _ = await boot(bench, kind)
    await bench.put(CHANGED)
    clusters = await client.expect(CDS)
    await client.ask(EDS, cluster_of(WEB))  # crosses with the endpoints, which it has not read: the earlier nonce
    endpoints = await client.accept(EDS)
    assert endpoints.names == [cluster_of(WEB)]
    await client.ack(clusters)
    await client.silent()


@rule(8, 13)
@on(*ADS)
async def test_endpoints_under_way_do_not_stand_in_for_those_that_a_changed_cluster_waits_for(
    bench: Bench, kind: Kind
) -> None:
    await bench.put(WEB, FIRST)
    client, _ = await boot(bench, kind)
    await bench.put(workload("second", address="10.0.0.2"))
    before = await client.expect(EDS)
    await bench.put(CHANGED)
    clusters = await client.expect(CDS)
    await client.silent()
    await client.ack(before)
    after = await client.accept(EDS)
    assert after.resources == before.resources
    await client.ack(clusters)
    await client.silent()


@rule(8, 13)
@on(*ADS)
async def test_a_cluster_that_changes_again_while_it_warms_brings_its_endpoints_each_time(
    bench: Bench, kind: Kind
) -> None:
    await bench.put(WEB, FIRST)
    client, _ = await boot(bench, kind)
    await bench.put(CHANGED)
    clusters = await client.expect(CDS)
    await client.accept(EDS)
    await bench.put(service(san="again"))
    await client.silent()
    await client.ack(clusters)
    clusters = await client.expect(CDS)
    assert (await client.accept(EDS)).names == [cluster_of(WEB)]
    await client.ack(clusters)
    await client.silent()


@rule(8)
@on(*ADS)
async def test_only_the_clusters_that_changed_bring_their_endpoints(bench: Bench, kind: Kind) -> None:
    """In SotW all clusters are sent, and those that are as before don't warm."""
    await bench.put(WEB, FIRST, service("shop", 81), workload("other", "shop"))
    client, _ = await boot(bench, kind)
    await bench.put(CHANGED)
    clusters = await client.expect(CDS)
    assert len(clusters.names) == (1 if kind.delta else 2)
    assert (await client.accept(EDS)).names == [cluster_of(WEB)]
    await client.ack(clusters)
    await client.silent()


@rule(8)
@on(*ADS)
async def test_a_cluster_that_is_back_brings_endpoints_for_a_name_that_was_never_given_up(
    bench: Bench, kind: Kind
) -> None:
    await bench.put(WEB, FIRST)
    client, _ = await boot(bench, kind)
    await bench.remove(WEB)
    await client.accept_all()
    await bench.put(WEB)
    clusters = await client.expect(CDS)
    endpoints = await client.accept(EDS)
    assert endpoints.names == [cluster_of(WEB)]
    await client.ack(clusters)
    await client.accept_all()
    assert bench.outcome(WEB) == "CONFIRMED"


@rule(8, 10)
@on(*ADS)
async def test_a_changed_cluster_brings_no_endpoints_that_were_not_asked_for(bench: Bench, kind: Kind) -> None:
    await bench.put(WEB, FIRST)
    client = await bench.asking(kind, CDS)
    await client.accept(CDS)
    await bench.put(CHANGED)
    await client.accept(CDS)
    await client.silent()
    await client.ask(EDS)  # the type, and none of its names
    await client.accept(EDS)
    await bench.put(WEB)
    await client.accept(CDS)
    await client.silent()


@rule(8)
@on(*ADS)
async def test_a_changed_listener_brings_its_routes_again(bench: Bench, kind: Kind) -> None:
    await bench.put(WEB, FIRST)
    client, held = await boot(bench, kind)
    await bench.put(service("secret", 80, protocol=Protocol.TLS))  # a filter chain more, and no route
    heard = await client.accept_all(but=LDS)
    assert [response.names for response in heard if response.type_url == LDS] == [[port_of(WEB)]]
    (routes,) = (response for response in heard if response.type_url == RDS)
    assert routes.names == [port_of(WEB)]
    assert routes.versions == (held.versions[RDS] if kind.delta else {})


@rule(8, 23)
@on(Kind.ADS_DELTA)
async def test_a_reconnecting_envoy_gets_the_endpoints_it_claims_where_the_cluster_differs(
    bench: Bench, kind: Kind
) -> None:
    await bench.put(WEB, FIRST)
    client, held = await boot(bench, kind)
    await client.close()
    await bench.put(CHANGED)
    client = await bench.asking(kind, CDS, held=held.versions[CDS])
    clusters = await client.expect(CDS)
    assert clusters.names == [cluster_of(WEB)]
    await client.ask(EDS, cluster_of(WEB), held=held.versions[EDS])
    _check_same(await client.accept(EDS), held.versions[EDS])
    await client.ack(clusters)
    await client.silent()


@rule(8, 23)
@on(Kind.ADS_DELTA)
async def test_that_holds_too_where_the_endpoints_are_asked_for_before_the_cluster(bench: Bench, kind: Kind) -> None:
    await bench.put(WEB, FIRST)
    client, held = await boot(bench, kind)
    await client.close()
    await bench.put(CHANGED)
    client = await bench.asking(kind, EDS, cluster_of(WEB), held=held.versions[EDS])
    assert (await client.accept(EDS)).told == []
    await client.ask(CDS, held=held.versions[CDS])
    clusters = await client.expect(CDS)
    _check_same(await client.accept(EDS), held.versions[EDS])
    await client.ack(clusters)
    await client.silent()


def _check_same(endpoints: Response, versions: dict[str, str]) -> None:
    assert endpoints.type_url == EDS
    assert endpoints.versions == versions
