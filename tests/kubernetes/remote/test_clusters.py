"""`lastack serve` with clusters that Secrets name: they come and go without a restart."""

import asyncio
import base64
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from tests.controllers.serving import ANY_PORT, Served, serve
from tests.kubernetes.api_server import ApiServer
from tests.kubernetes.cluster import Cluster
from tests.kubernetes.documents import namespace, service, workload
from tests.kubernetes.remote.test_login import of_secret
from tests.kubernetes.store import Document

PATIENCE = 20.0


@pytest.fixture
async def first(cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cluster:
    """The first cluster, which the kubeconfig names; with a service, and no instance of it."""
    path = tmp_path / "kubeconfig"
    path.write_bytes(of_secret(server=cluster.server.url))
    monkeypatch.setenv("KUBECONFIG", str(path))
    await cluster.server.apply("namespaces", namespace("lastack"))
    await cluster.server.apply("serviceentries", service())
    return cluster


@asynccontextmanager
async def another(address: str) -> AsyncIterator[ApiServer]:
    """A cluster with an instance."""
    server = ApiServer()
    await server.start()
    await server.apply("namespaces", namespace())
    await server.apply("workloadentries", workload("remote", address))
    try:
        yield server
    finally:
        await server.stop()


def secret(name: str, **clusters: str) -> Document:
    """clusters: the address of each one's API server."""
    data = {cluster: base64.b64encode(of_secret(server=url)).decode() for cluster, url in clusters.items()}
    return {"metadata": {"name": name, "namespace": "lastack", "labels": {"istio/multiCluster": "true"}}, "data": data}


def serving(*more: str) -> AbstractAsyncContextManager[Served]:
    return serve("--source", "kubernetes", "--remote-secrets", "lastack", "--settling", "0s", *more, *ANY_PORT)


async def until(condition: Callable[[], Awaitable[bool]], what: str) -> None:
    try:
        async with asyncio.timeout(PATIENCE):
            while not await condition():  # noqa: ASYNC110, it is another process
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise AssertionError(f"after {PATIENCE:g} s it is still not so that {what}") from None


async def is_there(served: Served, name: str = "remote") -> bool:
    return bool((await served.receipt(f"we/default/{name}"))["outcome"] == "CONFIRMED")


async def test_a_cluster_comes_and_goes_with_its_secret(first: Cluster) -> None:
    async with another("10.1.0.1") as second, serving() as served:
        await served.serving()
        assert not await is_there(served)
        await first.server.apply("secrets", secret("s", second=second.url))
        await until(lambda: is_there(served), "its instance is there")
        await second.apply("workloadentries", workload("later", "10.1.0.2"))
        await until(lambda: is_there(served, "later"), "what changes in it is followed")
        await first.server.delete("secrets", "s", "lastack")

        async def is_gone() -> bool:
            return bool((await served.receipt("we/default/remote", deleted="true"))["outcome"] == "CONFIRMED")

        await until(is_gone, "its instances went along")


async def test_it_is_read_before_proxies_are_served(first: Cluster) -> None:
    async with another("10.1.0.1") as second:
        await first.server.apply("secrets", secret("s", second=second.url))
        async with serving() as served:
            await served.serving()
            assert await is_there(served)


async def test_the_start_waits_for_one_that_can_t_be_reached(first: Cluster) -> None:
    await first.server.apply("secrets", secret("s", second="http://127.0.0.1:1"))
    async with serving() as served:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(3.0):
                await served.serving()


async def test_unless_that_is_allowed_and_then_only_its_own_objects_are_in_doubt(first: Cluster) -> None:
    await first.server.apply("workloadentries", workload())
    await first.server.apply("secrets", secret("s", second="http://127.0.0.1:1"))
    async with serving("--allow-unreachable", "second") as served:
        await served.serving()
        assert await is_there(served, "w")
        assert (await served.receipt("we/default/remote", deleted="true"))["outcome"] == "UNKNOWN"


async def test_another_kubeconfig_of_a_cluster_is_used_from_then_on(first: Cluster) -> None:
    async with another("10.1.0.1") as second, serving() as served:
        await served.serving()
        await first.server.apply("secrets", secret("s", second=second.url))
        await until(lambda: is_there(served), "its instance is there")
        async with another("10.1.0.1") as moved:
            await moved.apply("workloadentries", workload("later", "10.1.0.2"))
            await first.server.apply("secrets", secret("s", second=moved.url))
            await asyncio.sleep(0.2)
            await second.stop()
            await until(lambda: is_there(served, "later"), "it is read where it is now")


async def test_a_kubeconfig_that_can_t_be_used_is_told_and_the_others_go_on(first: Cluster) -> None:
    async with another("10.1.0.1") as second, serving() as served:
        await served.serving()
        broken = secret("a", third="http://127.0.0.1:1")
        broken["data"]["third"] = base64.b64encode(of_secret({"exec": {"command": "sh"}})).decode()
        await first.server.apply("secrets", broken)
        await served.logged("a cluster can't be read")
        await first.server.apply("secrets", secret("b", second=second.url))
        await first.server.delete("secrets", "a", "lastack")
        await until(lambda: is_there(served), "the other one is read")


async def test_a_start_that_waits_for_a_cluster_goes_on_when_its_secret_is_put_right(first: Cluster) -> None:
    """What holds it up is told in the log; whoever reads that does something about the Secret, and then it goes on."""
    async with another("10.1.0.1") as second:
        await first.server.apply("secrets", secret("s", second="http://127.0.0.1:1"))
        async with serving() as served:
            await served.logged("a cluster is taken in")
            await first.server.apply("secrets", secret("s", second=second.url))
            await served.serving()
            assert await is_there(served)


async def test_a_start_that_waits_for_a_cluster_goes_on_without_it_when_its_secret_is_gone(first: Cluster) -> None:
    await first.server.apply("secrets", secret("s", second="http://127.0.0.1:1"))
    async with serving() as served:
        await served.logged("a cluster is taken in")
        await first.server.delete("secrets", "s", "lastack")
        await served.serving()
