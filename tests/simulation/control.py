"""What becomes of the control plane's replicas. One serves at a time."""

from tests.simulation.replica import Replica
from tests.simulation.world import Impossible, World


def lag(world: World, replica: str) -> None:
    """`lag r1`: the replica hears nothing of the source until it catches up."""
    world.replicas[replica].lagging = True


def catch_up(world: World, replica: str, count: str = "") -> None:
    """`catch-up r1 [2]`: it hears of everything, or of the next two changes only."""
    one = world.replicas[replica]
    one.lagging = bool(count)
    one.follow(world.source, world.now, int(count) if count else None)
    world.pump()


def save(world: World) -> None:
    """What the serving replica must know after a restart is safe by now."""
    world.save()


def stop(world: World) -> None:
    """The serving replica stops in order: it reads what has arrived, ends the streams, and saves."""
    for proxy in world.network.connected():
        while proxy.connection is not None and proxy.connection.requests:
            world.network.hear(proxy, world.plane, world.now)
    world.network.end_all(world.plane, world.now)
    world.save()
    _lose_what_was_not_saved(world)
    world.end_serving()


def crash(world: World) -> None:
    """The serving replica ends at once.

    What no control plane can know, and is assumed (see ARCHITECTURE.md): a NACK that is lost with it leaves no false
    claim behind.
    """
    for proxy in world.living():
        proxy.claim_truly()
    _lose_what_was_not_saved(world)
    world.end_serving()


def _lose_what_was_not_saved(world: World) -> None:
    """Where nothing is saved, the next replica knows only what the proxies name: it is assumed that they name all."""
    if not world.durable:
        for proxy in world.living():
            proxy.claim_truly(everything=True)


def start(world: World, replica: str) -> None:
    """`start r1`: it runs again, and stands by."""
    if replica in world.replicas:
        raise Impossible(f"{replica} is running")
    world.replicas[replica] = Replica(replica, world.timing, world.durable)
    world.replicas[replica].list_objects(world.source, world.now)


def take_over(world: World, replica: str) -> None:
    """`take-over r2`: it serves from now on, once it has heard of everything."""
    if world.serving is not None:
        raise Impossible(f"{world.serving.name} serves")
    one = world.replicas.get(replica)
    if one is None:
        raise Impossible(f"{replica} does not run")
    one.lagging = False
    one.follow(world.source, world.now)
    if world.durable:
        one.plane.load(world.saved, world.now)
    one.plane.start(world.now, roster_known=world.durable)
    world.serving = one
    for proxy in world.network.lost_at:
        world.network.lost_at[proxy] = world.now
    if not world.durable:  # proxies are back within the settling time, or not known of (see ARCHITECTURE.md)
        for proxy in world.living():
            proxy.frozen = False
            world.network.connect(proxy, one.plane, world.now)
            world.network.hear(proxy, one.plane, world.now)
    world.pump()


def pass_time(world: World, seconds: str) -> None:
    """`pass 30`: so many seconds pass."""
    world.pass_time(float(seconds))
