"""Versions, nonces, and what every response carries."""

from ledger.ids import TypeUrl
from tests.conformance.bench import Bench
from tests.conformance.rules import on, rule
from tests.conformance.samples import MISSING, Sample, every_type
from tests.conformance.speech import Response
from tests.conformance.transports import DELTA, Kind

TTL_FEATURE = "xds.config.supports-resource-ttl"


def content_version(response: Response, name: str) -> str:
    """The version that goes with a resource's content."""
    return response.versions[name] if response.versions else response.version


@rule(3)
@every_type
async def test_equal_content_has_an_equal_version_on_every_stream_and_after_a_restart(
    bench: Bench, kind: Kind, type_url: TypeUrl
) -> None:
    sample = Sample(type_url, "a")
    await bench.put(sample.form())
    versions = set()
    for node in ("proxy-1", "proxy-2"):
        client = await bench.asking(kind, type_url, sample.name, node=node)
        versions.add(content_version(await client.accept(type_url), sample.name))
    await bench.put(sample.form(1))
    await bench.restart()
    client = await bench.asking(kind, type_url, sample.name)
    changed = content_version(await client.accept(type_url), sample.name)
    assert changed not in versions
    await bench.put(sample.form(0))
    versions.add(content_version(await client.accept(type_url), sample.name))
    assert len(versions) == 1


@rule(3)
@every_type
async def test_every_response_has_a_nonce_of_its_own_even_for_content_that_was_sent_before(
    bench: Bench, kind: Kind, type_url: TypeUrl
) -> None:
    sample = Sample(type_url, "a")
    await bench.put(sample.form())
    client = await bench.asking(kind, type_url, sample.name)
    nonces, versions = [], []
    for number in (1, 0, 1, 0):
        response = await client.accept(type_url)
        nonces.append(response.nonce)
        versions.append(response.version)
        await bench.put(sample.form(number))
    assert len(set(nonces)) == 4
    assert versions[0] == versions[2] != versions[1] == versions[3]
    assert not set(nonces) & set(versions)


@rule(4)
@every_type
async def test_error_detail_makes_a_nack_even_an_empty_one_with_the_new_version(
    bench: Bench, kind: Kind, type_url: TypeUrl
) -> None:
    sample = Sample(type_url, "a")
    await bench.put(sample.form())
    client = await bench.asking(kind, type_url, sample.name)
    response = await client.expect(type_url)
    request = client.speech.ack(response)
    request.error_detail.SetInParent()
    await client.send(request)
    (straggler,) = bench.receipt(sample.form()).stragglers
    assert straggler.state == "NACKED"


@rule(4)
@every_type
async def test_no_error_detail_makes_no_nack_whatever_the_version(bench: Bench, kind: Kind, type_url: TypeUrl) -> None:
    """The SotW half of it is in `test_sotw_acks`: the old version is no NACK, and no ACK either."""
    sample = Sample(type_url, "a")
    await bench.put(sample.form())
    client = await bench.asking(kind, type_url, sample.name)
    await client.accept(type_url)
    assert client.stream.subscriptions[type_url].last_error == ""
    assert bench.outcome(sample.form()) == "CONFIRMED"


@rule(11)
@every_type
async def test_every_resource_carries_the_type_url_of_its_response(bench: Bench, kind: Kind, type_url: TypeUrl) -> None:
    """And none its content twice: `Client` looks for that in every response of every test."""
    one, two = Sample(type_url, "a"), Sample(type_url, "b")
    await bench.put(one.form(), two.form())
    client = await bench.asking(kind, type_url, one.name, two.name, one.name)
    response = await client.accept(type_url)
    assert response.names == [one.name, two.name]
    assert response.types == (type_url, type_url)


@rule(11)
@on(*DELTA)
@every_type
async def test_what_is_gone_and_back_before_it_is_sent_is_sent_once_and_not_removed(
    bench: Bench, kind: Kind, type_url: TypeUrl
) -> None:
    sample, busy = Sample(type_url, "a"), Sample(type_url, "b")
    await bench.put(sample.form(), busy.form())
    client = await bench.asking(kind, type_url, sample.name, busy.name)
    await client.accept(type_url)
    await bench.put(busy.form(1))
    pending = await client.expect(type_url)
    await bench.remove(sample.form())
    await bench.put(sample.form(2))
    await client.ack(pending)
    response = await client.accept(type_url)
    assert response.names == [sample.name]
    assert response.removed == ()


@rule(12)
@every_type
async def test_every_response_names_the_control_plane_and_the_version_of_its_state(
    bench: Bench, kind: Kind, type_url: TypeUrl
) -> None:
    client = await bench.asking(kind, type_url, MISSING)
    empty = await client.accept(type_url)
    sample = Sample(type_url, "a")
    await bench.put(sample.form())
    await client.ask(type_url, sample.name)
    full = await client.accept(type_url)
    for response in (empty, full):
        assert response.message.control_plane.identifier == "lastack"
        assert response.version
    assert empty.version != full.version


@rule(14)
@every_type
async def test_no_ttl_is_sent_and_no_heartbeat_even_to_a_node_that_could_take_them(
    bench: Bench, kind: Kind, type_url: TypeUrl
) -> None:
    """lastack has no use for TTLs, and the rule allows them only to a node that lists the feature."""
    sample = Sample(type_url, "a")
    await bench.put(sample.form())
    for node, features in (("able", [TTL_FEATURE]), ("unable", [])):
        client = await bench.open(kind, type_url, node)
        client.node.client_features.extend(features)
        await client.ask(type_url, sample.name)
        response = await client.accept(type_url)
        assert not response.has_ttl
        assert response.types == (type_url,)
        await bench.pass_time(3600)
        await client.silent()
