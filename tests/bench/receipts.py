"""Receipts: ten thousand wait at once."""

import asyncio
import time
from collections.abc import Iterator
from itertools import islice
from statistics import median

from controllers.runtime import Runtime
from ledger.receipts import Outcome, Query
from tests.bench import line
from tests.bench.fanout import names
from tests.bench.line import Line
from tests.bench.mesh import applied, changes, instances, services
from tests.hostility.requests import ack, ask, nonce_of, type_of
from xds.objects import ConfigObject, WorkloadEntry
from xds.plane import ANSWERS_AT_ONCE, Plane
from xds.protocol.introduction import Peer
from xds.protocol.stream import Stream, Transport
from xds.types import CDS, EDS

_WAITING = 10_000
_SERVICES = 5_000
_ANSWERED_SECONDS = 10e-3
_TIMES = 1.2
_STEP_SECONDS = 50e-3


class World:
    """A control plane without sockets, and two proxies. `quick` ACKs when it is told to; `stuck` never does.

    The latter has not asked for the last ten services, of which one has instances that are changed.
    """

    def __init__(self) -> None:
        self.instances = instances(_SERVICES + 10)
        objects: list[ConfigObject] = [*services(_SERVICES + 10), *self.instances]
        self.plane = Plane(answers_at_once=ANSWERS_AT_ONCE)
        self.runtime = Runtime(self.plane)
        self.plane.apply([applied(entry) for entry in objects], self.runtime.clock())
        self.runtime.start(roster_known=True)
        self.quick, self.stuck = self._proxy("quick", _SERVICES + 10), self._proxy("stuck", _SERVICES)
        self.changing = changes(self.instances[_WAITING : _WAITING + 10])
        self.tasks: list[asyncio.Task[float]] = []

    def _proxy(self, node: str, asks_for: int) -> Stream:
        stream = self.plane.open_stream(Transport(delta=True), Peer(node), self.runtime.clock())
        for request in (ask(CDS, node=node), ask(EDS, names(asks_for))):
            self.plane.receive(stream, request, self.runtime.clock())
        self.ack(stream)
        return stream

    def ack(self, stream: Stream) -> float:
        """The proxy takes what it is sent, and ACKs it. Returns when it began to do the latter, the last time."""
        began = time.perf_counter()
        while (response := self.plane.next_response(stream, self.runtime.clock())) is not None:
            answer = ack(type_of(response), nonce_of(response))
            began = time.perf_counter()
            self.plane.receive(stream, answer, self.runtime.clock())
        self.runtime.discovery.pump()
        return began

    async def change(self) -> WorkloadEntry:
        entry = next(self.changing)
        await self.runtime.apply([applied(entry)])
        return entry

    async def wait_for_all(self) -> None:
        """Everything that the stuck proxy has asked for changes, and for each there is a waiter."""
        for entry in islice(changes(self.instances[:_WAITING]), _WAITING):
            await self.runtime.apply([applied(entry)])
            self.tasks.append(asyncio.create_task(self.wait(entry)))
        await asyncio.sleep(0)
        self.ack(self.quick)

    async def wait(self, entry: WorkloadEntry) -> float:
        """Waits for a receipt. Returns when it was there."""
        receipt = await self.runtime.receipt(Query(entry.key), 600.0)
        assert receipt.outcome is Outcome.CONFIRMED
        return time.perf_counter()


def run(quick: bool) -> Iterator[Line]:
    """How soon a waiter is answered, and what an ACK costs, while many others wait."""
    yield from asyncio.run(_measure(200 if quick else 2000))


async def _measure(rounds: int) -> list[Line]:
    crowded, empty = World(), World()
    await crowded.wait_for_all()
    answered: list[float] = []
    for _ in range(rounds):
        waiting = asyncio.create_task(crowded.wait(await crowded.change()))
        await asyncio.sleep(0)
        acked = crowded.ack(crowded.quick)
        answered.append(await waiting - acked)
    costs: list[list[float]] = [[], []]
    for _ in range(rounds):
        for world, spent in zip((crowded, empty), costs, strict=True):
            await world.change()
            acked = world.ack(world.quick)
            spent.append(time.perf_counter() - acked)
    assert not any(task.done() for task in crowded.tasks), "the others wait no longer"
    acked = crowded.ack(crowded.stuck)
    step = time.perf_counter() - acked
    last = max(await asyncio.gather(*crowded.tasks)) - acked
    beside, alone = map(median, costs)
    about, section = f"{_WAITING:,} waiting", "6 receipts"
    measure = f"{about}: ACK of the last straggler -> answered, 99th percentile"
    return [
        line.at_most(section, measure, line.quantile(answered, 0.99), _ANSWERED_SECONDS),
        line.ratio(section, f"{about}: an ACK, for without", beside, alone, _TIMES, f"({line.time(beside)})"),
        line.at_most(
            section, f"one ACK that answers all {_WAITING:,}: its step of the event loop", step, _STEP_SECONDS
        ),
        Line(section, f"one ACK that answers all {_WAITING:,}: the last", line.time(last), numbers={"seconds": last}),
    ]
