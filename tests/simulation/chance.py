"""What happens next in a world, from its seed. Proxies, operator, replicas and network each have their moods."""

import random
from collections.abc import Callable

from tests.simulation.envoy import ModelEnvoy
from tests.simulation.source import key_of
from tests.simulation.world import World
from xds.objects import WorkloadEntry

Line = str | None


class Chance:
    """Writes the script of a world, a line at a time.

    Most worlds are small, so that everything meets everything; one in twenty has hundreds of proxies; in three of ten a
    proxy or two know no rest: streams are lost, and processes restarted, all the time. One in eight
    keeps no state: there, whoever is alive is back as soon as a replica serves, as within the settling time.
    """

    def __init__(self, seed: int) -> None:
        self._rng = rng = random.Random(seed)
        big = rng.random()
        self._proxies = rng.randrange(100, 300) if big < 0.05 else rng.randrange(10, 40) if big < 0.2 else 4
        restless = big > 0.7  # in these there is one proxy, or two: whose streams and processes come and go
        if restless:
            self._proxies = rng.randrange(1, 3)
        often = 4.0 if restless else 1.0
        self._workloads = 6 if self._proxies <= 4 else 20
        self._stateless = rng.random() < 1 / 8
        self._replicas = rng.choice((1, 2, 2, 3))
        deadline = " absent-deadline=50" if rng.random() < 1 / 8 else ""
        self.first = f"world replicas={self._replicas}{' stateless' if self._stateless else ''}{deadline}"
        self._count = 0
        self._rejecting: dict[str, float] = {}
        self._queue = [f"boot p{n} {self._transport()}" for n in range(self._proxies)]
        if self._proxies > 4:
            self._queue.append("settle")
        self._weighted: list[tuple[float, Callable[[World], Line]]] = [
            (20, self._hear),
            (20, self._answer),
            (5, self._change_workload),
            (2, self._change_service),
            (3, self._wait),
            (3 if self._proxies <= 4 else 12, self._settle),
            (4, self._save),
            (1, self._lag),
            (2, self._catch_up),
            (0.8 * often, self._cut),
            (0.5 * often, self._drop),
            (1, self._notice),
            (4, self._reconnect),
            (0.5 * often, self._kill),
            (0.5 * often, self._hot_restart),
            (0.5, self._mood),
            (0.4, self._freeze),
            (0.8, self._thaw),
            (0.3, self._forget),
            (0.25 * often, self._end_replica),
            (1, self._start),
            (2, self._take_over),
            (0.5, self._pass_time),
        ]

    def next(self, world: World) -> str:
        """The next line; one that can happen now."""
        if self._queue:
            return self._queue.pop(0)
        if world.serving is None and self._rng.random() < 0.3:
            return self._take_over(world) or self._start(world) or "pass 1"
        weights = [weight for weight, _ in self._weighted]
        while True:
            choose = self._rng.choices(self._weighted, weights)[0][1]
            line = choose(world)
            if line is not None:
                return line

    # The operator

    def _change_workload(self, world: World) -> Line:
        name = f"w{self._rng.randrange(self._workloads)}"
        old = world.source.get(key_of(name))
        if old is not None and self._rng.random() < 0.35:
            return f"delete {name}"
        label, address = f"app={self._rng.choice('abc')}", self._address(world)
        draining = ""
        if isinstance(old, WorkloadEntry):
            if self._rng.random() < 0.5:
                label = f"app={old.endpoint.labels['app']}"
                draining = " draining" if self._rng.random() < 0.7 else ""
            if self._rng.random() < 0.6:
                address = old.endpoint.address
        return f"workload {name} {label} {address}{draining}"

    def _address(self, world: World) -> str:
        self._count += 1
        others = [obj for change in world.source.newest.values() if isinstance(obj := change.object, WorkloadEntry)]
        if others and self._rng.random() < 0.1:  # two entries may share an address
            return self._rng.choice(others).endpoint.address
        return f"10.0.{self._count // 250}.{self._count % 250}"

    def _change_service(self, world: World) -> Line:
        name = self._rng.choice("abc")
        if world.source.get(key_of(name)) is not None and self._rng.random() < 0.3:
            return f"delete {name}"
        self._count += 1
        dns = " dns" if self._rng.random() < 0.2 else ""
        return f"service {name} app={self._rng.choice('abc')} {self._rng.choice((80, 81))}{dns} san=s{self._count}"

    def _wait(self, world: World) -> Line:
        known = [key.name for key in world.source.newest]
        return f"wait {self._rng.choice(known)}" if known else None

    def _forget(self, world: World) -> Line:
        if world.serving is None:
            return None
        dead = {proxy.node_id for proxy in world.proxies.values()} - {proxy.node_id for proxy in world.living()}
        return f"forget {self._rng.choice(sorted(dead))}" if dead else None

    # The control plane

    def _save(self, world: World) -> Line:
        return "save" if world.serving is not None else None

    def _lag(self, world: World) -> Line:
        return f"lag {self._rng.choice(sorted(world.replicas))}" if world.replicas else None

    def _catch_up(self, world: World) -> Line:
        behind = [replica for replica in world.replicas.values() if replica.lagging]
        if not behind:
            return None
        return f"catch-up {self._rng.choice(behind).name}" + self._rng.choice(("", " 1", " 2"))

    def _end_replica(self, world: World) -> Line:
        return self._rng.choice(("stop", "crash")) if world.serving is not None else None

    def _start(self, world: World) -> Line:
        down = [name for n in range(self._replicas) if (name := f"r{n + 1}") not in world.replicas]
        return f"start {self._rng.choice(down)}" if down else None

    def _take_over(self, world: World) -> Line:
        if world.serving is not None or not world.replicas:
            return None
        return f"take-over {self._rng.choice(sorted(world.replicas))}"

    def _pass_time(self, world: World) -> Line:
        return f"pass {self._rng.choice((2, 10, 40))}"

    # The network and the proxies

    def _hear(self, world: World) -> Line:
        able = [one for one in world.network.connected() if one.connection and one.connection.requests]
        return f"hear {self._rng.choice(able).name}" if able else None

    def _answer(self, world: World) -> Line:
        able = [
            one for one in world.network.connected() if one.connection and one.connection.responses and not one.frozen
        ]
        if not able:
            return None
        proxy = self._rng.choice(able)
        rejecting = self._rejecting.get(proxy.name, 0.0)
        if self._rng.random() < rejecting:
            return f"reject {proxy.name} {self._rng.randrange(1000)}"
        if rejecting:  # what it rejected comes again part by part, all of one root: an ACK for one is none for the next
            return f"answer {proxy.name}{self._rng.choice(('', ' twice'))}"
        return f"answer {proxy.name}{self._rng.choice(('', '', '', '', '', '', ' late', ' twice'))}"

    def _settle(self, world: World) -> Line:
        if world.serving is None:
            return None
        connected = world.network.connected()
        left_out = self._rng.sample(connected, min(len(connected), self._rng.randrange(4)))
        return " ".join(["settle", "except", *(proxy.name for proxy in left_out)]) if left_out else "settle"

    def _cut(self, world: World) -> Line:
        return self._one("cut", world.network.connected())

    def _drop(self, world: World) -> Line:
        return self._one("drop", world.network.connected())

    def _notice(self, world: World) -> Line:
        return self._one("notice", list(world.network.unnoticed))

    def _reconnect(self, world: World) -> Line:
        if world.serving is None:
            return None
        return self._one("reconnect", [p for p in world.living() if p.connection is None and not p.frozen])

    def _kill(self, world: World) -> Line:
        living = world.living()
        if len(living) < 2:
            return None
        proxy = self._rng.choice(living)
        if self._rng.random() < 0.7:
            self._queue = [f"boot {self._next_process(world, proxy.node_id)} {self._transport()}"]
            if [one.node_id for one in living].count(proxy.node_id) > 1:
                self._queue = []
        if proxy.connection is not None and self._rng.random() < 0.3:
            self._queue.insert(0, f"kill {proxy.name}")
            return f"drop {proxy.name}"
        return f"kill {proxy.name}"

    def _hot_restart(self, world: World) -> Line:
        ids = [proxy.node_id for proxy in world.living()]
        parents = [node_id for node_id in ids if ids.count(node_id) == 1]
        if not parents:
            return None
        return f"boot {self._next_process(world, self._rng.choice(parents))} {self._transport()}"

    def _mood(self, world: World) -> Line:
        self._rejecting[self._rng.choice(world.living()).name] = self._rng.choice((0.0, 0.0, 0.5))
        return None

    def _freeze(self, world: World) -> Line:
        return self._one("freeze", [proxy for proxy in world.living() if not proxy.frozen])

    def _thaw(self, world: World) -> Line:
        return self._one("thaw", [proxy for proxy in world.living() if proxy.frozen])

    def _one(self, verb: str, proxies: list[ModelEnvoy]) -> Line:
        return f"{verb} {self._rng.choice(proxies).name}" if proxies else None

    def _next_process(self, world: World, node_id: str) -> str:
        return f"{node_id}.{sum(proxy.node_id == node_id for proxy in world.proxies.values()) + 1}"

    def _transport(self) -> str:
        return self._rng.choice(("delta", "sotw"))
