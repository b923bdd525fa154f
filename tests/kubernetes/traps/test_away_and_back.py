"""A cluster that may be away is not waited for while it is; what was written there meanwhile counts when it is back."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from controllers.kubernetes.api import Api
from controllers.kubernetes.rate import RateLimit
from controllers.kubernetes.reading import Reading
from controllers.kubernetes.source import KubernetesSource
from controllers.sources import Arbiter
from ledger.receipts import Outcome, Query
from tests.kubernetes.cluster import QUICK, Cluster
from tests.kubernetes.documents import service, workload, workload_key
from tests.kubernetes.store import Refusal


@pytest.fixture
async def source(cluster: Cluster) -> AsyncIterator[KubernetesSource]:
    """It gives the only cluster that there is, which may be away."""

    async def connect(context: str) -> Api:
        return Api(cluster.configuration(), context, RateLimit(1000, 1000))

    await cluster.server.apply("serviceentries", service())
    await cluster.server.apply("workloadentries", workload())
    sink = Arbiter(cluster.runtime).sink("second", may_be_away=True)
    made = KubernetesSource("second", sink, connect=connect, reading=Reading(may_be_away=True, patience=QUICK))
    await made.start()
    cluster.runtime.barriers.append((made.name, made.catch_up))
    cluster.runtime.start(roster_known=True)
    running = asyncio.create_task(made.run())
    yield made
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_a_receipt_that_was_asked_for_meanwhile_is_for_what_had_been_written_by_then(
    cluster: Cluster, source: KubernetesSource
) -> None:
    server, key = cluster.server, workload_key()
    unavailable = Refusal(503, "ServiceUnavailable")
    server.faults.append(lambda request: unavailable if "workloadentries" in request.path else None)
    server.cut()
    await cluster.until(lambda: source.trouble is not None, "it is away")
    await server.apply("workloadentries", workload(address="10.0.0.2"))
    asking = asyncio.create_task(cluster.runtime.receipt(Query(key), 10.0))
    await asyncio.sleep(0.1)
    assert not asking.done()
    server.faults.clear()
    receipt = await asking
    assert (receipt.outcome, receipt.applied) == (Outcome.CONFIRMED, 2)
    assert cluster.addresses() == {"default/w": "10.0.0.2"}
