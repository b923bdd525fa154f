"""What the core keeps, counted again: nothing may be kept that no known stream accounts for.

So memory is bounded: by what the streams ask for at present, which has limits of its own, and not by what they ever
asked for.
"""

from collections import Counter
from collections.abc import Iterable

from ledger.ids import ResourceName, StreamId
from ledger.interest import Interest
from ledger.roster import Presence
from tests.fuzz.peers import Peer
from xds.plane import Plane
from xds.types import LDS


def recount(plane: Plane, peers: Iterable[Peer]) -> None:
    """Holds every index of the core against the streams.

    Args:
        peers: the fuzzed streams that are open.

    Raises:
        AssertionError: something is kept that should not be, or the other way round.
    """
    for peer in peers:
        _check_asked(peer)
    deliveries = plane.deliveries
    subscribers: dict[ResourceName, set[StreamId]] = {}
    behind: dict[ResourceName, set[StreamId]] = {}
    claimants: set[tuple[str, StreamId]] = set()
    for record in deliveries.streams.values():
        for type_url, interest in record.interests.items():
            _check_interest(interest)
            for name in interest.names | interest.given_up:
                subscribers.setdefault(ResourceName(type_url, name), set()).add(record.id)
            for name in interest.behind:
                behind.setdefault(ResourceName(type_url, name), set()).add(record.id)
            if interest.claimed:
                claimants.add((type_url, record.id))
    lags = {resource: set(lag.progress) for resource in deliveries.lagging() if (lag := deliveries.lag(resource))}
    indexed = {
        ResourceName(url, name): ids for url, named in deliveries._subscribers.items() for name, ids in named.items()
    }
    assert indexed == subscribers, "another index of subscribers than there are"
    assert lags == behind, "another index of who is behind than there are"
    claiming = {(type_url, stream) for type_url, streams in deliveries._claimants.items() for stream in streams}
    assert claiming == claimants, "another index of who claims than there are"
    _check_streams(plane)


def _check_asked(peer: Peer) -> None:
    """A living stream is kept with what it asks for, by the oracle's reading of the rules, and with no more."""
    interests = peer.stream.record.interests if peer.stream.record is not None else {}
    assert interests.keys() == peer.holdings.asked.keys(), "other types than those asked for"
    for type_url, asked in peer.holdings.asked.items():
        interest = interests[type_url]
        assert interest.names == asked.names, f"other names of {type_url}: {interest.names ^ asked.names}"
        assert interest.wildcard == asked.wildcard, f"{type_url} is asked for by wildcard, or not"


def _check_interest(interest: Interest) -> None:
    """The invariants that are written beside the fields of `Interest`."""
    behind = interest.behind.keys()
    assert interest.unsent <= behind, "to be sent, and not behind"
    assert interest.rejected <= behind, "tainted, and not behind"
    assert interest.doubtful <= behind, "doubtful, and not behind"
    assert not interest.claimed & behind, "claimed, and behind"
    assert not interest.given_up & interest.names, "given up, and asked for"
    assert not interest.given_up & interest.unsent, "given up, and to be sent"
    if not interest.wildcard:
        assert behind <= interest.names | interest.given_up, "behind on what is not asked for"
        assert interest.claimed <= interest.names | interest.given_up, "claimed, and not asked for"
    for progress in interest.behind.values():
        assert progress.held <= progress.need, "more is held than needed"


def _check_streams(plane: Plane) -> None:
    deliveries = plane.deliveries
    records = deliveries.streams
    named = {stream.id for stream in plane.streams.values() if stream.record is not None}
    assert {record.id for record in records.values() if record.ended is None} == named, "others live than are open"
    assert deliveries.arriving.keys() <= plane.streams.keys() - named, "others arrive than have yet to speak"
    connecting = {record.id for record in records.values() if record.unshown}
    assert deliveries.connecting == connecting, "others connect than have yet to show something"
    assert {stream for stream, _ in deliveries.relics} <= records.keys(), "relics of no stream"
    assert deliveries.released <= records.keys(), "a stream is released that there is not"
    of_proxy = {record.id: record for streams in deliveries.of_proxy.values() for record in streams.values()}
    assert of_proxy == records, "another index of proxies than there are"
    views = Counter(record.view for record in records.values())
    assert deliveries.views == views, "another count of views than there are"
    of_streams = views.keys() - {None}  # which those of a loaded roster have
    assert of_streams == plane.snapshot.views(), "other views are kept up to date than streams have"
    for record in records.values():
        if record.ended is None and LDS in record.interests and not record.asks_for_everything:
            asked = record.interests[LDS].names | record.interests[LDS].given_up
            assert record.targets <= asked, "targets that are not asked for any more"
    living = Counter(record.proxy for record in records.values() if record.ended is None)
    connected = {proxy.id: proxy.streams for proxy in plane.roster.all() if proxy.presence is Presence.CONNECTED}
    assert connected == living, "other proxies are connected than have streams"
