"""A control plane on a lab's cluster, with one proxy; it can be killed at any of the requests by which it writes."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import urlencode

from controllers.clock import Clock
from controllers.kubernetes.api import Api
from controllers.kubernetes.backoff import Backoff
from controllers.kubernetes.definitions import POD, WORKLOAD_GROUP
from controllers.kubernetes.drain_controller import DrainController
from controllers.kubernetes.objects import Object
from controllers.kubernetes.pods.controller import PodController
from controllers.kubernetes.pods.pod import lean
from controllers.kubernetes.pods.proxies import ProxyController
from controllers.kubernetes.rate import RateLimit
from controllers.kubernetes.reading import Reading
from controllers.kubernetes.reflector import Patience
from controllers.kubernetes.source import KubernetesSource
from controllers.kubernetes.status_controller import StatusController
from controllers.runtime import Runtime
from tests.hostility.requests import ack, ask, nonce_of, type_of
from tests.kubernetes.suite.lab import Lab
from xds.plane import Plane
from xds.protocol.introduction import Peer
from xds.protocol.stream import Transport
from xds.types import CDS, EDS

SLOW_SECONDS = 0.5

LONGEST_REQUEST = -1.0
"""So that, with the margin, requests have ended at once."""

PODS = {POD: lean, WORKLOAD_GROUP: lambda document: document}

_QUICK = Patience(missing=1.0, grace=0.5, base=0.01, most=0.1)


class Hurried(Clock):
    """Real time, of which a test can let some go by at once."""

    ahead = 0.0

    def __call__(self) -> float:
        return super().__call__() + self.ahead


class Killed:
    """At which write it is killed: the first is 1. answered: whether the API server has done it."""

    def __init__(self, at: int, answered: bool) -> None:
        self.at = at
        self.answered = answered
        self.writes: list[str] = []
        self.reached = asyncio.Event()


class _MortalApi(Api):
    """Counts writes; the one at which it dies never returns."""

    def __init__(self, lab: Lab, killed: Killed | None, requests: list[str]) -> None:
        super().__init__(lab.configuration, "test", RateLimit(1000, 1000))
        self.killed = killed
        self._requests = requests

    def _request(self, method: str, path: str, query: Mapping[str, str], *more: Any) -> Any:
        self._requests.append(f"{method} {path}?{urlencode(query)}")
        return super()._request(method, path, query, *more)

    async def _write(self, method: str, path: str, body: Object, *more: Any) -> Object:
        killed = self.killed
        if killed is None:
            return await super()._write(method, path, body, *more)
        killed.writes.append(f"{method} {path}")
        if len(killed.writes) < killed.at:
            return await super()._write(method, path, body, *more)
        if len(killed.writes) == killed.at and killed.answered:
            await super()._write(method, path, body, *more)
        killed.reached.set()
        await asyncio.Event().wait()
        raise AssertionError("it is dead")


class Control:
    """A control plane in this process; `start` and `kill` are its life."""

    def __init__(
        self,
        lab: Lab,
        killed: Killed | None = None,
        runtime: Runtime | None = None,
        longest_request: float = LONGEST_REQUEST,
    ) -> None:
        async def connect(context: str) -> Api:
            return _MortalApi(lab, killed, self.requests)

        self.lab = lab
        self.requests: list[str] = []
        """Method and URL of each."""
        self.runtime = runtime or Runtime(Plane(), Hurried())
        self.source = KubernetesSource(
            "test",
            self.runtime,
            connect=connect,
            reading=Reading(lab.selector, beside=PODS, patience=_QUICK),
        )
        self.drain = DrainController(self.source, self.runtime, longest_request, self._backoff)
        self.pods = PodController(self.source, self.runtime, longest_request, self._backoff, 0.0)
        self.drain.after_release.append(self.pods.released)
        self.proxies = ProxyController(self.source, self.runtime, self._backoff)
        self.status = StatusController(self.source, self.runtime, SLOW_SECONDS, self._backoff)
        self._tasks: list[asyncio.Task[None]] = []
        self.stream: Any = None

    @staticmethod
    def _backoff() -> Backoff:
        return Backoff(0.02, 0.1)

    async def start(self, *, proxy: bool = True, answers: bool = True, status: bool = False) -> "Control":
        """Begins. proxy: one is connected; answers: it ACKs what it is sent, without being told to `take`; status:
        conditions are kept."""
        await self.source.start()
        self.runtime.start(roster_known=True)
        self.runtime.barriers.append((self.source.name, self.source.catch_up))
        for work in (self.source, self.drain, self.pods, self.proxies, *((self.status,) if status else ())):
            self._tasks.append(asyncio.create_task(work.run()))
        if proxy:
            self.connect()
            self.take()
            if answers:
                self.runtime.discovery.after_pump.append(self._take_soon)
        return self

    async def kill(self) -> None:
        for task in self._tasks:
            task.cancel()
            with suppress(asyncio.CancelledError, ExceptionGroup):
                await task
        self._tasks.clear()

    def take(self) -> None:
        """The proxy ACKs what it is sent, and asks for the endpoints of every cluster of the lab."""
        runtime, stream = self.runtime, self.stream
        while (response := runtime.plane.next_response(stream, runtime.clock())) is not None:
            runtime.plane.receive(stream, ack(type_of(response), nonce_of(response)), runtime.clock())
        runtime.discovery.pump()

    def addresses(self) -> dict[str, str]:
        """Of every WorkloadEntry that was taken in, by name."""
        return {entry.name: entry.endpoint.address for entry in self.runtime.plane.index.workloads.values()}

    @property
    def writes(self) -> list[str]:
        """Those of the requests."""
        return [request for request in self.requests if not request.startswith("GET")]

    async def at_rest(self) -> None:
        """All that was written is taken in, and all is done about it that is to be done by now."""
        written = -1
        while written != len(self.writes):
            written = len(self.writes)
            await self.source.refresh()
            await self.until(self._is_idle, "nothing is left to do but to wait for proxies")

    def _is_idle(self) -> bool:
        assert not [task for task in self._tasks if task.done()], "a controller has ended, and so the process"
        workers = (self.drain.worker, self.pods.worker, self.proxies.worker, self.status.worker)
        at_work = sum(worker._working for worker in workers)
        return not any(worker.queue.depth for worker in workers) and at_work == len(self.runtime.plane.room)

    async def pass_time(self, seconds: float) -> None:
        """Time goes by, and what was due is done."""
        clock = self.runtime.clock
        assert isinstance(clock, Hurried), "the runtime has a clock that can't be hurried"
        clock.ahead += seconds
        self.runtime.discovery.tick()
        for worker in (self.drain.worker, self.pods.worker, self.proxies.worker, self.status.worker):
            worker._wake.set()
        await self.at_rest()

    async def until(self, condition: Callable[[], object], what: str) -> None:
        async def holds() -> bool:
            return bool(condition())

        await self.lab.until(holds, what)

    def disconnect(self) -> None:
        """The proxy's stream ends."""
        self.runtime.plane.end_stream(self.stream, self.runtime.clock())

    def connect(self, node: str = "proxy") -> None:
        """A proxy of that node id connects."""
        plane, clock = self.runtime.plane, self.runtime.clock
        self.stream = plane.open_stream(Transport(delta=True), Peer("peer"), clock())
        name = f"outbound|80|{self.lab.namespace}/web|web.example"
        for request in (ask(CDS, node=node), ask(EDS, [name])):
            plane.receive(self.stream, request, clock())
        self.runtime.discovery.pump()

    def _take_soon(self) -> None:
        if self.stream.has_unsent:
            asyncio.get_running_loop().call_soon(self.take)
