"""Two `lastack serve` that share a Lease in a cluster: one is killed in the middle of a removal."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import yaml

from controllers.kubernetes.drain import FINALIZER
from tests.controllers.proxy import FakeProxy
from tests.controllers.serving import ANY_PORT, Served, serve
from tests.kubernetes.documents import service, workload
from tests.kubernetes.kubeconfig import kubeconfig
from tests.kubernetes.suite.lab import KUBECONFIG, Lab
from xds.objects import DRAINING_LABEL


def kubeconfig_of(lab: Lab, folder: Path) -> Path:
    if lab.double is None:
        return Path(os.environ[KUBECONFIG])
    path = folder / "kubeconfig"
    path.write_text(yaml.safe_dump(kubeconfig({"double": {"server": lab.double.url}})))
    return path


@pytest.fixture
async def replicas(lab: Lab, tmp_path: Path) -> AsyncIterator[list[Served]]:
    """The first one serves."""
    path = kubeconfig_of(lab, tmp_path)
    arguments = ("--source", "kubernetes", "--namespace-selector", lab.selector, "--settling", "0s", *ANY_PORT)
    lease = ("--lease", f"{lab.namespace}/serving", "--lease-duration", "2s", "--longest-request", "100ms")
    async with AsyncExitStack() as processes:
        made = []
        for event in ("serving", "standby"):
            served = await processes.enter_async_context(
                serve(*arguments, *lease, environment={"KUBECONFIG": str(path)})
            )
            await (served.serving() if event == "serving" else served.logged(event))
            made.append(served)
        yield made


async def test_the_second_one_finishes_a_removal_when_the_proxy_of_the_first_is_back(
    lab: Lab, replicas: list[Served]
) -> None:
    one, two = replicas
    await lab.apply("serviceentries", service(namespace=lab.namespace))
    entry = workload(namespace=lab.namespace)
    entry["metadata"]["finalizers"] = [FINALIZER]
    await lab.apply("workloadentries", entry)
    await lab.apply("workloadentries", workload("stays", "10.0.0.3", namespace=lab.namespace))
    await one.receipt(f"we/{lab.namespace}/stays", timeout="20s")
    proxy = FakeProxy(one.ads, "edge")
    await proxy.sync()
    assert (await one.receipt(f"we/{lab.namespace}/w", timeout="20s"))["outcome"] == "CONFIRMED"
    await lab.delete("workloadentries", "w")

    async def is_marked() -> bool:
        found = await lab.get("workloadentries", "w")
        return found is not None and DRAINING_LABEL in found["spec"]["labels"]

    await lab.until(is_marked, "it is marked")
    one.signal(signal.SIGKILL)
    await two.serving()
    receipt = await two.receipt(f"we/{lab.namespace}/w", timeout="300ms")
    assert receipt["outcome"] == "PENDING"
    assert {straggler["proxy"] for straggler in receipt["stragglers"]} == {"edge"}
    assert await lab.get("workloadentries", "w") is not None
    back = FakeProxy(two.ads, "edge", held=proxy.held)
    await back.sync()
    obeying = asyncio.create_task(obey(back))
    await lab.until_gone("workloadentries", "w")
    obeying.cancel()
    await back.leave()
    await proxy.leave()


async def obey(proxy: FakeProxy) -> None:
    while True:
        await proxy.accept()
