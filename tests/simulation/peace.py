"""The end of faults: everybody is there, accepts what it is sent, and is read and written until all is silent."""

from ledger.ids import ProxyId
from ledger.processes import ONE_LEFT_SECONDS
from tests.simulation import control, operator, proxies
from tests.simulation.network import Broken
from tests.simulation.source import words_of
from tests.simulation.world import SETTLING, World
from xds.objects import WorkloadEntry

MOST_ROUNDS = 200
"""Of reading and writing on every stream, before it is taken for granted that this does not end."""


def settle(world: World, *words: str) -> None:
    """`settle [p1 p2 | except p3]`: these proxies, or all (but p3), are heard and answer until they are silent."""
    left_out = set(words[1:]) if words[:1] == ("except",) else set()
    named = set(words) if words and not left_out and words[0] != "except" else world.proxies.keys()
    for _ in range(MOST_ROUNDS):
        world.save()
        busy = False
        for proxy in world.network.connected():
            if proxy.name not in named or proxy.name in left_out or proxy.frozen or proxy.connection is None:
                continue
            proxy.speak_up()
            while proxy.connection.responses:
                busy = True
                world.tell(f"{proxy.name} {proxy.take_response().text}")
            while proxy.connection.requests:
                busy = True
                world.network.hear(proxy, world.plane, world.now)
        world.pump()
        if not busy:
            return
    raise Broken("a response is answered by a request for ever")


def calm(world: World) -> None:
    """`calm`: faults stop. Dead processes are forgotten, all objects change once more, and all of it is waited for."""
    if world.serving is None:
        if not world.replicas:
            control.start(world, "r1")
        control.take_over(world, min(world.replicas))
    for replica in world.replicas:
        control.catch_up(world, replica)
    for proxy in list(world.network.unnoticed):
        proxies.notice(world, proxy.name)
    for proxy in world.living():
        proxy.frozen = False
        if proxy.dies_at is not None:
            proxies.kill(world, proxy.name)
        elif proxy.connection is None:
            proxies.reconnect(world, proxy.name)
    settle(world)
    world.pass_time(ONE_LEFT_SECONDS + SETTLING)
    alive = {proxy.node_id for proxy in world.living()}
    for node_id in sorted({proxy.node_id for proxy in world.proxies.values()} - alive):
        world.plane.forget(ProxyId(node_id), world.now)
    settle(world)
    _touch_all(world)  # what was rejected waits for its next change (rule 6)
    settle(world)
    for proxy, stream in list(world.network.streams.items()):
        if any(
            subscription.interest.rejected for subscription in stream.subscriptions.values()
        ):  # what did not change in the meantime is shown, and sent, anew
            proxies.cut(world, proxy.name)
            proxies.reconnect(world, proxy.name)
    settle(world)
    for key in sorted(world.source.newest):
        operator.wait(world, key.name)
    settle(world)


def _touch_all(world: World) -> None:
    for count, change in enumerate(list(world.source.newest.values())):
        if isinstance(change.object, WorkloadEntry):
            operator.workload(world, change.key.name, *words_of(change.object), f"network=calm-{count}")
        elif change.object is not None:
            operator.service(world, change.key.name, *words_of(change.object), f"san=calm-{count}")
