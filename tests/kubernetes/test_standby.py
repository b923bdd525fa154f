"""A replica that stands by: what it says and does, and how it follows one that ends in order."""

import asyncio
import socket
from pathlib import Path

import grpc
import httpx
import pytest

from controllers.kubernetes.pod_label import LABEL
from tests.controllers.proxy import FakeProxy
from tests.kubernetes.cluster import Cluster
from tests.kubernetes.documents import service, workload
from tests.kubernetes.replicas import given_up, replica
from tests.kubernetes.suite.pods import pod, running
from xds.objects import LONGEST_REQUEST


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def metrics(api: str) -> str:
    async with httpx.AsyncClient(timeout=20.0, trust_env=False) as client:
        return (await client.get(f"http://{api}/metrics")).text


def holder(cluster: Cluster) -> str:
    (lease,) = cluster.server.store.objects["leases"].values()
    return str(lease["spec"]["holderIdentity"])


async def test_a_standby_is_warm_and_silent_until_the_one_that_serves_has_ended(
    cluster: Cluster, tmp_path: Path
) -> None:
    server = cluster.server
    await server.apply("serviceentries", service())
    await server.apply("workloadentries", workload())
    for name in ("one", "two"):  # as one that crashed has left it
        await server.apply("pods", {"metadata": {"name": name, "namespace": "default", "labels": {LABEL: "true"}}})

    def labelled() -> set[str]:
        pods = server.store.objects["pods"].values()
        return {pod["metadata"]["name"] for pod in pods if LABEL in (pod["metadata"].get("labels") or {})}

    api, ads, state = f"127.0.0.1:{free_port()}", free_port(), tmp_path / "state"
    fixed = ("--api", api, "--ads", f"127.0.0.1:{ads}", "--state-dir", state)
    await server.apply("leases", given_up())
    async with replica(server.port, tmp_path, "one") as one:
        await one.served.serving()
        async with replica(server.port, tmp_path, "two", *fixed) as two:
            await two.served.logged("standby")
            await cluster.until(lambda: labelled() == {"one"}, "proxies are led to who serves")

            assert await two.served.readyz(api) == (200, f"standby: {holder(cluster)} holds the lease\n")
            two.served.api = api
            receipt = await two.served.receipt("we/default/w")
            assert (receipt["outcome"], receipt["reasons"]) == (
                "UNKNOWN",
                [f"standby: {holder(cluster)} holds the lease"],
            )
            assert "lastack_lease_held 0.0" in await metrics(api)
            proxy = FakeProxy(ads, "edge")
            with pytest.raises(grpc.aio.AioRpcError):
                await proxy.sync()
            await proxy.leave()

            proxy = FakeProxy(one.served.ads, "edge")
            await proxy.sync()
            assert "lastack_lease_held 1.0" in await metrics(one.served.api)
            server.is_mute = True  # whoever takes over asks
            await server.apply("workloadentries", workload("later", "10.0.0.9"))
            one.served.signal()
            assert await one.served.ended() == 0
            assert not holder(cluster).startswith("one"), "it has given the lease up"
            await two.served.serving()
            await cluster.until(lambda: labelled() == {"two"}, "proxies are led to who serves now")
            assert two.served.objects == 3
            receipt = await two.served.receipt("we/default/later", timeout="300ms")
            assert (receipt["outcome"], receipt["stragglers"][0]["proxy"]) == ("PENDING", "edge")
            assert "lastack_lease_held 1.0" in await metrics(api)
            await proxy.leave()
            back = FakeProxy(ads, "edge", held=proxy.held)
            await back.sync()
            assert (state / "cluster.journal").exists()
            assert not (state / "roster.json").exists(), "it is in the cluster"
            await back.leave()


@pytest.mark.parametrize("ends", ["its Lease", "its Lease while it ends in order", "all of it at once"])
async def test_a_hook_that_waits_at_who_has_lost_that_is_sent_elsewhere(
    cluster: Cluster, tmp_path: Path, ends: str
) -> None:
    """Kubelets ask once, and end the containers at whatever comes: a connection that ends is an answer too."""
    server, drain = cluster.server, f"127.0.0.1:{free_port()}"
    await server.apply("leases", given_up())
    of = pod("p", grace=120, annotations={LONGEST_REQUEST: "60s"})
    of["metadata"]["namespace"] = "default"
    await server.apply("pods", {**of, "status": running("10.0.0.1")})
    entries = server.store.objects["workloadentries"]
    async with replica(server.port, tmp_path, "one", "--pods", "true", "--drain", drain) as one:
        await one.served.serving()
        await cluster.until(lambda: ("default", "p") in entries, "it has an entry")
        await server.delete("pods", "p")
        async with httpx.AsyncClient(timeout=60.0, trust_env=False) as client:
            url, kubelet = f"http://{drain}/v1/drain/default/p", {"User-Agent": "kube-lifecycle/1.36"}
            hook = asyncio.create_task(client.get(url, headers=kubelet))
            await cluster.until(lambda: "deletionTimestamp" in entries[("default", "p")]["metadata"], "it drains")
            if ends != "its Lease":
                one.served.signal()
                await one.served.logged("shutting down")
            if ends == "all of it at once":
                one.served.signal()
            else:
                one.wire.silence()
            answer = await hook
        assert (answer.status_code, answer.headers["location"]) == (307, "/v1/drain/default/p")
        assert (await one.served.ended() == 0) == (ends == "all of it at once")
