"""A world from one seed: a control plane, proxies, an operator, and faults; and the truth about who routes where."""

import random
from collections.abc import Callable

from ledger.ids import Generation, ObjectKey, ProxyId
from ledger.receipts import Outcome, Query, Receipt
from ledger.streams import PARENT_SHUTDOWN_SECONDS
from tests.simulation.envoy import ModelEnvoy, Route
from xds.index.index import Service
from xds.objects import (
    DRAINING_LABEL,
    Applied,
    Deleted,
    Endpoint,
    Event,
    Location,
    Protocol,
    Resolution,
    ServiceEntry,
    ServicePort,
    WorkloadEntry,
)
from xds.parsing.content import content_hash
from xds.plane import Plane, Timing
from xds.protocol.errors import StreamError
from xds.protocol.stream import Peer, Stream, Transport

SETTLING = 60.0


class Violation(AssertionError):
    """An invariant does not hold."""


class World:
    """Everything there is. One `step` does one random thing; `check` looks at the invariants."""

    def __init__(self, seed: int, proxies: int = 4, durable: bool = True) -> None:
        self.rng = random.Random(seed)
        self.now = 1_000_000.0
        self.log: list[str] = []
        self._durable = durable
        self._objects: dict[ObjectKey, ServiceEntry | WorkloadEntry] = {}
        self._generations: dict[ObjectKey, Generation] = {}
        self._proxies: list[ModelEnvoy] = []
        self._streams: dict[ModelEnvoy, Stream] = {}
        self._count = 0
        self._calm = False
        self.confirmed = 0
        self.plane = self._new_plane()
        self.plane.start(self.now, roster_known=True)
        for number in range(proxies):
            self._boot(f"proxy-{number}")

    # Steps

    def step(self) -> None:
        """Does one random thing."""
        self.now += self.rng.random()
        for proxy in self._living():
            if proxy.dies_at is not None and self.now >= proxy.dies_at:
                self._end_process(proxy)
        actions: list[tuple[float, Callable[[], None]]] = [
            (20, self._deliver_request),
            (20, self._deliver_response),
            (6, self._change_workload),
            (2, self._change_service),
            (1.0, self._lose_stream),
            (3, self._reconnect),
            (0.3, self._kill),
            (0.3, self._hot_restart),
            (0.4, self._moods),
            (0.3, self._forget_dead),
            (0.15, self._restart_plane),
            (1, self._tick),
        ]
        action = self.rng.choices([a for _, a in actions], [w for w, _ in actions])[0]
        action()

    def calm_down(self) -> None:
        """Faults stop: everybody is there, accepts, and is read and written until nothing is under way."""
        self._calm = True
        for parent in [p for p in self._living() if p.dies_at is not None]:
            self._end_process(parent)
        for proxy in self._living():
            proxy.rejecting = 0.0
            if proxy not in self._streams:
                self._connect(proxy)
        self.now += max(SETTLING, PARENT_SHUTDOWN_SECONDS) + 1
        self._tick()
        for dead in sorted({p.node_id for p in self._proxies if not p.alive}):
            self.plane.forget(ProxyId(dead), self.now)
        self._exchange()
        for key in list(self._objects):  # what was NACKed waits for its next change (rule 6)
            self._touch(key)
        self._exchange()
        for proxy in [p for p, stream in self._streams.items() if stream.has_errors]:
            self._cut(proxy)  # what did not change in the meantime is shown, and sent, anew
            self._connect(proxy)
        self._exchange()
        for key in sorted(self._generations):
            query = Query(key, deleted=key not in self._objects)
            self.plane.wait(query, self._answered, self.now)
        self._exchange()

    def _answered(self, receipt: Receipt) -> None:
        self.confirmed += receipt.outcome is Outcome.CONFIRMED

    def _exchange(self) -> None:
        for _ in range(100_000):
            self._pump()
            busy = [p for p in self._streams if p.connection and (p.connection.requests or p.connection.responses)]
            if not busy:
                return
            proxy = self.rng.choice(busy)
            assert proxy.connection is not None
            if proxy.connection.responses:
                proxy.take_response()
            if proxy.connection.requests:
                self._read(proxy)
        raise Violation("a response is answered by a request for ever")

    # Invariants

    def check(self) -> None:
        """Safety: whoever is CONFIRMED is what every living process routes by."""
        truth = self._truth()
        held: dict[str, list[tuple[ModelEnvoy, Route]]] = {}
        for proxy in self._living():
            for route in proxy.routes():
                if route not in truth:
                    held.setdefault(route.object, []).append((proxy, route))
        for text, stale in held.items():
            key = ObjectKey.parse(text)
            workload = self._objects.get(key)
            query = Query(key, deleted=workload is None)
            receipt = self.plane.receipt(query, self.now)
            if receipt.outcome is Outcome.CONFIRMED:
                proxy, route = stale[0]
                raise Violation(f"{key} is CONFIRMED, and {proxy.node_id} routes to it still: {route}")

    def check_lively(self) -> None:
        """Liveness: once faults have stopped, everything is CONFIRMED, and proxies hold what the control plane has."""
        for key in sorted(self._generations):
            gone = key not in self._objects
            receipt = self.plane.receipt(Query(key, deleted=gone), self.now)
            if receipt.outcome is not Outcome.CONFIRMED and not receipt.reasons:
                raise Violation(f"{key} is {receipt.outcome} after all faults have stopped: {receipt.stragglers}")
        truth = self._truth()
        for proxy in self._living():
            if proxy.routes() != truth:
                raise Violation(f"{proxy.node_id} holds {proxy.routes() ^ truth} wrongly")

    def _truth(self) -> set[Route]:
        routes = set()
        for service in self.plane.index.services.values():
            routes |= _routes_of(service, self.plane.index.workloads)
        return routes

    # The operator

    def _change_workload(self) -> None:
        key = ObjectKey("WorkloadEntry", "default", f"w{self.rng.randrange(6)}")
        old = self._objects.get(key)
        if old is not None and self.rng.random() < 0.35:
            self._delete(key)
            return
        self._count += 1
        labels = {"app": self.rng.choice("abc")}
        if isinstance(old, WorkloadEntry) and self.rng.random() < 0.5:
            labels = dict(old.endpoint.labels)
            if self.rng.random() < 0.7:
                labels[DRAINING_LABEL] = "true"
        address = f"10.0.{self._count // 250}.{self._count % 250}"
        if isinstance(old, WorkloadEntry) and self.rng.random() < 0.6:
            address = old.endpoint.address
        self._put(WorkloadEntry(key.namespace, key.name, Endpoint(address, labels=labels)))

    def _change_service(self) -> None:
        app = self.rng.choice("abc")
        key = ObjectKey("ServiceEntry", "default", app)
        if key in self._objects and self.rng.random() < 0.3:
            self._delete(key)
            return
        self._count += 1
        port = ServicePort(self.rng.choice((80, 81)), "http", Protocol.HTTP)
        resolution = Resolution.DNS if self.rng.random() < 0.2 else Resolution.STATIC
        selector = {"app": self.rng.choice("abc")}
        sans = (f"san-{self._count}",)
        entry = ServiceEntry(
            "default",
            app,
            (f"{app}.example",),
            (port,),
            location=Location.MESH_INTERNAL,
            resolution=resolution,
            selector=selector,
            subject_alt_names=sans,
        )
        self._put(entry)

    def _touch(self, key: ObjectKey) -> None:
        self._count += 1
        obj = self._objects[key]
        if isinstance(obj, WorkloadEntry):
            labels = {k: v for k, v in obj.endpoint.labels.items() if k != DRAINING_LABEL}
            endpoint = Endpoint(obj.endpoint.address, labels=labels, network=f"n{self._count}")
            self._put(WorkloadEntry(obj.namespace, obj.name, endpoint))
        else:
            self._put(
                ServiceEntry(
                    obj.namespace,
                    obj.name,
                    obj.hosts,
                    obj.ports,
                    location=obj.location,
                    resolution=obj.resolution,
                    selector=obj.selector,
                    subject_alt_names=(f"san-{self._count}",),
                )
            )

    def _put(self, obj: ServiceEntry | WorkloadEntry) -> None:
        self._objects[obj.key] = obj
        self._generations[obj.key] = Generation(self._generations.get(obj.key, 0) + 1)
        self._say(f"apply {obj.key} generation {self._generations[obj.key]}")
        self.plane.apply([self._applied(obj)], self.now)
        self._pump()

    def _delete(self, key: ObjectKey) -> None:
        del self._objects[key]
        self._say(f"delete {key}")
        self.plane.apply([Deleted(key)], self.now)
        self._pump()

    def _applied(self, obj: ServiceEntry | WorkloadEntry) -> Event:
        return Applied(obj, self._generations[obj.key], content_hash(obj))

    # The network

    def _pump(self) -> None:
        for stream in self.plane.take_woken():
            self._write(stream)

    def _write(self, stream_id: int) -> None:
        for proxy, stream in self._streams.items():
            if stream.id == stream_id and proxy.connection is not None:
                while (response := self.plane.next_response(stream, self.now)) is not None:
                    proxy.connection.responses.append(response)

    def _deliver_request(self) -> None:
        proxies = [p for p in self._streams if p.connection is not None and p.connection.requests]
        if proxies:
            self._read(self.rng.choice(proxies))

    def _deliver_response(self) -> None:
        proxies = [p for p in self._streams if p.connection is not None and p.connection.responses]
        if proxies:
            proxy = self.rng.choice(proxies)
            proxy.take_response()
            self._say(f"{proxy.node_id} takes a response")

    def _read(self, proxy: ModelEnvoy) -> None:
        assert proxy.connection is not None
        stream = self._streams[proxy]
        self._say(f"{proxy.node_id} is heard on stream {stream.id}")
        try:
            self.plane.receive(stream, proxy.connection.requests.pop(0), self.now)
        except StreamError as error:
            raise Violation(f"stream {stream.id} of {proxy.node_id} was ended: {error}") from error
        self._pump()

    def _connect(self, proxy: ModelEnvoy) -> None:
        self._say(f"{proxy.node_id} connects")
        proxy.connect()
        self._streams[proxy] = self.plane.open_stream(Transport(proxy.delta), Peer("sim"), self.now)

    def _lose_stream(self) -> None:
        if self._streams:
            self._cut(self.rng.choice(list(self._streams)))

    def _cut(self, proxy: ModelEnvoy) -> None:
        stream = self._streams.pop(proxy)
        self._say(f"{proxy.node_id} loses stream {stream.id}")
        proxy.disconnect()
        self.plane.end_stream(stream, self.now)
        self._pump()

    def _reconnect(self) -> None:
        away = [p for p in self._living() if p not in self._streams]
        if away:
            self._connect(self.rng.choice(away))

    # The proxies

    def _boot(self, node_id: str) -> ModelEnvoy:
        proxy = ModelEnvoy(node_id, self.rng.random() < 0.5, self.rng)
        self._proxies.append(proxy)
        self._connect(proxy)
        return proxy

    def _living(self) -> list[ModelEnvoy]:
        return [proxy for proxy in self._proxies if proxy.alive]

    def _kill(self) -> None:
        if len(self._living()) > 1:
            proxy = self.rng.choice(self._living())
            self._end_process(proxy)
            if self.rng.random() < 0.7 and not any(p.node_id == proxy.node_id for p in self._living()):
                self._boot(proxy.node_id)

    def _end_process(self, proxy: ModelEnvoy) -> None:
        self._say(f"{proxy.node_id} is killed")
        proxy.alive = False
        if proxy in self._streams:
            self._cut(proxy)

    def _hot_restart(self) -> None:
        # While nothing is heard of the parent, a child looks like a process that booted again (see ARCHITECTURE.md).
        heard = [proxy for proxy, stream in self._streams.items() if stream.record is not None]
        parents = [p for p in heard if [q.node_id for q in self._living()].count(p.node_id) == 1]
        if parents and not self._calm:
            parent = self.rng.choice(parents)
            self._say(f"{parent.node_id} restarts hot")
            self._boot(parent.node_id)
            parent.dies_at = self.now + 900  # Envoy's --parent-shutdown-time-s

    def _moods(self) -> None:
        proxy = self.rng.choice(self._living())
        proxy.rejecting = self.rng.choice((0.0, 0.0, 0.5))
        self._say(f"{proxy.node_id} now rejects {proxy.rejecting:.0%}")

    def _forget_dead(self) -> None:
        dead = {p.node_id for p in self._proxies} - {p.node_id for p in self._living()}
        if dead:
            node_id = self.rng.choice(sorted(dead))
            self._say(f"{node_id} is declared gone")
            self.plane.forget(ProxyId(node_id), self.now)

    # The control plane

    def _tick(self) -> None:
        self.plane.tick(self.now)
        self._pump()

    def _new_plane(self) -> Plane:
        return Plane("sim", Timing(settling=SETTLING, end=1e9, first_request=1e9))

    def _restart_plane(self) -> None:
        if self.rng.random() < 0.5:
            self._say("the control plane stops in order")
            for proxy in list(self._streams):
                while proxy.connection is not None and proxy.connection.requests:
                    self._read(proxy)
        else:
            # What no control plane can know: that a claim is false, if the NACK behind it is lost in a crash.
            self._say("the control plane crashes")
            for proxy in list(self._streams):
                proxy.claim_truly()
        dumped = self.plane.dump()
        for proxy in list(self._streams):
            self._cut(proxy)
        for _ in range(self.rng.randrange(3)):
            self._change_workload()
            self._change_service()
        self.plane = self._new_plane()
        self._say("the control plane starts")
        if self._durable:
            self.plane.load(dumped, self.now)
        self.plane.apply([self._applied(obj) for obj in self._objects.values()], self.now)
        self.plane.start(self.now, roster_known=self._durable)

    def _say(self, what: str) -> None:
        self.log.append(what)


def _routes_of(service: Service, workloads: dict[ObjectKey, WorkloadEntry]) -> set[Route]:
    """What a proxy that is up to date routes to, computed without the builders."""
    entry = service.entry
    routes = set()
    for port in entry.ports:
        for host in entry.hosts:
            for key, workload in workloads.items():
                labels = workload.endpoint.labels
                if entry.selector and all(labels.get(k) == v for k, v in entry.selector.items()):
                    name = f"outbound|{port.number}|{entry.namespace}/{entry.name}|{host}"
                    where = f"{workload.endpoint.address}:{port.number}"
                    routes.add(Route(name, str(key), where, DRAINING_LABEL in labels))
    return routes
