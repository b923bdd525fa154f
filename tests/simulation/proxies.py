"""What the proxies do, and what becomes of their streams."""

import random

from tests.simulation.envoy import ModelEnvoy
from tests.simulation.world import Impossible, World

PARENT_SHUTDOWN = 900.0
"""Envoy's `--parent-shutdown-time-s`."""


def boot(world: World, name: str, transport: str = "delta") -> None:
    """`boot p1 delta|sotw`: a process starts. `boot p1.2` is a process of p1's node id: beside p1, a hot restart."""
    if name in world.proxies:
        raise Impossible(f"{name} has been there already")
    beside = [proxy for proxy in world.living() if proxy.node_id == name.partition(".")[0]]
    if len(beside) > 1:
        raise Impossible("a third process ends the first")
    proxy = ModelEnvoy(name, transport == "delta")
    for parent in beside:
        parent.dies_at = world.now + PARENT_SHUTDOWN
    world.proxies[name] = proxy
    world.network.lost_at[proxy] = world.now
    if world.serving is not None:
        world.network.connect(proxy, world.plane, world.now)


def reconnect(world: World, name: str) -> None:
    """`reconnect p1`: it opens a new stream."""
    proxy = _awake(world, name)
    if proxy.connection is not None:
        raise Impossible(f"{name} has a stream")
    world.network.connect(proxy, world.plane, world.now)


def hear(world: World, name: str) -> None:
    """`hear p1`: the control plane reads the next request on its stream."""
    proxy = _process(world, name)
    if proxy.connection is None or not proxy.connection.requests:
        raise Impossible(f"{name} has sent nothing")
    world.network.hear(proxy, world.plane, world.now)
    world.pump()


def answer(world: World, name: str, how: str = "") -> None:
    """`answer p1 [late|twice]`: it applies the next response, and ACKs it."""
    _take(world, name, None, how)


def reject(world: World, name: str, dice: str) -> None:
    """`reject p1 17`: it rejects the next response, and applies parts of it as the dice say."""
    _take(world, name, random.Random(int(dice)), "")


def _take(world: World, name: str, dice: random.Random | None, how: str) -> None:
    proxy = _awake(world, name)
    if proxy.connection is None or not proxy.connection.responses:
        raise Impossible(f"{name} was sent nothing")
    taken = proxy.take_response(dice, how == "late", how == "twice")
    world.tell(f"{name} {taken.text}")


def speak(world: World, name: str) -> None:
    """`speak p1`: it sends the answers that it gave late."""
    _awake(world, name).speak_up()


def cut(world: World, name: str) -> None:
    """`cut p1`: its stream ends."""
    proxy = _process(world, name)
    if proxy.connection is None:
        raise Impossible(f"{name} has no stream")
    world.network.cut(proxy, world.plane, world.now)
    world.pump()


def drop(world: World, name: str) -> None:
    """`drop p1`: its stream ends, and the control plane does not notice."""
    proxy = _process(world, name)
    if proxy.connection is None:
        raise Impossible(f"{name} has no stream")
    world.network.drop(proxy, world.now)


def notice(world: World, name: str) -> None:
    """`notice p1`: the control plane notices that streams of p1 have ended."""
    world.network.notice(_process(world, name), world.plane, world.now)
    world.pump()


def kill(world: World, name: str) -> None:
    """`kill p1`: the process ends, and its stream with it."""
    proxy = _process(world, name)
    if not proxy.alive:
        raise Impossible(f"{name} is dead")
    proxy.alive = False
    if proxy.connection is not None:
        cut(world, name)


def freeze(world: World, name: str) -> None:
    """`freeze p1`: it does nothing, but use what it has (SIGSTOP)."""
    _awake(world, name).frozen = True


def thaw(world: World, name: str) -> None:
    """`thaw p1`: it goes on."""
    _process(world, name).frozen = False


def _process(world: World, name: str) -> ModelEnvoy:
    if name not in world.proxies:
        raise Impossible(f"there is no {name}")
    return world.proxies[name]


def _awake(world: World, name: str) -> ModelEnvoy:
    proxy = _process(world, name)
    if not proxy.alive or proxy.frozen:
        raise Impossible(f"{name} does nothing")
    return proxy
