"""A WorkloadEntry with our finalizer is deleted: it goes when no proxy routes to it, whatever happens on the way."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest

from controllers.kubernetes.backoff import Backoff
from controllers.kubernetes.drain import FINALIZER
from controllers.kubernetes.drain_controller import DrainController
from controllers.kubernetes.source import KubernetesSource
from ledger.receipts import Outcome
from tests.hostility.requests import ack, ask, nonce_of, type_of
from tests.kubernetes.cluster import Cluster
from tests.kubernetes.documents import Document, service, workload, workload_key
from tests.kubernetes.store import Refusal
from xds.objects import DRAINING_LABEL, RELEASE_AFTER
from xds.protocol.introduction import Peer
from xds.protocol.stream import Transport
from xds.types import CDS, EDS

CLUSTER_NAME = "outbound|80|default/web|web.example"
REQUESTS_SECONDS = -1.0  # so that, with the margin, they have ended at once


class Drained:
    """A cluster with an instance that carries the finalizer, a proxy, and a controller that can crash."""

    def __init__(self, cluster: Cluster, source: KubernetesSource) -> None:
        self.cluster = cluster
        self.source = source
        self.controller: DrainController | None = None
        self.running: asyncio.Task[None] | None = None
        plane, clock = cluster.runtime.plane, cluster.runtime.clock
        self.stream = plane.open_stream(Transport(delta=True), Peer("peer"), clock())
        for request in (ask(CDS, node="proxy"), ask(EDS, [CLUSTER_NAME])):
            plane.receive(self.stream, request, clock())
        self.take()

    def take(self) -> None:
        """The proxy ACKs what it is sent."""
        runtime, stream = self.cluster.runtime, self.stream
        while (response := runtime.plane.next_response(stream, runtime.clock())) is not None:
            runtime.plane.receive(stream, ack(type_of(response), nonce_of(response)), runtime.clock())
        runtime.discovery.pump()

    def start(self) -> None:
        def backoff() -> Backoff:
            return Backoff(0.01, 0.05)

        self.controller = DrainController(self.source, self.cluster.runtime, REQUESTS_SECONDS, backoff)
        self.running = asyncio.create_task(self.controller.run())

    async def crash(self) -> None:
        if self.running is not None and self.controller is not None:
            self.running.cancel()
            with suppress(asyncio.CancelledError):
                await self.running
            self.source.after_change.remove(self.controller._changed)

    @property
    def entry(self) -> Document | None:
        return self.cluster.server.store.objects["workloadentries"].get(("default", "w"))

    @property
    def is_marked(self) -> bool:
        return self.entry is not None and DRAINING_LABEL in self.entry["spec"]["labels"]

    async def until_marked(self) -> None:
        await self.cluster.until(lambda: self.is_marked, "it is marked")
        await self.source.catch_up(workload_key())

    async def until_gone(self) -> None:
        await self.cluster.until(lambda: self.entry is None, "it is released")


@pytest.fixture
async def drained(cluster: Cluster) -> AsyncIterator[Drained]:
    await cluster.server.apply("serviceentries", service())
    entry = workload()
    entry["metadata"]["finalizers"] = [FINALIZER]
    await cluster.server.apply("workloadentries", entry)
    await cluster.server.apply("workloadentries", workload("stays", "10.0.0.3"))  # else Envoy would panic
    made = Drained(cluster, await cluster.started())
    yield made
    await made.crash()


async def test_it_is_not_released_before_the_proxy_has_let_go(drained: Drained) -> None:
    drained.start()
    await drained.cluster.server.delete("workloadentries", "w")
    await drained.until_marked()
    for _ in range(20):
        await asyncio.sleep(0)
        assert drained.entry is not None
    drained.take()
    await drained.until_gone()


async def test_what_was_released_is_counted_by_whether_everybody_had_let_go(drained: Drained) -> None:
    released = drained.cluster.runtime.released
    drained.start()
    await drained.cluster.server.delete("workloadentries", "w")
    await drained.until_marked()
    assert not released
    drained.take()
    await drained.until_gone()
    await drained.cluster.until(lambda: bool(released), "it is counted")
    hasty = workload("hasty", "10.0.0.4")
    hasty["metadata"] |= {"finalizers": [FINALIZER], "annotations": {RELEASE_AFTER: "0s"}}
    await drained.cluster.server.apply("workloadentries", hasty)
    await drained.source.catch_up(workload_key("hasty"))
    await drained.cluster.server.delete("workloadentries", "hasty")
    await drained.cluster.until(lambda: len(released) > 1, "it is counted")
    assert released == {Outcome.CONFIRMED: 1, Outcome.RELEASED_UNCONFIRMED: 1}


async def test_what_was_deleted_while_no_controller_ran_is_found(drained: Drained) -> None:
    await drained.cluster.server.delete("workloadentries", "w")
    await drained.source.catch_up(workload_key())
    drained.start()
    await drained.until_marked()
    drained.take()
    await drained.until_gone()


@pytest.mark.parametrize("answered", [True, False], ids=["after the call", "before its answer"])
@pytest.mark.parametrize("call", [1, 2])
async def test_a_controller_that_crashes_at_a_call_is_followed_by_one_that_goes_on(
    drained: Drained, call: int, answered: bool
) -> None:
    """Without the answer it is not known whether the call has done anything."""
    calls, reached = [0], asyncio.Event()
    serve = drained.cluster.server._serve

    async def crashing(request: object) -> object:
        is_patch = getattr(request, "method", "") == "PATCH"
        calls[0] += is_patch
        answer = await serve(request)  # type: ignore[arg-type]
        if is_patch and calls[0] == call:
            reached.set()
            if not answered:
                await asyncio.sleep(60)
        return answer

    drained.cluster.server._serve = crashing  # type: ignore[method-assign, assignment]
    drained.start()
    await drained.cluster.server.delete("workloadentries", "w")
    if call == 2:
        await drained.until_marked()
        drained.take()
    await reached.wait()
    await drained.crash()
    drained.start()
    await drained.cluster.until(lambda: drained.is_marked or drained.entry is None, "it is marked")
    if drained.entry is not None:
        await drained.until_marked()
        drained.take()
    await drained.until_gone()


async def test_two_controllers_are_no_worse_than_one(drained: Drained) -> None:
    drained.start()
    another = DrainController(drained.source, drained.cluster.runtime, REQUESTS_SECONDS, lambda: Backoff(0.01, 0.05))
    running = asyncio.create_task(another.run())
    await drained.cluster.server.delete("workloadentries", "w")
    await drained.until_marked()
    drained.take()
    await drained.until_gone()
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running


async def test_an_api_server_that_refuses_is_asked_again(drained: Drained) -> None:
    refusals = [Refusal(500, "InternalError"), Refusal(409, "Conflict"), Refusal(429, "TooManyRequests")]
    drained.cluster.server.faults = [lambda r: refusals.pop() if r.method == "PATCH" and refusals else None]
    drained.start()
    await drained.cluster.server.delete("workloadentries", "w")
    await drained.until_marked()
    drained.take()
    await drained.until_gone()
    assert not refusals


async def test_an_entry_that_can_t_be_read_is_held_since_an_older_form_is_served(drained: Drained) -> None:
    broken = workload(address="not an address")
    broken["metadata"]["finalizers"] = [FINALIZER]
    await drained.cluster.server.apply("workloadentries", broken)
    drained.start()
    await drained.cluster.server.delete("workloadentries", "w")
    await drained.until_marked()
    drained.take()
    assert drained.controller is not None
    backoffs = drained.controller.worker._backoffs
    await drained.cluster.until(lambda: workload_key() in backoffs, "it was looked at")
    assert drained.entry is not None
    good = {**drained.entry, "spec": {**drained.entry["spec"], "address": "10.0.0.1"}}
    await drained.cluster.server.apply("workloadentries", good)
    await drained.source.catch_up(workload_key())
    drained.take()
    await drained.until_gone()


async def test_what_envoy_uses_again_while_its_release_waits_to_be_sent_is_not_released(drained: Drained) -> None:
    """Requests to an API server are limited: where many leave, each waits for those before it."""
    drained.start()
    assert drained.controller is not None
    confirmed, runtime, waits = drained.controller._drain._confirmed, drained.cluster.runtime, asyncio.Event()

    def wait(now: float) -> float:
        if workload_key() not in confirmed:
            return 0.0
        waits.set()
        return 0.3

    drained.source._api._limit.wait = wait  # type: ignore[method-assign]
    await drained.cluster.server.delete("workloadentries", "w")
    await drained.until_marked()
    drained.take()
    await waits.wait()
    await drained.cluster.server.delete("workloadentries", "stays")
    await drained.cluster.until(lambda: runtime.let_alone_since(workload_key()) is None, "Envoy panics")
    drained.take()
    await asyncio.sleep(0.5)
    assert drained.entry is not None, "released while Envoy sends it new requests"
    await drained.cluster.server.apply("workloadentries", workload("new", "10.0.0.4"))
    await drained.cluster.until(lambda: runtime.let_alone_since(workload_key()) is not None, "there is another")
    drained.take()
    await drained.until_gone()


async def test_the_last_instance_is_held_since_envoy_would_use_it_all_the_same(drained: Drained) -> None:
    await drained.cluster.server.delete("workloadentries", "stays")
    await drained.source.catch_up(workload_key("stays"))
    drained.take()
    drained.start()
    await drained.cluster.server.delete("workloadentries", "w")
    await drained.until_marked()
    drained.take()
    for _ in range(20):
        await asyncio.sleep(0)
        assert drained.entry is not None
    await drained.cluster.server.apply("workloadentries", workload("new", "10.0.0.4"))
    await drained.source.catch_up(workload_key("new"))
    drained.take()
    await drained.until_gone()


async def test_without_the_finalizer_nothing_is_held_up(drained: Drained) -> None:
    drained.start()
    await drained.cluster.server.apply("workloadentries", workload("plain", "10.0.0.2"))
    await drained.cluster.server.delete("workloadentries", "plain")
    await drained.source.catch_up(workload_key("plain"))
    assert not [request for request in drained.cluster.server.requests if request.startswith("PATCH /apis")]


async def test_what_is_in_a_namespace_that_is_not_selected_is_left_alone(cluster: Cluster) -> None:
    elsewhere = workload(namespace="elsewhere")
    elsewhere["metadata"]["finalizers"] = [FINALIZER]
    await cluster.server.apply("workloadentries", elsewhere)
    source = await cluster.started(selector="lastack=on")
    controller = DrainController(source, cluster.runtime, REQUESTS_SECONDS)
    running = asyncio.create_task(controller.run())
    key = workload_key(namespace="elsewhere")
    await cluster.server.delete("workloadentries", "w", "elsewhere")
    await source.catch_up(key)
    await cluster.until(lambda: not controller.worker.queue.depth, "it was looked at")
    assert source.document(key) is None
    assert not [request for request in cluster.server.requests if request.startswith("PATCH /apis")]
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
