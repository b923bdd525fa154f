"""Two clusters with objects of one name: as with a StatefulSet that is in both."""

import asyncio
from collections.abc import Callable

from kubernetes.aio.client import Configuration

from controllers.kubernetes.api import Api
from controllers.kubernetes.backoff import Backoff
from controllers.kubernetes.pods.controller import PodController
from controllers.kubernetes.rate import RateLimit
from controllers.kubernetes.reading import Reading
from controllers.kubernetes.source import KubernetesSource
from controllers.kubernetes.status_controller import StatusController
from controllers.runtime import Runtime
from controllers.sources import Arbiter
from ledger.receipts import Outcome, Query
from tests.kubernetes.api_server import ApiServer
from tests.kubernetes.documents import namespace, service, workload, workload_key
from tests.kubernetes.suite.control import PODS
from tests.kubernetes.suite.lives import gated
from tests.kubernetes.suite.pods import running
from xds.plane import Plane


def connected(server: ApiServer) -> Callable[[str], "asyncio.Future[Api]"]:
    async def connect(context: str) -> Api:
        return Api(Configuration(host=server.url), "test", RateLimit(1000, 1000))

    return connect  # type: ignore[return-value]


async def test_what_nobody_serves_is_not_published() -> None:
    first, second, runtime = ApiServer(), ApiServer(), Runtime(Plane())
    arbiter = Arbiter(runtime)
    for server in (first, second):
        await server.start()
        await server.apply("namespaces", namespace())
    await first.apply("serviceentries", service())
    await first.apply("workloadentries", workload("web-0", "10.1.0.1"))
    sources = []
    for name, server in (("one", first), ("two", second)):
        sink = arbiter.sink(name)
        source = KubernetesSource(name, sink, connect=connected(server), reading=Reading(beside=PODS))
        await source.start()
        runtime.barriers.append((source.name, source.catch_up))
        sources.append(source)
    runtime.start(roster_known=True)
    status = StatusController(sources[1], runtime, 0.5, lambda: Backoff(0.02, 0.1))
    pods = PodController(sources[1], runtime, 0.0, lambda: Backoff(0.02, 0.1))
    works = [*(source.run() for source in sources), status.run(), pods.run()]
    tasks = [asyncio.create_task(work) for work in works]
    try:
        await second.apply(
            "pods", {**gated("web-0"), "metadata": {**gated("web-0")["metadata"], "namespace": "default"}}
        )
        pod = dict(second.store.get("pods", "default", "web-0"))
        second.store.replace("pods", {**pod, "status": running("10.2.0.2")}, True)
        await second._tell()
        for _ in range(50):
            await asyncio.sleep(0.1)
            served = {entry.endpoint.address for entry in runtime.plane.index.workloads.values()}
            assert served == {"10.1.0.1"}  # nobody has ever heard of the other one
            conditions = second.store.get("pods", "default", "web-0")["status"].get("conditions") or []
            told = [one for one in conditions if one["type"] == "lastack.io/published" and one["status"] == "True"]
            assert not told, "the Pod's gate opens, and no proxy has its endpoint"
            if ("default", "web-0") in second.store.objects["workloadentries"]:
                entry = second.store.get("workloadentries", "default", "web-0")
                conditions = (entry.get("status") or {}).get("conditions") or []
                assert not [one for one in conditions if one["type"] == "Published" and one["status"] == "True"]
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await first.stop()
        await second.stop()


async def test_a_first_cluster_that_can_t_be_asked_leaves_what_the_next_one_gives_in_doubt() -> None:
    """It may hold the object, and would give it."""
    runtime = Runtime(Plane())
    arbiter = Arbiter(runtime)
    first, second = arbiter.sink("first", may_be_away=True), arbiter.sink("second")
    first.trouble("first", "it is not read yet")
    from controllers.generations import Generations
    from controllers.kubernetes.intake import Intake
    from controllers.kubernetes.objects import Change, Name

    intake = Intake("second", Generations())
    intake.namespaces([Change(Name("", "default"), {})])
    await second.apply(
        intake.objects(
            "WorkloadEntry",
            [
                Change(
                    Name("default", "w"),
                    {
                        "apiVersion": "networking.istio.io/v1",
                        "kind": "WorkloadEntry",
                        **workload(),
                        "metadata": {**workload()["metadata"], "generation": 1, "uid": "u"},
                    },
                )
            ],
        )
    )
    runtime.start(roster_known=True)
    assert isinstance(runtime.plane.receipt(Query(workload_key()), 0.0).outcome, Outcome)
    assert runtime.plane.receipt(Query(workload_key()), runtime.clock()).outcome is Outcome.UNKNOWN
