"""`lastack serve` with a cluster as its source, by a kubeconfig."""

import asyncio
from pathlib import Path

import httpx
import pytest
import yaml

from controllers.addresses import Address, bind
from tests.controllers.serving import ANY_PORT, serve
from tests.kubernetes.cluster import Cluster
from tests.kubernetes.documents import service, workload
from tests.kubernetes.kubeconfig import kubeconfig
from tests.kubernetes.suite.pods import pod, running

CONTEXT = "double"


def free_address() -> str:
    with bind(Address("127.0.0.1", 0)) as bound:
        return str(Address("127.0.0.1", bound.getsockname()[1]))


@pytest.fixture
async def filled(cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cluster:
    """A cluster with a service and its instance, which the kubeconfig names."""
    path = tmp_path / "kubeconfig"
    path.write_text(yaml.safe_dump(kubeconfig({CONTEXT: {"server": cluster.server.url}})))
    monkeypatch.setenv("KUBECONFIG", str(path))
    await cluster.server.apply("serviceentries", service())
    await cluster.server.apply("workloadentries", workload())
    return cluster


async def test_receipts_are_for_what_is_in_the_cluster(filled: Cluster) -> None:
    async with serve("--source", f"kubernetes:{CONTEXT}", "--settling", "0s", *ANY_PORT) as served:
        await served.serving()
        assert (await served.receipt("we/default/w"))["outcome"] == "CONFIRMED"
        await filled.server.delete("workloadentries", "w")
        gone = await served.receipt("we/default/w", deleted="true")
        assert gone["outcome"] == "CONFIRMED"


async def test_while_the_api_server_is_gone_receipts_are_unknown_and_the_rest_goes_on(filled: Cluster) -> None:
    async with serve("--source", f"kubernetes:{CONTEXT}", "--settling", "0s", *ANY_PORT) as served:
        await served.serving()
        await filled.server.stop()
        receipt = await served.receipt("we/default/w")
        assert receipt["outcome"] == "UNKNOWN"


async def test_a_context_that_there_is_not_is_told_of_at_once(filled: Cluster) -> None:
    async with serve("--source", "kubernetes:nowhere", *ANY_PORT) as served:
        assert await served.ended() == 1
        assert "nowhere" in "".join(served.lines)


async def test_a_hook_that_waits_is_answered_before_the_process_ends(filled: Cluster) -> None:
    """Kubelets don't ask twice: without an answer they would kill the Pod."""
    drain = free_address()
    await filled.server.apply("pods", {**pod("p", namespace="default"), "status": running("10.0.0.9")})
    more = ("--pods", "true", "--drain", drain, "--longest-request", "1s", "--settling", "0s")
    async with serve("--source", f"kubernetes:{CONTEXT}", *more, *ANY_PORT) as served, httpx.AsyncClient() as client:
        await served.serving()
        entries = filled.server.store.objects["workloadentries"]
        await filled.until(lambda: ("default", "p") in entries, "the Pod is an instance")
        await filled.server.delete("pods", "p")
        calling = asyncio.create_task(client.get(f"http://{drain}/v1/drain/default/p", timeout=30))
        await filled.until(lambda: "deletionTimestamp" in entries[("default", "p")]["metadata"], "it is drained")
        served.signal()
        assert (await calling).json() == {"outcome": "CONFIRMED"}
        assert await served.ended() == 0
