"""`lastack serve` with several contexts of one kubeconfig: the first has the configuration, the others instances."""

from pathlib import Path

import pytest
import yaml

from tests.controllers.serving import ANY_PORT, serve
from tests.kubernetes.cluster import Cluster
from tests.kubernetes.documents import service, workload
from tests.kubernetes.kubeconfig import kubeconfig
from tests.kubernetes.remote.test_clusters import another

SOURCES = ("--source", "kubernetes:first", "--source", "kubernetes:second", "--settling", "0s", *ANY_PORT)


def written(folder: Path, **urls: str) -> Path:
    """A kubeconfig. urls: of the API server of each context."""
    path = folder / "kubeconfig"
    path.write_text(yaml.safe_dump(kubeconfig({name: {"server": url} for name, url in urls.items()})))
    return path


@pytest.fixture
async def first(cluster: Cluster) -> Cluster:
    await cluster.server.apply("serviceentries", service())
    await cluster.server.apply("workloadentries", workload())
    return cluster


async def test_instances_come_from_all_and_services_from_the_first(
    first: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with another("10.1.0.1") as second:
        await second.apply("serviceentries", service("ignored"))
        monkeypatch.setenv("KUBECONFIG", str(written(tmp_path, first=first.server.url, second=second.url)))
        async with serve(*SOURCES, "--state-dir", tmp_path / "state") as served:
            await served.serving()
            for key, known in (("we/default/w", True), ("we/default/remote", True), ("se/default/ignored", False)):
                assert bool((await served.receipt(key))["applied_generation"]) is known, key
        assert len(list((tmp_path / "state").glob("*/cluster.journal"))) == 2


async def test_a_second_one_that_is_lost_makes_every_receipt_unknown_or_only_its_own(
    first: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for allowed, other in (((), "UNKNOWN"), (("--allow-unreachable", "second"), "CONFIRMED")):
        async with another("10.1.0.1") as second:
            monkeypatch.setenv("KUBECONFIG", str(written(tmp_path, first=first.server.url, second=second.url)))
            async with serve(*SOURCES, *allowed) as served:
                await served.serving()
                assert (await served.receipt("we/default/remote"))["outcome"] == "CONFIRMED"
                await second.stop()
                assert (await served.receipt("we/default/remote", timeout="8s"))["outcome"] == "UNKNOWN"
                assert (await served.receipt("we/default/w", timeout="2s"))["outcome"] == other
