"""The gRPC server: the end of a stream reaches the peer, and the peer's end reaches the plane (rules 33 and 34)."""

import grpc
from structlog.testing import capture_logs

from ledger.ids import ProxyId
from ledger.roster import Presence
from tests.conformance.bench import NODE
from tests.conformance.relay import Relay
from tests.conformance.rules import BAD_INPUT, SOCKET, only, rule
from tests.conformance.samples import Sample
from tests.conformance.sockets import SocketBench
from tests.conformance.transports import Kind
from xds.limits import Limits
from xds.types import EDS

SAMPLE = Sample(EDS, "a")


def presence(bench: SocketBench) -> Presence:
    """Of the one proxy."""
    proxy = bench.plane.roster.get(ProxyId(NODE))
    assert proxy is not None
    return proxy.presence


@rule(33)
@only(SOCKET)
async def test_a_stream_that_the_server_ends_is_over_for_the_peer(sockets: SocketBench, kind: Kind) -> None:
    """By its deadline here; for other reasons in most tests of bad input."""
    await sockets.put(SAMPLE.form())
    client = await sockets.asking(kind, EDS, SAMPLE.name)
    await client.expect(EDS)
    await sockets.pass_time(sockets.timing.end)
    assert (await client.ended()).status == "DEADLINE_EXCEEDED"
    assert presence(sockets) is Presence.ABSENT


@rule(33)
@only(SOCKET)
async def test_shutting_down_ends_every_stream_and_opens_none(sockets: SocketBench, kind: Kind) -> None:
    first = await sockets.asking(kind, EDS, SAMPLE.name, node="first")
    await first.accept(EDS)
    second = await sockets.open(kind, EDS, "second")  # which has said nothing yet
    await sockets.drain()
    for client in (first, second):
        assert (await client.ended()).status == "UNAVAILABLE"
    assert (await sockets.refused(kind, EDS)).status == "UNAVAILABLE"
    assert not sockets.plane.streams


@rule(33)
@only(SOCKET)
async def test_who_is_sent_away_by_an_orderly_end_is_no_warning(sockets: SocketBench, kind: Kind) -> None:
    """There may be thousands, at every rolling update."""
    client = await sockets.asking(kind, EDS, SAMPLE.name)
    await client.accept(EDS)
    with capture_logs() as logs:
        await sockets.drain()
        await client.ended()
    (ended,) = (entry for entry in logs if entry["event"].startswith("stream "))
    assert (ended["log_level"], ended["event"], ended["proxy"]) == ("info", "stream ended", NODE)
    assert ended["reason"] == "the control plane is shutting down"


@rule(33)
@only(SOCKET)
async def test_a_peer_that_says_it_is_done_is_given_the_end(sockets: SocketBench, kind: Kind) -> None:
    client = await sockets.asking(kind, EDS, SAMPLE.name)
    await client.accept(EDS)
    await client.finish()
    assert (await client.ended()).status == "OK"
    assert presence(sockets) is Presence.ABSENT


@rule(33, 27)
@only(SOCKET)
async def test_a_peer_that_cancels_is_absent(sockets: SocketBench, kind: Kind) -> None:
    client = await sockets.asking(kind, EDS, SAMPLE.name)
    await client.expect(EDS)
    assert presence(sockets) is Presence.CONNECTED
    await client.close()
    assert presence(sockets) is Presence.ABSENT
    assert sockets.outcome(SAMPLE.form()) == "CONFIRMED"  # the object was never there
    assert not sockets.plane.streams


@rule(33, BAD_INPUT)
@only(SOCKET)
async def test_more_streams_than_may_be_open_are_refused_and_the_others_go_on(sockets: SocketBench, kind: Kind) -> None:
    sockets.limits = Limits(max_streams=1)
    await sockets.restart()
    await sockets.put(SAMPLE.form())
    client = await sockets.asking(kind, EDS, SAMPLE.name)
    await client.accept(EDS)
    ending = await sockets.refused(kind, EDS)
    assert ending.status == "RESOURCE_EXHAUSTED"
    await sockets.put(SAMPLE.form(1))
    await client.accept(EDS)
    await client.close()
    client = await sockets.asking(kind, EDS, SAMPLE.name, node="next")
    await client.accept(EDS)


@rule(34, 27)
@only(SOCKET)
async def test_a_frozen_peer_is_noticed_by_keepalive_made_absent_and_credited_with_nothing(
    sockets: SocketBench, kind: Kind
) -> None:
    """A real Envoy is frozen in `tests/envoy`, and with the limits that are meant for use."""
    sockets.limits = Limits(keepalive_seconds=0.1, ping_timeout_seconds=0.5)
    await sockets.restart()
    relay = Relay(sockets.port)
    port = await relay.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        await sockets.put(SAMPLE.form())
        client = await sockets.open_on(channel, kind.transport(EDS))
        await client.ask(EDS, SAMPLE.name)
        await client.accept(EDS)
        relay.freeze()
        await sockets.put(SAMPLE.form(1))
        await sockets.plane.until(lambda: not client.is_open, "the frozen peer is noticed")
        assert presence(sockets) is Presence.ABSENT
        assert [s.state for s in sockets.receipt(SAMPLE.form()).stragglers] == ["ABSENT"]
        await relay.stop()


@rule(34)
@only(SOCKET)
async def test_both_halves_of_keepalive_are_set_and_are_seconds(kind: Kind) -> None:
    options = dict(Limits().options())
    assert options["grpc.keepalive_time_ms"] == 10_000
    assert options["grpc.http2.ping_timeout_ms"] == options["grpc.keepalive_timeout_ms"] == 2000
