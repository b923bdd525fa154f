"""What must hold after every line of a script, and what must hold once faults have stopped.

`Watch` knows the truth: what every living process would do with a request, and what it ought to do.
"""

from collections.abc import Sequence

from ledger.ids import ObjectKey
from ledger.receipts import Outcome, Receipt
from tests.simulation.envoy import ModelEnvoy
from tests.simulation.memory import held_by_nobody, too_much
from tests.simulation.replica import Replica
from tests.simulation.routes import Route, Routes, true_routes
from tests.simulation.source import key_of
from tests.simulation.world import World

MOST_ASKED = 100
"""Objects times proxies that are asked about after each line. In larger worlds, one object after the other is."""


class Violation(AssertionError):
    """An invariant does not hold. `kind`: which."""

    def __init__(self, kind: str, what: str) -> None:
        super().__init__(kind, what)
        self.kind = kind

    def __str__(self) -> str:
        return ": ".join(self.args)


class Watch:
    """Looks at a world. `confirmed` counts the receipts that were CONFIRMED, and found right."""

    def __init__(self, world: World) -> None:
        self.confirmed = 0
        self.world = world
        self._truth: Routes = {}
        self._addresses: dict[tuple[str, str], bool] = {}
        self._of: tuple[object, int] = None, -1
        self._stale: dict[ModelEnvoy, tuple[tuple[int, int], list[Route]]] = {}
        self._truths = 0
        self._since_confirmed: dict[ObjectKey, set[Route]] = {}
        self._turn = 0
        world.on_receipt = self._on_receipt

    def check(self) -> None:
        """Safety.

        1. Nothing is CONFIRMED that the serving replica has not applied, or that a living process routes against.
        2. No living process routes by a form that is older than one that was CONFIRMED.
        3. Whoever holds the same objects has the same root.
        4. What the core holds follows from what is served and in flight.
        """
        world = self.world
        self._learn()
        doubtful = sorted({ObjectKey.parse(route.object) for route in self._all_stale()})
        known = list(world.source.newest)
        if world.serving is not None and known:
            self._turn += 1
            asked = doubtful if len(doubtful) * len(world.proxies) < MOST_ASKED else self._in_turn(doubtful)
            for key in {*asked, *self._in_turn(known)}:
                self._ask(world.serving, key)
        for replica in world.replicas.values():
            if replica is not world.serving and known:
                told = replica.plane.receipt(world.query(known[0].name), world.now)
                if told.outcome is Outcome.CONFIRMED:
                    raise Violation("standby", f"{replica.name} stands by, and says that {known[0]} is CONFIRMED")
        excess = too_much(world.serving.plane) if world.serving is not None else None
        if excess is not None:
            raise Violation("memory", excess)

    def check_roots(self) -> None:
        """Invariant 3."""
        for replica in self.world.replicas.values():
            if replica.plane.ledger.root != replica.expected_root():
                raise Violation("root", f"{replica.name} has another root than its objects")

    def check_lively(self) -> None:
        """Liveness, after `calm`: everything is CONFIRMED, proxies hold what they ought to, and nothing is kept."""
        world = self.world
        self._learn()
        for key in sorted(world.source.newest):
            told = world.plane.receipt(world.query(key.name), world.now)
            if told.outcome is not Outcome.CONFIRMED and not told.reasons:
                raise Violation("liveness", f"{key} is {told.outcome} after all faults have stopped: {told.stragglers}")
        for proxy in world.living():
            if dict(proxy.routes()) != dict(self._truth):
                raise Violation("liveness", f"{proxy.name} holds {proxy.routes()} and not {self._truth}")
        left = held_by_nobody(world.plane)
        if left is not None:
            raise Violation("memory", left)

    # The truth

    def _learn(self) -> None:
        serving = self.world.serving
        if serving is None or self._of == (serving, serving.position):
            return
        self._of = serving, serving.position
        self._truth = true_routes(serving.objects.values())
        self._truths += 1
        self._addresses = {(r.cluster, r.address): r.draining for routes in self._truth.values() for r in routes}
        for key, routes in self._since_confirmed.items():
            routes |= self._truth.get(str(key), frozenset())

    def _all_stale(self) -> set[Route]:
        found: set[Route] = set()
        for proxy in self.world.living():
            stamp = self._truths, proxy.changes
            seen = self._stale.get(proxy)
            if seen is None or seen[0] != stamp:
                routes = proxy.routes().items()
                stale = [route for _, held in routes for route in self._against_truth(held)]
                seen = self._stale[proxy] = stamp, stale
                for route in stale:
                    allowed = self._since_confirmed.get(ObjectKey.parse(route.object))
                    if allowed is not None and route not in allowed:
                        raise Violation("older", f"{proxy.name} was given {route}, which was CONFIRMED to be gone")
            found.update(seen[1])
        return found

    def _against_truth(self, held: frozenset[Route]) -> list[Route]:
        """Those by which no request should go any more. One by whose address requests go anyway is none of them."""
        stale = []
        for route in held:
            if route not in self._truth.get(route.object, ()):
                anyway = self._addresses.get((route.cluster, route.address))
                if anyway is None or (anyway and not route.draining):
                    stale.append(route)
        return stale

    # Receipts

    def _in_turn(self, keys: Sequence[ObjectKey]) -> list[ObjectKey]:
        return [keys[self._turn % len(keys)]]

    def _ask(self, serving: Replica, key: ObjectKey) -> None:
        told = serving.plane.receipt(self.world.query(key.name), self.world.now)
        if serving.position >= self.world.source.place[key]:
            self._judge(key, told)
        elif told.outcome is Outcome.CONFIRMED and key in serving.objects and not told.query.deleted:
            raise Violation("confirmed", f"{key} is CONFIRMED, and {serving.name} has not heard of it yet")

    def _on_receipt(self, name: str, receipt: Receipt) -> None:
        self._learn()
        self._judge(key_of(name), receipt)

    def _judge(self, key: ObjectKey, receipt: Receipt) -> None:
        if receipt.outcome is not Outcome.CONFIRMED:
            return
        allowed = set(self._truth.get(str(key), ()))
        for proxy in self.world.living():
            held = proxy.routes().get(str(key), frozenset())
            allowed |= held
            stale = self._against_truth(held)
            if stale:
                raise Violation("confirmed", f"{key} is CONFIRMED, and {proxy.name} routes to it still: {min(stale)}")
        self._since_confirmed[key] = allowed
        self.confirmed += 1
