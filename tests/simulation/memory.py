"""What the core holds, against what it needs to: it must not grow with the number of things that have happened."""

from xds.plane import Plane

SLACK = 1024
"""How many deleted objects `Footprints` keeps before it looks for those that everybody has let go of."""


def too_much(plane: Plane) -> str | None:
    """What there is more of than follows from the streams and from what is served; None if nothing is."""
    deliveries = plane.deliveries
    interests = [interest for record in deliveries.streams.values() for interest in record.interests.values()]
    owing = sum(len(interest.behind) for interest in interests)
    progress = sum(len(lag.progress) for resource in deliveries.lagging() if (lag := deliveries.lag(resource)))
    if owing != progress:
        return f"{owing} deliveries by stream, {progress} by resource"
    if deliveries.arriving.keys() - plane.streams.keys():
        return f"streams that have ended are arriving: {deliveries.arriving}"
    ended = [record for record in deliveries.streams.values() if record.ended is not None]
    idle = [record for record in ended if not record.interests and not record.unshown]
    if idle:
        return f"ended streams that oblige nobody: {idle}"
    unknown = set(deliveries.of_proxy) - {proxy.id for proxy in plane.roster.all()}
    if unknown:
        return f"deliveries to proxies that the roster does not know: {unknown}"
    if plane.footprints.remembered > SLACK + len(deliveries.lagging()):
        return f"{plane.footprints.remembered} deleted objects are remembered"
    return None


def held_by_nobody(plane: Plane) -> str | None:
    """What is left although everybody is up to date, nobody waits, and all streams are open; None if nothing is."""
    deliveries = plane.deliveries
    left = {
        "lagging": deliveries.lagging(),
        "connecting": deliveries.connecting,
        "arriving": deliveries.arriving,
        "relics": deliveries.relics,
        "ended": [record for record in deliveries.streams.values() if record.ended is not None],
        "waiting": len(plane.room),
        "views": [view for view in plane.snapshot.views() if not deliveries.views[view]],
    }
    kept = {name: what for name, what in left.items() if what}
    return f"is left: {kept}" if kept else None
