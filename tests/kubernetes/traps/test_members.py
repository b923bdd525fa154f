"""Clusters that Secrets name, when their kubeconfigs change."""

import asyncio

import pytest

from tests.kubernetes.cluster import Cluster
from tests.kubernetes.documents import workload
from tests.kubernetes.remote.test_clusters import another, first, is_there, secret, serving, until
from tests.kubernetes.store import Refusal

__all__ = ["first"]


async def unknown(served: object, name: str = "w") -> bool:
    receipt = await served.receipt(f"we/default/{name}")  # type: ignore[attr-defined]
    return any(reason.startswith("kubernetes:remote/") for reason in receipt["reasons"])


async def test_a_new_kubeconfig_of_a_cluster_that_was_lost_ends_the_doubt(first: Cluster) -> None:
    await first.server.apply("workloadentries", workload())
    async with another("10.1.0.1") as second, another("10.1.0.1") as moved, serving() as served:
        await first.server.apply("secrets", secret("s", second=second.url))
        await served.serving()
        await until(lambda: is_there(served), "its instance is there")
        await second.stop()
        await until(lambda: unknown(served), "it is in doubt")
        await first.server.apply("secrets", secret("s", second=moved.url))
        await until(lambda: is_there(served, "w"), "all is well again")


async def test_a_new_kubeconfig_that_reaches_nobody_takes_nothing_away(first: Cluster) -> None:
    """What an earlier one gave stays until this one's is known."""
    async with another("10.1.0.1") as second, serving("--allow-unreachable", "second") as served:
        await served.serving()
        await first.server.apply("secrets", secret("s", second=second.url))
        await until(lambda: is_there(served), "its instance is there")
        await first.server.apply("secrets", secret("s", second="http://127.0.0.1:1"))
        for _ in range(26):
            await asyncio.sleep(0.5)
            receipt = await served.receipt("we/default/remote")
            assert receipt["applied_generation"], receipt


@pytest.mark.parametrize("how", ["gone", "another"])
async def test_who_waits_for_a_cluster_that_is_let_go_does_not_end_the_process(first: Cluster, how: str) -> None:
    """A receipt has to ask every cluster first; this one hangs, and then its Secret is another, or gone."""
    async with another("10.1.0.1") as second, serving() as served:
        await served.serving()
        await first.server.apply("secrets", secret("s", second=second.url))
        await until(lambda: is_there(served), "its instance is there")
        # A deletion with our finalizer: DrainController asks for a receipt, again and again.
        held = workload("held", "10.1.0.9")
        held["metadata"]["finalizers"] = ["lastack.io/drain"]
        await first.server.apply("workloadentries", held)
        second.faults.append(lambda request: Refusal(503, "ServiceUnavailable") if request.method == "GET" else None)
        await first.server.delete("workloadentries", "held")
        asking = [asyncio.create_task(served.receipt("we/default/held", timeout="20s")) for _ in range(3)]
        await asyncio.sleep(1.5)
        if how == "gone":
            await first.server.delete("secrets", "s", "lastack")
        else:
            second.faults.clear()
            async with another("10.1.0.1") as moved:
                await first.server.apply("secrets", secret("s", second=moved.url))
                await asyncio.sleep(4.0)
        await asyncio.sleep(4.0)
        for task in asking:
            task.cancel()
        await asyncio.gather(*asking, return_exceptions=True)
        assert served._process.returncode is None, "it has ended"
        await until(lambda: alive(served), "it answers")


async def alive(served: object) -> bool:
    return bool((await served.receipt("se/default/web"))["outcome"])  # type: ignore[attr-defined]
