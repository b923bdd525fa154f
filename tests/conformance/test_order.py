"""The order of types on an ADS stream (rule 7): make before break."""

from tests.conformance.bench import Bench
from tests.conformance.booting import boot
from tests.conformance.rules import on, rule
from tests.conformance.samples import cluster_of, port_of, service, workload
from tests.conformance.transports import ADS, Kind
from xds.types import CDS, EDS, LDS, RDS, TYPES

WEB, SHOP = service(), service("shop", 81)
BESIDE = service("beside", 80)
"""On the port of `WEB`: its routes are in the same RouteConfiguration."""


@rule(7)
@on(*ADS)
async def test_routes_wait_until_the_cluster_that_they_lead_to_is_acked_and_then_its_endpoints(
    bench: Bench, kind: Kind
) -> None:
    await bench.put(WEB)
    client, _ = await boot(bench, kind)
    await bench.put(BESIDE, workload("first", "beside"))
    clusters = await client.expect(CDS)
    assert cluster_of(BESIDE) in clusters.names
    await client.silent()
    await client.ask(EDS, cluster_of(WEB), cluster_of(BESIDE))  # Envoy asks before it ACKs the cluster
    endpoints = await client.expect(EDS)
    assert endpoints.names == [cluster_of(BESIDE)]
    await client.silent()
    await client.ack(endpoints)
    await client.silent()
    await client.ack(clusters)
    assert (await client.accept(RDS)).names == [port_of(BESIDE)]
    await client.silent()


@rule(7)
@on(*ADS)
async def test_routes_wait_for_the_endpoints_also_if_the_cluster_is_acked_first(bench: Bench, kind: Kind) -> None:
    await bench.put(WEB)
    client, _ = await boot(bench, kind)
    await bench.put(BESIDE, workload("first", "beside"))
    clusters = await client.expect(CDS)
    await client.ask(EDS, cluster_of(WEB), cluster_of(BESIDE))
    endpoints = await client.expect(EDS)
    await client.ack(clusters)
    await client.silent()
    await client.ack(endpoints)
    await client.accept(RDS)
    await client.silent()


@rule(7)
@on(*ADS)
async def test_a_new_service_is_made_from_its_cluster_on_to_its_listener(bench: Bench, kind: Kind) -> None:
    await bench.put(WEB)
    client, _ = await boot(bench, kind)
    await bench.put(SHOP, workload("first", "shop"))
    clusters = await client.expect(CDS)
    await client.ask(EDS, cluster_of(WEB), cluster_of(SHOP))
    await client.ack(clusters)
    await client.accept(EDS)
    listeners = await client.expect(LDS)
    assert port_of(SHOP) in listeners.names
    await client.ask(RDS, port_of(WEB), port_of(SHOP))
    assert port_of(SHOP) in (await client.accept(RDS)).names
    await client.ack(listeners)
    await client.silent()


@rule(7)
@on(*ADS)
async def test_a_nacked_cluster_does_not_keep_routes_waiting(bench: Bench, kind: Kind) -> None:
    """They wait for an ACK that may never come; other services' routes are in the same resource."""
    await bench.put(WEB)
    client, _ = await boot(bench, kind)
    await bench.put(BESIDE)
    await client.nack(await client.expect(CDS))
    await client.accept(RDS)
    await client.silent()


@rule(7)
@on(*ADS)
async def test_a_change_of_endpoints_waits_for_no_other_type(bench: Bench, kind: Kind) -> None:
    await bench.put(WEB)
    client, _ = await boot(bench, kind)
    await bench.put(BESIDE)
    await client.accept_all(but=CDS)
    await bench.put(workload("first"))
    assert (await client.accept(EDS)).names == [cluster_of(WEB)]
    await client.silent()


@rule(7)
@on(*ADS)
async def test_removals_come_last_a_cluster_after_its_routes_and_listener(bench: Bench, kind: Kind) -> None:
    await bench.put(WEB, SHOP, workload("first", "shop"))
    client, _ = await boot(bench, kind)
    await bench.remove(SHOP)
    endpoints, routes = await client.expect(EDS), await client.expect(RDS)  # both emptied
    await client.silent()
    await client.ack(routes)
    listeners = await client.expect(LDS)
    assert listeners.names == ([] if kind.delta else [port_of(WEB)])
    await client.silent()
    await client.ack(listeners)
    clusters = await client.expect(CDS)
    assert clusters.names == ([] if kind.delta else [cluster_of(WEB)])
    await client.ack(endpoints)
    await client.ack(clusters)
    await client.silent()


@rule(7)
@on(*ADS)
async def test_a_cluster_is_removed_only_after_the_routes_that_left_it_are_acked(bench: Bench, kind: Kind) -> None:
    await bench.put(WEB, BESIDE)
    client, _ = await boot(bench, kind)
    await bench.remove(BESIDE)
    await client.accept(EDS)
    routes = await client.expect(RDS)
    await client.silent()
    await client.ack(routes)
    clusters = await client.accept(CDS)
    if kind.delta:
        assert clusters.told == list(clusters.removed) == [cluster_of(BESIDE)]
    else:
        assert clusters.names == [cluster_of(WEB)]
    await client.silent()


@rule(7, 16)
@on(Kind.ADS_SOTW)
async def test_a_removed_cluster_stays_in_the_full_set_until_the_routes_have_let_go_of_it(
    bench: Bench, kind: Kind
) -> None:
    await bench.put(WEB, BESIDE)
    client, _ = await boot(bench, kind)
    other, late = service("other", 80), service("late", 82)
    await bench.replace(BESIDE, other)
    heard = await client.accept_all(but=RDS)
    await bench.put(late)  # a change meanwhile does not let it go either
    heard += await client.accept_all(but=RDS)
    sets = [response.names for response in heard if response.type_url == CDS]
    assert sets[0] == sorted(map(cluster_of, (WEB, BESIDE, other)))
    assert sets[-1] == sorted(map(cluster_of, (WEB, BESIDE, other, late)))
    (routes,) = (response for response in heard if response.type_url == RDS)
    await client.ack(routes)
    heard = await client.accept_all()
    assert heard[-1].type_url == CDS
    assert heard[-1].names == sorted(map(cluster_of, (WEB, other, late)))


@rule(7)
@on(Kind.ADS_DELTA)
async def test_an_added_cluster_is_sent_at_once_and_the_one_it_replaces_is_removed_in_the_end(
    bench: Bench, kind: Kind
) -> None:
    await bench.put(WEB, BESIDE)
    client, _ = await boot(bench, kind)
    other = service("other", 80)
    await bench.replace(BESIDE, other)
    clusters = await client.expect(CDS)
    assert clusters.told == clusters.names == [cluster_of(other)]
    await client.ask(EDS, *map(cluster_of, (WEB, BESIDE, other)))
    await client.ack(clusters)
    heard = await client.accept_all()
    assert heard[-1].type_url == CDS
    assert heard[-1].told == list(heard[-1].removed) == [cluster_of(BESIDE)]
    assert RDS in [response.type_url for response in heard]


@rule(7)
@on(*ADS)
async def test_a_removal_that_is_taken_back_before_its_turn_is_not_sent(bench: Bench, kind: Kind) -> None:
    await bench.put(WEB, BESIDE)
    client, _ = await boot(bench, kind)
    await bench.remove(BESIDE)
    await client.accept(EDS)
    routes = await client.expect(RDS)
    await bench.put(BESIDE)
    await client.ack(routes)
    for response in await client.accept_all():
        assert response.removed == ()
        if response.type_url == CDS:
            assert cluster_of(BESIDE) in response.names
    await client.silent()
    assert bench.outcome(BESIDE) == "CONFIRMED"


@rule(7, 23)
@on(Kind.ADS_DELTA)
async def test_what_vanished_while_a_proxy_was_away_is_removed_in_the_same_order(bench: Bench, kind: Kind) -> None:
    """Envoy's first requests of all types come in one go; the first of them must not be answered with a removal."""
    await bench.put(WEB, BESIDE)
    client, held = await boot(bench, kind)
    await client.close()
    await bench.remove(BESIDE)
    client = await bench.open(kind, CDS)
    for type_url in TYPES:
        names = () if type_url in (CDS, LDS) else sorted(held.versions[type_url])
        await client.ask(type_url, *names, held=held.versions[type_url])
    heard = await client.accept_all()
    removals = [position for position, response in enumerate(heard) if cluster_of(BESIDE) in response.removed]
    routes = [position for position, response in enumerate(heard) if port_of(WEB) in response.names]
    assert len(removals) == 1
    assert routes
    assert removals > routes
