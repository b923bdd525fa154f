"""How much may be asked for, and how much is sent at once."""

import pytest

from ledger.ids import TypeUrl
from protos.discovery_pb2 import DeltaDiscoveryRequest
from tests.conformance.bench import Bench
from tests.conformance.rules import BAD_INPUT, on, rule
from tests.conformance.samples import MISSING, cluster_of, every_type
from tests.conformance.transports import DELTA, SOTW, Kind
from xds.objects import Endpoint, Protocol, Resolution, ServiceEntry, ServicePort
from xds.protocol.name_limits import MAX_NAME_LENGTH, MAX_NAMES
from xds.protocol.subscription import RESPONSE_BYTES
from xds.types import CDS, EDS

TOO_MANY = [f"n{number}" for number in range(MAX_NAMES + 1)]


@rule(BAD_INPUT)
async def test_too_many_names_in_one_request_end_the_stream(bench: Bench, kind: Kind) -> None:
    client = await bench.asking(kind, EDS, *TOO_MANY)
    ending = await client.ended()
    assert ending.status == "RESOURCE_EXHAUSTED"
    assert str(MAX_NAMES) in ending.message


@rule(BAD_INPUT)
async def test_too_many_names_in_a_later_request_end_the_stream(bench: Bench, kind: Kind) -> None:
    client = await bench.asking(kind, EDS, MISSING)
    await client.accept(EDS)
    await client.ask(EDS, *TOO_MANY)
    assert (await client.ended()).status == "RESOURCE_EXHAUSTED"


@rule(BAD_INPUT, 21)
@on(*DELTA)
async def test_names_that_become_too_many_little_by_little_end_the_stream(
    bench: Bench, kind: Kind, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("xds.protocol.name_limits.MAX_NAMES", 100)  # the real limit takes seconds to fill
    client = await bench.asking(kind, EDS, MISSING)
    await client.accept(EDS)
    for start in range(0, 99, 33):
        await client.send(DeltaDiscoveryRequest(type_url=EDS, resource_names_subscribe=TOO_MANY[start : start + 33]))
        await client.accept(EDS)
    await client.silent()
    await client.send(DeltaDiscoveryRequest(type_url=EDS, resource_names_subscribe=TOO_MANY[99:100]))
    ending = await client.ended()
    assert ending.status == "RESOURCE_EXHAUSTED"
    assert "101" in ending.message


@rule(BAD_INPUT, 23)
@on(*DELTA)
async def test_too_many_claims_end_the_stream(bench: Bench, kind: Kind) -> None:
    client = await bench.asking(kind, CDS, held=dict.fromkeys(TOO_MANY, "1"))
    assert (await client.ended()).status == "RESOURCE_EXHAUSTED"


@rule(BAD_INPUT)
@every_type
@pytest.mark.parametrize("later", [False, True], ids=["first", "later"])
async def test_a_name_may_be_long_but_not_endless(bench: Bench, kind: Kind, type_url: TypeUrl, later: bool) -> None:
    client = await bench.asking(kind, type_url, "n" * MAX_NAME_LENGTH)
    await client.accept(type_url)
    if not later:
        client = await bench.open(kind, type_url)
    await client.ask(type_url, "n" * (MAX_NAME_LENGTH + 1))
    ending = await client.ended()
    assert ending.status == "INVALID_ARGUMENT"
    assert len(ending.message) < 1000


# Large responses


MEBIBYTE = 1024 * 1024


def with_large_assignment(number: int) -> ServiceEntry:
    """A service whose load assignment is a mebibyte, and some."""
    return _service(number, endpoints=(Endpoint("10.0.0.1", service_account="s" * MEBIBYTE),))


def with_large_cluster(number: int) -> ServiceEntry:
    """A service whose cluster is a mebibyte, and some."""
    return _service(number, subject_alt_names=("s" * MEBIBYTE,))


def _service(
    number: int, *, endpoints: tuple[Endpoint, ...] = (), subject_alt_names: tuple[str, ...] = ()
) -> ServiceEntry:
    return ServiceEntry(
        "default",
        f"service-{number}",
        (f"service-{number}.example",),
        (ServicePort(80, "port", Protocol.HTTP),),
        resolution=Resolution.STATIC,
        endpoints=endpoints,
        subject_alt_names=subject_alt_names,
    )


@rule(13)
async def test_a_response_that_may_be_partial_is_split_at_two_mebibytes(bench: Bench, kind: Kind) -> None:
    """A gRPC client refuses messages over 4 MiB."""
    services = [with_large_assignment(number) for number in range(3)]
    await bench.put(*services)
    client = await bench.asking(kind, EDS, *map(cluster_of, services))
    first = await client.expect(EDS)
    assert len(first.names) == 2
    assert RESPONSE_BYTES < first.size < 4 * MEBIBYTE
    await client.silent()  # one at a time
    assert {bench.outcome(service) for service in services} == {"PENDING"}
    await client.ack(first)
    second = await client.accept(EDS)
    assert sorted([*first.names, *second.names]) == sorted(map(cluster_of, services))
    assert {bench.outcome(service) for service in services} == {"CONFIRMED"}
    await client.silent()


@rule(13, 23)
@on(*DELTA)
async def test_delta_splits_what_a_wildcard_covers_too(bench: Bench, kind: Kind) -> None:
    services = [with_large_cluster(number) for number in range(3)]
    await bench.put(*services)
    client = await bench.asking(kind, CDS)
    heard = await client.accept_all()
    assert len(heard) == 2
    assert sorted(name for response in heard for name in response.names) == sorted(map(cluster_of, services))
    assert {bench.outcome(service) for service in services} == {"CONFIRMED"}


@rule(13, 16)
@on(*SOTW)
async def test_a_full_set_is_never_split_since_that_would_delete_the_rest(bench: Bench, kind: Kind) -> None:
    services = [with_large_cluster(number) for number in range(3)]
    await bench.put(*services)
    client = await bench.asking(kind, CDS)
    assert (await client.accept(CDS)).names == sorted(map(cluster_of, services))
    await client.silent()
