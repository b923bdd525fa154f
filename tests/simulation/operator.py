"""What the operator does: changes objects, waits, asks."""

from ledger.ids import ProxyId
from ledger.receipts import Receipt, Straggler
from tests.simulation.source import key_of
from tests.simulation.source import service as make_service
from tests.simulation.source import workload as make_workload
from tests.simulation.world import Impossible, World


def workload(world: World, name: str, *words: str) -> None:
    """`workload w1 app=a 10.0.0.1 [draining] [network=N]`: a new instance, or a new form of it."""
    world.source.put(make_workload(name, *words))
    _spread(world)


def service(world: World, name: str, *words: str) -> None:
    """`service a app=a 80 [dns] [san=S]`: a new service, or a new form of it."""
    world.source.put(make_service(name, *words))
    _spread(world)


def delete(world: World, name: str) -> None:
    """`delete w1`, `delete a`."""
    if world.source.get(key_of(name)) is None:
        raise Impossible(f"{name} is not there")
    world.source.delete(key_of(name))
    _spread(world)


def wait(world: World, name: str) -> None:
    """`wait w1`: until the newest change of it is CONFIRMED."""
    world.wait(name)
    world.pump()


def forget(world: World, node_id: str) -> None:
    """`forget p1`: the operator knows that no process of this node id runs any more."""
    if any(proxy.node_id == node_id for proxy in world.living()):
        raise Impossible(f"{node_id} is alive")
    world.plane.forget(ProxyId(node_id), world.now)
    world.pump()


def receipt(world: World, name: str) -> None:
    """`receipt w1`: is its newest change CONFIRMED?"""
    told = world.plane.receipt(world.query(name), world.now)
    world.tell(f"{name}: {told.outcome}, {told.acked} of {told.audience}{_excluded(told)}")
    for one in sorted(told.stragglers, key=_place):
        world.tell(f"  {one.proxy or 'somebody'} {one.state}: {one.resource or '-'}; {one.detail}")
    for one in sorted(told.released, key=_place):
        world.tell(f"  {one.proxy} {one.state}, not waited for: {one.resource}; {one.detail}")
    for reason in told.reasons:
        world.tell(f"  {reason}")


def _excluded(told: Receipt) -> str:
    return f", without {', '.join(told.excluded)}" if told.excluded else ""


def routes(world: World, name: str) -> None:
    """`routes p1`: where it sends requests."""
    proxy = world.proxies[name]
    for found in proxy.routes().values():
        for route in sorted(found):
            draining = ", draining" if route.draining else ""
            world.tell(f"{name} -> {route.address} of {route.object.rpartition('/')[2]} by {route.cluster}{draining}")
    if not any(proxy.routes().values()):
        world.tell(f"{name} -> nowhere")


def _spread(world: World) -> None:
    """The replicas hear of the change, but those that lag."""
    for replica in world.replicas.values():
        if not replica.lagging:
            replica.follow(world.source, world.now)
    world.pump()


def _place(one: Straggler) -> tuple[str, int, str]:
    return one.proxy, one.stream, one.resource
