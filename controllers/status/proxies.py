"""What each proxy holds, read from the core."""

from collections.abc import Iterator

from controllers.status.model import ProxyStatus, SyncState, TypeStatus
from ledger.ids import ProxyId, ResourceName, TypeUrl
from ledger.interest import Interest
from ledger.roster import Presence, Proxy
from ledger.stream_record import StreamRecord
from ledger.succession import EVERYTHING
from xds.plane import Plane
from xds.protocol.delta import ROOT_PREFIX
from xds.protocol.stream import Stream
from xds.protocol.subscription import Subscription
from xds.resource import version_of
from xds.types import FULL_SET, TYPES
from xds.view import View

_SEVERITY = (SyncState.SYNCED, SyncState.ABSENT, SyncState.NOT_SENT, SyncState.STALE, SyncState.ERROR)
"""Of a proxy's streams (there are two during a hot restart), the one that is worst off is told of, type by type."""


def all_proxies(plane: Plane) -> list[ProxyStatus]:
    """Every proxy of the roster, by id; those that are known to be gone too, without types."""
    return [proxy_status(plane, proxy) for proxy in plane.roster.all()]


def proxy_status(plane: Plane, proxy: Proxy) -> ProxyStatus:
    """One proxy, with a `TypeStatus` for each type that it has asked for, in the order in which types are sent."""
    found: dict[TypeUrl, TypeStatus] = {}
    for record, stream in _streams(plane, proxy.id):
        for type_url, interest in record.interests.items():
            subscription = stream.subscriptions.get(type_url) if stream is not None else None
            if subscription is None or stream is None:
                status = _absent(plane, record, interest)
            else:
                status = _living(plane, stream, subscription)
            other = found.get(type_url)
            if other is None or _severity(status) > _severity(other):
                found[type_url] = status
    if proxy.presence is not Presence.GONE:
        for type_url in proxy.types - found.keys():
            found[type_url] = TypeStatus(type_url, SyncState.ABSENT, "", "", proxy.since, "", 0)
    return ProxyStatus(
        proxy.id,
        proxy.presence,
        proxy.since,
        proxy.address,
        proxy.user_agent,
        _namespace(plane, proxy.id),
        tuple(found[type_url] for type_url in TYPES if type_url in found),
    )


def sync_state(subscription: Subscription) -> SyncState:
    """How far a living stream is with one type."""
    interest = subscription.interest
    if any(progress.nack for progress in interest.behind.values()):
        return SyncState.ERROR
    if subscription.outstanding is not None:
        return SyncState.STALE
    return SyncState.NOT_SENT if interest.behind else SyncState.SYNCED


def _streams(plane: Plane, proxy: ProxyId) -> Iterator[tuple[StreamRecord, Stream | None]]:
    for record in plane.deliveries.of_proxy.get(proxy, {}).values():
        yield record, plane.streams.get(record.id)


def _severity(status: TypeStatus) -> int:
    if status.state is SyncState.ABSENT and not status.behind:
        return -1
    return _SEVERITY.index(status.state)


def _living(plane: Plane, stream: Stream, subscription: Subscription) -> TypeStatus:
    state = sync_state(subscription)
    behind = subscription.interest.behind
    since = subscription.acked_at or subscription.record.opened
    if state is SyncState.STALE and subscription.outstanding is not None:
        since = subscription.outstanding.sent_at
    elif behind:
        since = min(progress.since for progress in behind.values())
    return TypeStatus(
        subscription.type_url,
        state,
        subscription.acked_version if state is SyncState.SYNCED else _wanted(plane, stream, subscription),
        subscription.acked_version,
        since,
        subscription.last_error or next((p.nack for p in behind.values() if p.nack), ""),
        len(behind),
        subscription.stale,
    )


def _wanted(plane: Plane, stream: Stream, subscription: Subscription) -> str:
    """A delta response has the version of the whole; a SotW response that of what it holds."""
    interest, view, type_url = subscription.interest, stream.view, subscription.type_url
    if stream.transport.delta or view is None:
        return plane.ledger.root[:ROOT_PREFIX]
    if interest.wildcard and type_url in FULL_SET:
        return plane.snapshot.full_set(view, type_url).version
    found = (plane.snapshot.get_or_empty(view, ResourceName(type_url, name)) for name in sorted(interest.behind))
    return version_of([resource for resource in found if resource is not None])


def _absent(plane: Plane, record: StreamRecord, interest: Interest) -> TypeStatus:
    relic = (record.id, ResourceName(interest.type_url, EVERYTHING)) in plane.deliveries.relics
    behind = len(interest.behind) + relic
    wanted = plane.ledger.root[:ROOT_PREFIX] if behind else ""
    error = next((progress.nack for progress in interest.behind.values() if progress.nack), "")
    since = record.ended if record.ended is not None else record.opened
    return TypeStatus(interest.type_url, SyncState.ABSENT, wanted, "", since, error, behind)


def _namespace(plane: Plane, proxy: ProxyId) -> str | None:
    views = [record.view for record, _ in _streams(plane, proxy) if isinstance(record.view, View)]
    return views[-1].namespace if views else None
