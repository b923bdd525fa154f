"""Objects that can't be used as they are, and never stop the others.

That such an object keeps its last good form, and is reported, is up to the sources and the status API, and shown in
`tests/controllers`.
"""

from dataclasses import replace

from protos.endpoint_pb2 import ClusterLoadAssignment
from protos.listener_pb2 import Listener
from protos.route_pb2 import RouteConfiguration
from tests.conformance.bench import Bench
from tests.conformance.rules import BAD_INPUT, rule
from tests.conformance.samples import cluster_of, port_of, service, workload
from tests.conformance.transports import Kind
from xds.objects import Protocol
from xds.types import EDS, LDS, RDS

WEB = service()


@rule(BAD_INPUT)
async def test_an_endpoint_that_a_load_assignment_can_not_hold_is_left_out(bench: Bench, kind: Kind) -> None:
    """EDS holds IP addresses; Envoy rejects all of an assignment with a name in it."""
    good, bad = workload("good"), workload("bad", address="a.name.example")
    await bench.put(WEB, good, bad)
    client = await bench.asking(kind, EDS, cluster_of(WEB))
    assignment = ClusterLoadAssignment.FromString((await client.accept(EDS)).resources[cluster_of(WEB)])
    (locality,) = assignment.endpoints
    assert [e.endpoint.address.socket_address.address for e in locality.lb_endpoints] == ["10.0.0.1"]
    assert bench.outcome(good) == "CONFIRMED"


@rule(BAD_INPUT)
async def test_an_endpoint_that_becomes_unusable_is_taken_away(bench: Bench, kind: Kind) -> None:
    await bench.put(WEB, workload("first"))
    client = await bench.asking(kind, EDS, cluster_of(WEB))
    await client.accept(EDS)
    await bench.put(workload("first", address="a.name.example"))
    response = await client.accept(EDS)
    assert not ClusterLoadAssignment.FromString(response.resources[cluster_of(WEB)]).endpoints


@rule(BAD_INPUT)
async def test_a_host_that_two_objects_claim_stands_in_the_routes_once(bench: Bench, kind: Kind) -> None:
    """Envoy rejects a RouteConfiguration in which a domain stands twice."""
    rival = replace(service("rival"), hosts=WEB.hosts)
    first, second = sorted((WEB, rival), key=lambda entry: entry.name)
    await bench.put(WEB, rival)
    client = await bench.asking(kind, RDS, port_of(WEB))
    assert _clusters((await client.accept(RDS)).resources[port_of(WEB)]) == {WEB.hosts[0]: cluster_of(first)}
    await bench.remove(first)
    assert _clusters((await client.accept(RDS)).resources[port_of(WEB)]) == {WEB.hosts[0]: cluster_of(second)}
    assert bench.outcome(first) == bench.outcome(second) == "CONFIRMED"


@rule(BAD_INPUT)
async def test_a_port_that_two_objects_claim_for_all_its_connections_goes_to_one(bench: Bench, kind: Kind) -> None:
    """Envoy rejects a listener in which two chains match the same."""
    one, two = (service(name, 90, protocol=Protocol.TCP) for name in ("one", "two"))
    await bench.put(one, two)
    client = await bench.asking(kind, LDS, port_of(one))
    listener = Listener.FromString((await client.accept(LDS)).resources[port_of(one)])
    assert listener.default_filter_chain.name == cluster_of(one)
    assert not listener.filter_chains
    await bench.remove(one)
    listener = Listener.FromString((await client.accept(LDS)).resources[port_of(one)])
    assert listener.default_filter_chain.name == cluster_of(two)


def _clusters(body: bytes) -> dict[str, str]:
    """Domain -> cluster, each domain once."""
    routes = RouteConfiguration.FromString(body)
    pairs = [(domain, host.routes[0].route.cluster) for host in routes.virtual_hosts for domain in host.domains]
    assert len(dict(pairs)) == len(pairs)
    return dict(pairs)
