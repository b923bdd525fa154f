"""A world: a source of objects, replicas of the control plane, proxies, and who waits for receipts.

What can happen in it are the functions of `operator`, `control`, `proxies` and `peace`, each named by the first word
of a line in a script (see `tests.simulation.script`), and given the line's other words. Time passes where a script says
so, and half a second with every line.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial

from ledger.ids import ANY_GENERATION
from ledger.processes import LOST_STREAM_SECONDS, RECONNECT_SECONDS
from ledger.receipts import Query, Receipt
from ledger.waiting import Waiter
from tests.simulation.envoy import ModelEnvoy
from tests.simulation.network import Network
from tests.simulation.replica import Replica
from tests.simulation.source import Source, key_of
from xds.plane import Plane
from xds.timing import Timing

SETTLING = 60.0


class Impossible(Exception):
    """What a line says can't happen as things stand."""


class World:
    """Everything there is.

    Args:
        replicas: how many processes of the control plane there are, named r1, r2, and so on. r1 serves.
        durable: what the serving replica saves is there for the next one; else nothing is.
        absent_deadline: see `Timing`; None for none.
    """

    def __init__(self, replicas: int = 1, durable: bool = True, absent_deadline: float | None = None) -> None:
        self.now = 1_000_000.0
        self.durable = durable
        self.source = Source()
        self.proxies: dict[str, ModelEnvoy] = {}
        self.network = Network()
        self.waiting: dict[str, tuple[Query, int]] = {}
        self._asked: dict[str, Waiter] = {}
        self.told: list[str] = []
        self.on_receipt: Callable[[str, Receipt], None] = lambda name, receipt: None
        self.timing = Timing(settling=SETTLING, end=1e9, first_request=1e9, absent_deadline=absent_deadline)
        self.saved: Mapping[str, object] = {"proxies": [], "names": [], "newcomers": []}
        self.replicas = {f"r{n + 1}": Replica(f"r{n + 1}", self.timing, durable) for n in range(replicas)}
        self.serving: Replica | None = self.replicas["r1"]
        self.plane.start(self.now, roster_known=True)
        self.save()

    def tell(self, line: str) -> None:
        """Something that a reader of the script wants to see."""
        self.told.append(line)

    @property
    def plane(self) -> Plane:
        """The plane of the replica that serves."""
        if self.serving is None:
            raise Impossible("no replica serves")
        return self.serving.plane

    def living(self) -> list[ModelEnvoy]:
        return [proxy for proxy in self.proxies.values() if proxy.alive]

    def query(self, name: str) -> Query:
        """What whoever made the newest change of this object asks for."""
        change = self.source.newest.get(key_of(name))
        if change is None:
            raise Impossible(f"{name} was never there")
        deleted = change.object is None
        return Query(change.key, ANY_GENERATION if deleted else change.generation, deleted)

    def ask_waiting(self) -> None:
        """Asks the serving replica for the receipts that are waited for, as soon as it has heard of those changes.

        Whether it has is known to it (a barrier, see `controllers.runtime`): by the object alone it can't tell one that
        it has not heard of from one that it has let go of long ago.
        """
        for name, (query, place) in list(self.waiting.items()):
            if self.serving is not None and self.serving.position >= place and name not in self._asked:
                self._asked[name] = self.plane.wait(query, partial(self._answered, name), self.now)
                if name not in self.waiting:
                    del self._asked[name]

    def wait(self, name: str) -> None:
        """Somebody waits for the newest change of this object, and nobody any more for an earlier one."""
        query = self.query(name)
        if name in self._asked:
            self.plane.leave(self._asked.pop(name))
        self.waiting[name] = query, self.source.place[query.key]
        self.ask_waiting()

    def _answered(self, name: str, receipt: Receipt) -> None:
        del self.waiting[name]
        self._asked.pop(name, None)
        self.tell(f"{name}: {receipt.outcome}, says whoever waited")
        self.on_receipt(name, receipt)

    def save(self) -> None:
        """What the serving replica must know after a restart is safe."""
        if self.durable:
            self.saved = self.plane.dump()
            self.plane.saved(self.plane.dump_version)
            self.pump()

    def end_serving(self) -> None:
        """The serving replica ends, and with it all streams. Whoever waits will ask the next one."""
        if self.serving is None:
            raise Impossible("no replica serves")
        self.network.end_all(self.serving.plane, self.now)
        del self.replicas[self.serving.name]
        self.serving = None
        self._asked.clear()

    def pump(self) -> None:
        """The serving replica answers whoever waits, and writes what it has to send."""
        if self.serving is not None:
            self.ask_waiting()
            self.network.write(self.serving.plane, self.now)

    def pass_time(self, seconds: float) -> None:
        """Time passes, and with it the deadlines."""
        self.now += seconds
        for proxy in self.living():
            if proxy.dies_at is not None and self.now >= proxy.dies_at:
                proxy.alive = False
                if proxy.connection is not None:
                    self.network.cut(proxy, self.plane, self.now)
        if self.serving is not None:
            self._keep_alive(self.serving.plane)
            self.serving.plane.tick(self.now)
            self.pump()

    def _keep_alive(self, plane: Plane) -> None:
        """What is assumed of proxies and of the network (see ARCHITECTURE.md).

        That a stream is lost is noticed in time. Of two processes of one node id, none is away for long.
        """
        for proxy in self.network.unnoticed_for(LOST_STREAM_SECONDS, self.now):
            self.network.notice(proxy, plane, self.now)
        ids = Counter(proxy.node_id for proxy in self.living())
        for proxy in self.living():
            lost_at = self.network.lost_at.get(proxy)
            if lost_at is not None and ids[proxy.node_id] > 1 and self.now - lost_at >= RECONNECT_SECONDS:
                proxy.frozen = False
                self.network.connect(proxy, plane, self.now)
                self.network.hear(proxy, plane, self.now)
