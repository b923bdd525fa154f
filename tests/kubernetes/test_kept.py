"""What an earlier process had is served where the API server is not there."""

from pathlib import Path

import pytest

from controllers.journal import Journal
from controllers.kubernetes import source
from tests.kubernetes.cluster import Cluster
from tests.kubernetes.documents import service, workload, workload_key

ONE, TWO = "10.0.0.1", "10.0.0.2"


@pytest.fixture
def journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Journal:
    monkeypatch.setattr(source, "RESTORED_SECONDS", 0.2)
    return Journal(tmp_path / "cluster.journal")


def again(journal: Journal) -> Journal:
    """As the next process has it."""
    return Journal(journal.path)


async def filled(cluster: Cluster) -> None:
    await cluster.server.apply("serviceentries", service())
    await cluster.server.apply("workloadentries", workload())
    await cluster.server.apply("workloadentries", workload("other", TWO))


async def test_nothing_older_than_what_was_applied_is_served_again(cluster: Cluster, journal: Journal) -> None:
    await filled(cluster)
    first = await cluster.started(journal=journal)
    await cluster.server.delete("workloadentries", "w")
    await first.catch_up(workload_key())
    await cluster.server.stop()
    await cluster.crash()
    await cluster.started(journal=again(journal))
    assert cluster.addresses() == {"default/other": TWO}
    assert "kubernetes:test" in str(cluster.runtime.plane.surroundings.unknowns())


async def test_when_the_api_server_is_back_all_is_as_it_is_there(cluster: Cluster, journal: Journal) -> None:
    await filled(cluster)
    await cluster.started(journal=journal)
    await cluster.server.stop()
    await cluster.crash()
    cluster.server.store.delete("workloadentries", "default", "other")
    cluster.server.store.replace("workloadentries", workload(address="10.0.0.9"))
    later = await cluster.started(journal=again(journal))
    assert len(cluster.addresses()) == 2
    await cluster.server.start()
    await later.catch_up(workload_key())
    await later.catch_up(workload_key("other"))
    assert cluster.addresses() == {"default/w": "10.0.0.9"}
    await cluster.until(lambda: not cluster.runtime.plane.surroundings.unknowns(), "all is well again")


async def test_an_api_server_that_has_lost_everything_meanwhile_is_not_believed(
    cluster: Cluster, journal: Journal
) -> None:
    await filled(cluster)
    await cluster.started(journal=journal)
    await cluster.crash()
    cluster.server.empty = True
    await cluster.started(journal=again(journal))
    assert len(cluster.addresses()) == 2
    assert "has lost" in str(cluster.runtime.plane.surroundings.unknowns())


async def test_an_api_server_that_is_behind_is_not_believed(cluster: Cluster, journal: Journal) -> None:
    await filled(cluster)
    await cluster.started(journal=journal)
    await cluster.crash()
    cluster.server.stale = 3  # before there was any instance
    await cluster.started(journal=again(journal))
    assert len(cluster.addresses()) == 2
    assert "older state" in str(cluster.runtime.plane.surroundings.unknowns())


async def test_a_journal_that_can_t_be_written_is_no_lie(
    cluster: Cluster, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is out of date from then on, and so it goes; the cluster is served all the same."""
    await filled(cluster)
    running = await cluster.started(journal=journal)

    def full(_: object) -> None:
        raise OSError("no space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Journal, "_sync", staticmethod(full))
        await cluster.server.delete("workloadentries", "w")
        await running.catch_up(workload_key())
    assert cluster.addresses() == {"default/other": TWO}
    assert again(journal).load() is None
