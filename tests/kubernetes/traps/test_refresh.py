"""Whoever takes over reads every cluster anew, also one whose Secret has just changed."""

import asyncio
import base64
from typing import Any

import pytest

from controllers.kubernetes.api import Api
from controllers.kubernetes.rate import RateLimit
from controllers.origins import Origins
from controllers.runtime import Runtime
from controllers.settings import Settings
from tests.kubernetes.cluster import Cluster
from tests.kubernetes.remote.test_clusters import another, first, secret
from tests.kubernetes.remote.test_login import of_secret
from xds.plane import Plane

__all__ = ["first"]


@pytest.mark.parametrize("change", ["another kubeconfig", "gone", "one more"])
@pytest.mark.parametrize("told", [False, True], ids=["not told by the watch", "told by the watch too"])
async def test_a_secret_that_has_changed_ends_no_refresh(
    first: Cluster, change: str, told: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def connect(context: str = "", barred: Any = lambda: None) -> Api:
        return Api(first.configuration(), "first", RateLimit(1000, 1000))

    monkeypatch.setattr(Api, "connect", connect)
    async with another("10.1.0.1") as second, another("10.1.0.2") as third:
        await first.server.apply("secrets", secret("s", second=second.url))
        await first.server.apply("secrets", secret("stays"))  # a list that is suddenly empty is not believed at once
        runtime = Runtime(Plane())
        origins = Origins(
            Settings.model_validate({"source": ["kubernetes"], "remote_secrets": "lastack"}), runtime, lambda: None
        )
        tasks = []
        for source in origins.sources:
            await source.start()
            tasks.append(asyncio.create_task(source.run()))
        await asyncio.sleep(0.1)
        store = first.server.store
        old = store.get("secrets", "lastack", "s")
        match change:
            case "another kubeconfig":
                data = {"second": base64.b64encode(of_secret(server=third.url)).decode()}
                store.replace("secrets", {**old, "data": data})
            case "gone":
                store.delete("secrets", "lastack", "s")
            case "one more":
                data = {**old["data"], "third": base64.b64encode(of_secret(server=third.url)).decode()}
                store.replace("secrets", {**old, "data": data})
        if told:
            await first.server._tell()
        try:
            async with asyncio.timeout(8.0):
                await asyncio.gather(*(source.refresh() for source in origins.sources))
            await asyncio.sleep(0.3)
            for task in tasks:
                assert not task.done(), repr(task)
            if change != "gone":
                assert runtime.plane.surroundings.unknowns() in ([], ["the control plane is still loading"])
                found = {entry.endpoint.address for entry in runtime.plane.index.workloads.values()}
                expected = {"10.1.0.2"} if change == "another kubeconfig" else {"10.1.0.1"}
                assert found == expected
                assert all(cluster.source._started for cluster in origins.remote.clusters), "not read yet"  # type: ignore[union-attr]
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
