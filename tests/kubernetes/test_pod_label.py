"""The label of the Pod that serves."""

from collections.abc import AsyncIterator, Mapping

import pytest
from kubernetes.aio.client import Configuration
from structlog.testing import capture_logs

from controllers.kubernetes.api import Api
from controllers.kubernetes.pod_label import LABEL, PodLabel
from tests.kubernetes.cluster import Cluster
from tests.kubernetes.store import Refusal

OWN = {"POD_NAME": "lastack-0", "POD_NAMESPACE": "default"}


@pytest.fixture
async def api(cluster: Cluster) -> AsyncIterator[Api]:
    made = Api(Configuration(host=cluster.server.url), "test")
    yield made
    await made.close()


def label(api: Api, environment: Mapping[str, str], pauses: list[float] | None = None) -> PodLabel:
    async def sleep(seconds: float) -> None:
        assert pauses is not None, "it waits"
        pauses.append(seconds)

    return PodLabel(api, environment, sleep)


async def labels(cluster: Cluster) -> Mapping[str, str]:
    found: Mapping[str, str] = cluster.server.store.get("pods", "default", "lastack-0")["metadata"].get("labels") or {}
    return found


async def test_it_is_put_and_removed_and_others_stay(cluster: Cluster, api: Api) -> None:
    metadata = {"name": "lastack-0", "namespace": "default", "labels": {"app": "lastack"}}
    await cluster.server.apply("pods", {"metadata": metadata})
    await label(api, OWN).put()
    assert await labels(cluster) == {"app": "lastack", LABEL: "true"}
    await label(api, OWN).remove()
    await label(api, OWN).remove()
    assert await labels(cluster) == {"app": "lastack"}


async def test_it_is_tried_again_while_there_is_no_good_answer(cluster: Cluster, api: Api) -> None:
    await cluster.server.apply("pods", {"metadata": {"name": "lastack-0", "namespace": "default"}})
    refusals = [Refusal(503, "ServiceUnavailable"), Refusal(500, "InternalError"), Refusal(429, "TooManyRequests")]
    cluster.server.faults = [lambda request: refusals.pop() if refusals else None]
    pauses: list[float] = []
    await label(api, OWN, pauses).put()
    assert len(pauses) == 3
    assert LABEL in await labels(cluster)


async def test_who_may_not_change_it_is_told_so_and_goes_on(cluster: Cluster, api: Api) -> None:
    cluster.server.faults = [lambda request: Refusal(403, "Forbidden")]
    with capture_logs() as logs:
        await label(api, OWN).put()
    assert [line["again"] for line in logs] == [False]


async def test_without_a_pod_nothing_is_asked(cluster: Cluster, api: Api) -> None:
    await label(api, {}).put()
    with capture_logs() as logs:
        await label(api, {"POD_NAME": "lastack-0"}).put()
    assert "POD_NAME is set without POD_NAMESPACE" in logs[0]["event"]
    assert cluster.server.requests == []
