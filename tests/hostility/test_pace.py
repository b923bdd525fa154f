"""Who is read more slowly, and for how long."""

from itertools import pairwise

import pytest

from ledger.ids import Generation
from ledger.receipts import Outcome, Query
from protos.base_pb2 import Node
from protos.discovery_pb2 import DeltaDiscoveryRequest, DeltaDiscoveryResponse
from tests.hostility.arena import CLUSTERS, INSTANCE, WEB, Arena
from tests.hostility.requests import ack, ask, nonce_of
from xds.objects import Applied
from xds.pace import BURST, MOST, SHARE, STEADY, Meter, Pace
from xds.plane import Plane
from xds.protocol.introduction import Peer
from xds.protocol.stream import Stream, Transport
from xds.types import CDS, EDS

QUICK = 0.0001
"""Seconds that most requests take."""

# Pauses


def test_a_burst_is_read_without_a_pause() -> None:
    pace, meter = Pace(), Meter()
    assert not any(pace.pause(meter, QUICK, 0.0) for _ in range(int(BURST / 2)))


def test_a_stream_that_says_something_now_and_then_is_never_paused() -> None:
    pace, meter = Pace(), Meter()
    assert not any(pace.pause(meter, QUICK, number / STEADY * 1.1) for number in range(10_000))


def test_one_that_goes_on_without_end_is_read_for_a_share_of_the_time() -> None:
    pace, meter, now, worked = Pace(), Meter(), 0.0, 0.0
    for _ in range(10_000):
        now += QUICK
        worked += QUICK
        now += pace.pause(meter, QUICK, now)
    assert worked / now < SHARE


def test_many_that_do_share_that_share() -> None:
    pace, now = Pace(), 0.0
    meters = [Meter() for _ in range(100)]
    for meter in meters:
        for _ in range(int(2 * BURST)):
            pace.pause(meter, QUICK, now)
    ends = sorted(now + pace.pause(meter, QUICK, now) for meter in meters)
    steps = [later - earlier for earlier, later in pairwise(ends)]
    assert min(steps) >= QUICK / SHARE  # no two of them at once


def test_large_requests_count_for_more() -> None:
    pace, meter = Pace(), Meter()
    pauses = [pace.pause(meter, 0.1, 0.0) for _ in range(int(BURST / 2))]
    assert any(pauses)
    assert not any(pauses[:2])  # for as much as a proxy of a large mesh asks for when it comes


def test_others_are_not_paused_on_its_account() -> None:
    pace, flooding, other = Pace(), Meter(), Meter()
    assert any(pace.pause(flooding, QUICK, 0.0) for _ in range(1000))
    assert not pace.pause(other, QUICK, 0.0)


def test_it_is_forgotten_in_time() -> None:
    pace, meter = Pace(), Meter()
    assert any(pace.pause(meter, QUICK, 0.0) for _ in range(int(2 * BURST)))
    assert not pace.pause(meter, QUICK, 1000.0)


# Connections

PEER = "ipv4:192.0.2.1:1234"


def test_who_floods_and_comes_back_on_the_same_connection_goes_on_where_it_was() -> None:
    pace = Pace()
    meter = pace.meter(PEER, 0.0)
    assert not pace.start(meter, 0.0)
    assert any(pace.pause(meter, QUICK, 0.0) for _ in range(int(2 * BURST)))
    assert pace.start(pace.meter(PEER, 0.0), 0.0)
    assert not pace.start(pace.meter("ipv4:192.0.2.1:1235", 0.0), 0.0)


def test_who_is_refused_again_and_again_is_read_for_a_share_of_the_time() -> None:
    pace, now, seconds, worked = Pace(), 0.0, 0.01, 0.0
    for _ in range(1000):
        meter = pace.meter(PEER, now)
        now += pace.start(meter, now) + seconds
        worked += seconds
        pace.refused(meter, seconds, now)
    assert worked / now < SHARE
    now += MOST / STEADY
    assert not pace.start(pace.meter(PEER, now), now), "it is forgiven in time"


def test_connections_of_which_nothing_counts_any_more_are_forgotten() -> None:
    pace = Pace()
    flooding = pace.meter(PEER, 0.0)
    for number in range(1000):
        pace.refused(flooding, QUICK, float(number))
        pace.pause(pace.meter(f"ipv6:[2001:db8::1]:{number}", float(number)), QUICK, float(number))
        assert len(pace) < 10
    assert pace.meter(PEER, 1000.0) is flooding


@pytest.mark.parametrize("peer", ["unix:", "unix-abstract:name", ""])
def test_peers_that_cannot_be_told_apart_have_meters_of_their_own(peer: str) -> None:
    pace = Pace()
    assert pace.meter(peer, 0.0) is not pace.meter(peer, 0.0)
    assert not len(pace)


# What counts


@pytest.fixture
def stream() -> Stream:
    plane = Plane()
    plane.start(0.0, roster_known=True)
    return plane.open_stream(Transport(delta=True), Peer("test"), 0.0)


def say(stream: Stream, **what: object) -> None:
    request = DeltaDiscoveryRequest(node=Node(id="proxy"), type_url=CDS, **what)  # type: ignore[arg-type]
    stream.receive(request.SerializeToString(), 0.0)


def hear(stream: Stream) -> str:
    data = stream.next_response(0.0)
    assert data is not None
    return DeltaDiscoveryResponse.FromString(data).nonce


def test_what_only_answers_a_response_does_not_count(stream: Stream) -> None:
    """Of such there are no more than responses."""
    say(stream)
    assert stream.unasked == 1
    say(stream, response_nonce=hear(stream))
    assert stream.unasked == 1


def test_what_answers_nothing_counts(stream: Stream) -> None:
    say(stream)
    nonce = hear(stream)
    say(stream, response_nonce="none.1")
    say(stream, response_nonce=nonce)
    say(stream, response_nonce=nonce)  # a second time
    assert stream.unasked == 3


def test_what_answers_and_asks_counts(stream: Stream) -> None:
    say(stream)
    say(stream, response_nonce=hear(stream), resource_names_subscribe=["more"])
    assert stream.unasked == 2


# What comes of it


def test_a_stream_that_is_not_read_yet_may_be_any_proxys() -> None:
    """Which holds what a receipt is about: that it has said nothing for long is not its doing."""
    plane = Plane()
    plane.apply([Applied(WEB, Generation(1), b"1")], 0.0)
    plane.start(0.0, roster_known=True)
    stream = plane.open_stream(Transport(delta=True), Peer("test"), 0.0)
    stream.paused = True

    def outcome(now: float) -> Outcome:
        plane.tick(now)
        return plane.receipt(Query(WEB.key), now).outcome

    assert outcome(100.0) is Outcome.PENDING
    plane.is_read(stream, 100.0)
    assert outcome(100.0 + plane.timing.first_request / 2) is Outcome.PENDING
    assert outcome(100.0 + plane.timing.first_request) is Outcome.CONFIRMED


async def test_a_flood_is_read_slowly_and_a_proxy_that_answers_is_not(arena: Arena) -> None:
    flooding, other = await arena.call(), await arena.call()
    await flooding.send(ask(CDS, node="floods"), *[ack(CDS, b"none.1")] * 500)
    await arena.until(lambda: any(stream.paused for stream in arena.streams_of("floods")), "it is read slowly")
    await other.send(ask(CDS, node="other"), ask(EDS, CLUSTERS))
    for type_url in (CDS, EDS):
        await other.send(ack(type_url, nonce_of(await other.message())))
    await arena.until(lambda: "other" not in arena.stragglers(INSTANCE), "it has ACKed")
    assert not any(stream.paused for stream in arena.streams_of("other"))


async def test_one_that_is_read_slowly_is_given_longer_to_show_what_it_holds(arena: Arena) -> None:
    """What it has not been heard to say may have been said; but it is not waited for without end."""
    call = await arena.call()
    await call.send(ask(CDS, node="floods"), *[ack(CDS, b"none.1")] * 500)
    await arena.until(lambda: any(stream.paused for stream in arena.streams_of("floods")), "it is read slowly")
    (stream,) = arena.streams_of("floods")
    connecting = arena.plane.deliveries.connecting
    stream.paused = True  # and stays so
    await arena.pass_time(arena.timing.first_request)
    assert stream.id in connecting
    await arena.pass_time(10 * arena.timing.first_request)
    assert stream.id not in connecting
