"""A cluster that is read anew: what is in it then is taken in, whatever its watches have told."""

import asyncio
from collections.abc import Sequence

import pytest
from structlog.testing import capture_logs

from controllers.kubernetes.reflector import Patience
from tests.kubernetes.cluster import Cluster
from tests.kubernetes.documents import workload
from xds.objects import Event

ONE = "10.0.0.1"


async def test_a_refresh_takes_in_what_no_watch_has_told_yet(cluster: Cluster) -> None:
    """Whoever takes over must serve nothing older than what the one before it has confirmed."""
    await cluster.server.apply("workloadentries", workload())
    source = await cluster.started()
    cluster.server.store.create("workloadentries", workload("new", "10.0.0.7"))  # no watch is told
    with capture_logs() as logs:
        await source.refresh()
    assert cluster.addresses() == {"default/w": "10.0.0.1", "default/new": "10.0.0.7"}
    assert not logs, "to ask again is no fault of the connection"
    await cluster.server.apply("workloadentries", workload("later", "10.0.0.8"))
    await cluster.until(lambda: "default/later" in cluster.addresses(), "watches go on")


async def test_several_refreshes_at_a_time_are_each_for_what_is_there_when_they_are_called(cluster: Cluster) -> None:
    source = await cluster.started()
    under_way = []
    for number in range(20):
        cluster.server.store.create("workloadentries", workload(f"w{number}", f"10.0.1.{number}"))
        under_way.append(asyncio.create_task(source.refresh()))
        for _ in range(number % 5):
            await asyncio.sleep(0)
    for number, refreshing in enumerate(under_way):
        await refreshing
        assert f"default/w{number}" in cluster.addresses()


async def test_a_refresh_waits_while_it_is_in_doubt_whether_objects_are_gone(cluster: Cluster) -> None:
    for number in range(20):
        await cluster.server.apply("workloadentries", workload(f"w{number}", f"10.0.0.{number}"))
    source = await cluster.started(patience=Patience(missing=0.3, grace=0.2, base=0.01, most=0.1))
    for number in range(20):
        cluster.server.store.delete("workloadentries", "default", f"w{number}")
    await source.refresh()
    assert cluster.addresses() == {}


async def test_a_refresh_while_the_api_server_is_gone_waits_for_it(cluster: Cluster) -> None:
    source = await cluster.started()
    await cluster.server.stop()
    refreshing = asyncio.create_task(source.refresh())
    done, _ = await asyncio.wait([refreshing], timeout=0.2)
    assert not done
    cluster.server.store.create("workloadentries", workload())
    await cluster.server.start()
    async with asyncio.timeout(15):
        await refreshing
    assert cluster.addresses() == {"default/w": "10.0.0.1"}


async def test_a_change_that_is_being_taken_in_when_a_list_falls_due_is_not_lost(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = await cluster.started()
    reached, go_on = asyncio.Event(), asyncio.Event()
    apply = cluster.runtime.apply

    async def slow(events: Sequence[Event]) -> None:
        reached.set()
        await go_on.wait()
        await apply(events)

    monkeypatch.setattr(cluster.runtime, "apply", slow)
    await cluster.server.apply("workloadentries", workload())
    await reached.wait()
    refreshing = asyncio.create_task(source.refresh())
    done, _ = await asyncio.wait([refreshing], timeout=0.1)
    assert not done
    go_on.set()
    await refreshing
    assert cluster.addresses() == {"default/w": ONE}
