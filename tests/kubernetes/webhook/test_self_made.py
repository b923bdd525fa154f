"""Certificates that the replicas make, where the API server refuses or is not there."""

from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from structlog.testing import capture_logs

from controllers.kubernetes.api import Api, ApiError
from controllers.kubernetes.rate import RateLimit
from controllers.kubernetes.webhook.self_made import SelfMade
from controllers.kubernetes.webhook.serving_tls import ServingTls
from tests.kubernetes.cluster import Cluster
from tests.kubernetes.store import Refusal

NOW = 1_800_000_000.0
NAMES = ["lastack-webhook.default.svc"]
SECRET = ("default", "lastack-webhook-tls")
CONFIGURATION = {"metadata": {"name": "lastack"}, "webhooks": [{"name": "a", "clientConfig": {"url": "https://a"}}]}


@pytest.fixture
async def api(cluster: Cluster) -> AsyncIterator[Api]:
    made = Api(cluster.configuration(), "test", RateLimit(1000, 1000))
    yield made
    await made.close()


def replica(api: Api, now: float = NOW) -> tuple[SelfMade, ServingTls]:
    tls = ServingTls()
    return SelfMade(api, SECRET, "lastack", NAMES, tls, lambda: now), tls


async def test_without_a_configuration_there_is_a_certificate_all_the_same(cluster: Cluster, api: Api) -> None:
    made, tls = replica(api)
    await made.look()
    assert tls.pair is not None
    await cluster.server.apply("mutatingwebhookconfigurations", CONFIGURATION)
    await made.look()
    (found,) = cluster.server.store.objects["mutatingwebhookconfigurations"].values()
    assert found["webhooks"][0]["clientConfig"]["caBundle"]


async def test_where_the_configuration_may_not_be_written_there_is_a_certificate_all_the_same(
    cluster: Cluster, api: Api
) -> None:
    def refuse(request: web.Request) -> Refusal | None:
        return Refusal(403, "Forbidden") if "mutatingwebhookconfigurations" in request.path else None

    cluster.server.faults.append(refuse)
    made, tls = replica(api)
    await made.look()
    assert tls.pair is not None


async def test_what_keeps_the_authorities_from_being_announced_is_told_once_and_that_it_is_over(
    cluster: Cluster, api: Api
) -> None:
    def refuse(request: web.Request) -> Refusal | None:
        return Refusal(403, "Forbidden") if "mutatingwebhookconfigurations" in request.path else None

    made, other = replica(api)[0], replica(api)[0]
    with capture_logs() as logs:
        for _ in range(3):
            await made.look()
        cluster.server.faults.append(refuse)
        for _ in range(3):
            await made.look()
        cluster.server.faults.clear()
        await cluster.server.apply("mutatingwebhookconfigurations", CONFIGURATION)
        await other.look()  # so there is nothing left to be written
        for _ in range(3):
            await made.look()
    told = [(entry["event"], entry.get("reason", "")) for entry in logs if entry.get("step") is None]
    cant, can = "the webhook's authorities can't be announced", "the webhook's authorities are announced"
    assert [event for event, _ in told] == [cant, cant, can, can]
    assert "no such MutatingWebhookConfiguration: apply deploy/kubernetes/webhook.yaml" in told[0][1]
    assert "403" in told[1][1]


async def test_another_replica_that_writes_first_is_followed(cluster: Cluster, api: Api) -> None:
    """Between this one's look and its write."""
    (made, tls), (other, others) = replica(api), replica(api)
    writes = 0

    def write_first(request: web.Request) -> Refusal | None:
        nonlocal writes
        writes += request.method == "POST"
        if request.method == "POST" and writes == 1:
            return Refusal(409, "AlreadyExists")
        return None

    cluster.server.faults.append(write_first)
    await made.look()
    await other.look()
    assert writes == 2
    assert tls.pair == others.pair


async def test_while_the_api_server_is_gone_the_certificate_in_use_stays(cluster: Cluster, api: Api) -> None:
    made, tls = replica(api)
    await made.look()
    before = tls.pair
    await cluster.server.stop()
    with pytest.raises(ApiError):
        await made.look()
    assert tls.pair == before


async def test_a_write_that_always_conflicts_is_given_up_until_the_next_look(cluster: Cluster, api: Api) -> None:
    def refuse(request: web.Request) -> Refusal | None:
        return Refusal(409, "AlreadyExists") if request.method == "POST" else None

    cluster.server.faults.append(refuse)
    with pytest.raises(ApiError, match="is changed by others all the time"):
        await replica(api)[0].look()


async def test_a_restarted_replica_uses_what_is_kept(cluster: Cluster, api: Api) -> None:
    (first, before), (second, after) = replica(api), replica(api, NOW + 86400.0)
    await first.look()
    await second.look()
    assert after.pair == before.pair


async def test_a_secret_that_cannot_be_used_is_made_anew(cluster: Cluster, api: Api) -> None:
    document = {"metadata": {"name": SECRET[1], "namespace": SECRET[0]}, "data": {"tls.crt": "eA==", "tls.key": "eA=="}}
    await cluster.server.apply("secrets", document)
    made, tls = replica(api)
    await made.look()
    assert tls.pair is not None
