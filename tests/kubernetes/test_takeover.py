"""The replica that serves is killed, frozen or cut off in the middle of a removal; another one takes over."""

import asyncio
import json
import re
import signal
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import product
from pathlib import Path

import grpc
import pytest

from controllers.kubernetes.drain import FINALIZER
from tests.controllers.proxy import FakeProxy
from tests.kubernetes.api_server import ApiServer
from tests.kubernetes.cluster import Cluster
from tests.kubernetes.documents import Document, service, workload
from tests.kubernetes.replicas import DURATION, Replica, given_up, replica
from tests.kubernetes.store import Refusal
from xds.objects import DRAINING_LABEL
from xds.types import LDS

KILLED, FROZEN, CUT_OFF, UNHEARD = "killed", "frozen", "cut off", "unheard"

UNMARKED, MARKED, SENT, CONFIRMED = "before it is marked", "marked", "sent and not ACKed", "confirmed, not released"
STAGES = (UNMARKED, MARKED, SENT, CONFIRMED)
CASES = [*product((KILLED, FROZEN, CUT_OFF), STAGES), (UNHEARD, SENT)]


@dataclass
class Pair:
    """Two replicas, one of which holds the Lease, and a proxy that is connected to that one."""

    cluster: Cluster
    holder: Replica
    other: Replica
    proxy: FakeProxy

    @property
    def entry(self) -> Document | None:
        return self.cluster.server.store.objects["workloadentries"].get(("default", "w"))

    @property
    def is_marked(self) -> bool:
        return self.entry is not None and DRAINING_LABEL in self.entry["spec"]["labels"]

    async def until_marked(self) -> None:
        await self.cluster.until(lambda: self.is_marked, "it is marked")

    async def strike(self, fault: str) -> None:
        if fault in (KILLED, FROZEN):
            self.holder.served.signal(signal.SIGKILL if fault == KILLED else signal.SIGSTOP)
        elif fault == CUT_OFF:
            await self.holder.wire.cut()
        else:
            self.holder.wire.silence()


@pytest.fixture
async def pair(cluster: Cluster, tmp_path: Path) -> AsyncIterator[Pair]:
    server = cluster.server
    await server.apply("serviceentries", service())
    entry = workload()
    entry["metadata"]["finalizers"] = [FINALIZER]
    await server.apply("workloadentries", entry)
    await server.apply("workloadentries", workload("stays", "10.0.0.3"))  # else Envoy would panic
    await server.apply("leases", given_up())
    async with replica(server.port, tmp_path, "one") as one, replica(server.port, tmp_path, "two") as two:
        serving = {asyncio.create_task(each.served.serving()): each for each in (one, two)}
        done, waiting = await asyncio.wait(serving, return_when=asyncio.FIRST_COMPLETED)
        (holder,) = (serving[task] for task in done)
        for task in waiting:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        proxy = FakeProxy(holder.served.ads, "edge")
        await proxy.sync()
        assert (await holder.served.receipt("we/default/w", timeout="20s"))["outcome"] == "CONFIRMED"
        yield Pair(cluster, holder, two if holder is one else one, proxy)
        await proxy.leave()


async def bring_to(stage: str, pair: Pair) -> None:
    """Has the removal begin, and stop at that stage: there the proxy is silent, or the server refuses what is next."""
    server = pair.cluster.server
    if stage == UNMARKED:
        server.faults = [lambda request: _broken() if request.method == "PATCH" and "entries" in request.path else None]
    await server.delete("workloadentries", "w")
    if stage == UNMARKED:
        await pair.cluster.until(lambda: tried(server, 0), "it was tried")
        return
    await pair.until_marked()
    if stage == SENT:
        await pair.proxy.take()
    if stage == CONFIRMED:
        server.faults = [lambda request: _broken() if request.method == "PATCH" and "entries" in request.path else None]
        before = len(server.requests)
        await pair.proxy.accept()
        await pair.cluster.until(lambda: tried(server, before), "its release was tried")


def tried(server: ApiServer, since: int) -> bool:
    """Whether a change of the entry has come to the server, and so was refused."""
    return any(re.fullmatch(r"PATCH \S+/workloadentries/w", request) for request in server.requests[since:])


def _broken() -> Refusal:
    return Refusal(500, "InternalError")


@pytest.mark.parametrize(("fault", "stage"), CASES)
async def test_a_removal_waits_for_the_proxy_of_the_last_holder_and_is_finished_by_the_next(
    pair: Pair, fault: str, stage: str
) -> None:
    await bring_to(stage, pair)
    old, new = pair.holder, pair.other
    ending = asyncio.create_task(end_of(pair.proxy))
    await pair.strike(fault)
    struck = asyncio.get_running_loop().time()
    pair.cluster.server.faults = []
    await new.served.serving()
    assert asyncio.get_running_loop().time() < struck + 2 * DURATION

    await pair.until_marked()
    receipt = await new.served.receipt("we/default/w", timeout="300ms")
    assert receipt["outcome"] == "PENDING"
    assert {straggler["proxy"] for straggler in receipt["stragglers"]} == {"edge"}
    await let_go(old, fault, pair.proxy, ending)
    (held,) = (json.loads(line)["timestamp"] for line in new.served.lines if '"the lease is held"' in line)
    assert fault == FROZEN or await ending < datetime.fromisoformat(held), "two have served at once"
    assert pair.entry is not None, "the proxy may still route to it"

    back = FakeProxy(new.served.ads, "edge", held=pair.proxy.held)
    await back.sync()
    obeying = asyncio.create_task(obey(back))
    await pair.cluster.until(lambda: pair.entry is None, "it is released")
    obeying.cancel()
    await back.leave()


async def let_go(old: Replica, fault: str, proxy: FakeProxy, ending: "asyncio.Task[datetime]") -> None:
    """The last holder serves nothing and writes nothing any more, and ends."""
    if fault == FROZEN:
        await proxy.ask(LDS)  # what it is asked meanwhile is the first that it reads
        before = len(old.wire.writes)
        old.served.signal(signal.SIGCONT)
    await ending
    code = await old.served.ended()
    if fault == KILLED:
        return
    assert code == 1
    (line,) = (json.loads(line) for line in old.served.lines if '"critical"' in line)
    assert "the right to serve has ended" in line["reason"]
    assert not any("Traceback" in line for line in old.served.lines)
    if fault == FROZEN:
        assert not [write for write in old.wire.writes[before:] if "/leases/" not in write]


async def end_of(proxy: FakeProxy) -> datetime:
    """When its stream ends. What was on its way before may come yet."""
    with pytest.raises(grpc.aio.AioRpcError) as ended:
        await take_all(proxy)
    assert ended.value.code() is grpc.StatusCode.UNAVAILABLE
    return datetime.now(UTC)


async def take_all(proxy: FakeProxy) -> None:
    while True:
        assert (await proxy.take()).type_url != LDS, "it was served after all"


async def obey(proxy: FakeProxy) -> None:
    while True:
        await proxy.accept()
