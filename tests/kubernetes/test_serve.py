"""`lastack serve` with a cluster as its source, by a kubeconfig."""

from pathlib import Path

import pytest
import yaml

from tests.controllers.serving import ANY_PORT, serve
from tests.kubernetes.cluster import Cluster
from tests.kubernetes.documents import service, workload

CONTEXT = "double"


@pytest.fixture
async def filled(cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cluster:
    """A cluster with a service and its instance, which the kubeconfig names."""
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": CONTEXT, "cluster": {"server": cluster.server.url}}],
        "users": [{"name": CONTEXT, "user": {"token": "secret"}}],
        "contexts": [{"name": CONTEXT, "context": {"cluster": CONTEXT, "user": CONTEXT}}],
    }
    path = tmp_path / "kubeconfig"
    path.write_text(yaml.safe_dump(config))
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
