"""`lastack serve --webhook`: with certificates from files, or made by itself."""

import asyncio
import base64
import ssl
import time
from pathlib import Path
from typing import Any

import aiohttp
import httpx
import pytest
import yaml
from aiohttp import web
from prometheus_client.parser import text_string_to_metric_families
from structlog.testing import capture_logs

from controllers.addresses import Address, bind
from controllers.kubernetes.api import ApiError
from controllers.kubernetes.failure import Failure
from controllers.kubernetes.webhook.wiring import keep
from tests.controllers.certificates import Authority
from tests.controllers.serving import ANY_PORT, serve
from tests.kubernetes.cluster import Cluster
from tests.kubernetes.kubeconfig import kubeconfig
from tests.kubernetes.store import Refusal
from tests.kubernetes.webhook.pods import opted_in, review

CONTEXT = "double"

COMMON = (
    "--source",
    f"kubernetes:{CONTEXT}",
    "--drain-address",
    "10.96.0.9:15016",
    "--settling",
    "0s",
    "--pods",
    "true",
    *ANY_PORT,
)

SELF_MADE = ("--webhook-service", "default/lastack-webhook", "--webhook-configuration", "lastack")


@pytest.fixture
def configured(cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "kubeconfig"
    path.write_text(yaml.safe_dump(kubeconfig({CONTEXT: {"server": cluster.server.url}})))
    monkeypatch.setenv("KUBECONFIG", str(path))


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, ...]:
    issued = Authority(tmp_path).issue("127.0.0.1")
    return ("--webhook-cert", str(issued.cert), "--webhook-key", str(issued.key))


async def ask(address: str, context: ssl.SSLContext) -> dict[str, Any]:
    async with httpx.AsyncClient(verify=context) as client:
        answer = await client.post(f"https://{address}/mutate", json=review(opted_in(), "default"))
    response: dict[str, Any] = answer.json()["response"]
    return response


@pytest.mark.usefixtures("configured")
async def test_it_answers_with_a_certificate_from_files(files: tuple[str, ...], tmp_path: Path) -> None:
    async with serve(*COMMON, "--webhook", "127.0.0.1:0", *files) as served:
        address = (await served.logged("the webhook answers"))["address"]
        response = await ask(address, ssl.create_default_context(cafile=str(tmp_path / "authority.pem")))
        assert b"10.96.0.9" in base64.b64decode(response["patch"])
        assert "warnings" not in response, "the namespace is known"


@pytest.mark.usefixtures("configured")
async def test_what_it_was_asked_and_until_when_its_certificate_holds_are_among_the_metrics(
    files: tuple[str, ...], tmp_path: Path
) -> None:
    async with serve(*COMMON, "--webhook", "127.0.0.1:0", *files) as served:
        address = (await served.logged("the webhook answers"))["address"]
        await served.serving()
        await ask(address, ssl.create_default_context(cafile=str(tmp_path / "authority.pem")))
        async with httpx.AsyncClient() as client:
            told = (await client.get(f"http://{served.api}/metrics")).text
    found = {sample.name: sample.value for family in text_string_to_metric_families(told) for sample in family.samples}
    assert 'lastack_admission_reviews_total{outcome="mutated"} 1.0' in told
    assert found["lastack_admission_review_seconds_count"] == 1
    tomorrow = time.time() + 24 * 3600
    assert tomorrow - 60 < found["lastack_webhook_certificate_expiry_timestamp_seconds"] <= tomorrow


@pytest.mark.usefixtures("configured")
async def test_it_answers_with_a_certificate_of_its_own(cluster: Cluster) -> None:
    webhooks = [{"name": "pods.lastack.io", "clientConfig": {"service": {"name": "s", "namespace": "default"}}}]
    await cluster.server.apply("mutatingwebhookconfigurations", {"metadata": {"name": "lastack"}, "webhooks": webhooks})
    async with serve(*COMMON, "--webhook", "127.0.0.1:0", *SELF_MADE) as served:
        address = Address.parse((await served.logged("the webhook answers"))["address"])
        (found,) = cluster.server.store.objects["mutatingwebhookconfigurations"].values()
        bundle = base64.b64decode(found["webhooks"][0]["clientConfig"]["caBundle"]).decode()
        name, context = "lastack-webhook.default.svc", ssl.create_default_context(cadata=bundle)
        reader, writer = await asyncio.open_connection(*address, ssl=context, server_hostname=name)
        writer.write(f"GET /healthz HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n".encode())
        assert (await reader.read()).startswith(b"HTTP/1.1 200 OK")
        writer.close()


@pytest.mark.usefixtures("configured")
async def test_before_the_namespaces_are_known_nobody_listens(cluster: Cluster, files: tuple[str, ...]) -> None:
    known = asyncio.Event()

    def refuse(request: web.Request) -> Refusal | None:
        return None if known.is_set() or request.path != "/api/v1/namespaces" else Refusal(503, "Unavailable")

    cluster.server.faults.append(refuse)
    port = _free_port()
    async with serve(*COMMON, "--webhook", f"127.0.0.1:{port}", *files) as served:
        await served.logged("the API server did not answer as it should")
        with pytest.raises(aiohttp.ClientConnectorError):
            async with aiohttp.ClientSession() as session:
                await session.get(f"https://127.0.0.1:{port}/healthz")
        known.set()
        assert (await served.logged("the webhook answers"))["address"] == f"127.0.0.1:{port}"


@pytest.mark.usefixtures("configured")
async def test_a_taken_port_is_told_of_at_once(files: tuple[str, ...]) -> None:
    with bind(Address("127.0.0.1", 0)) as taken:
        taken.listen()
        port = taken.getsockname()[1]
        async with serve(*COMMON, "--webhook", f"127.0.0.1:{port}", *files) as served:
            assert await served.ended() == 1
        assert f"can't listen at 127.0.0.1:{port}" in "".join(served.lines)


class Outage:
    """Certificates that can't be seen to a few times, and then can."""

    every = 0.0

    def __init__(self, failures: int) -> None:
        self.failures = failures
        self.over = asyncio.Event()

    async def look(self) -> None:
        if self.failures == 0:
            if self.over.is_set():
                await asyncio.Event().wait()
            self.over.set()
            return
        self.failures -= 1
        raise ApiError(Failure(0, "no answer"))


async def test_an_outage_is_two_lines_of_the_log_however_often_it_is_tried() -> None:
    certificates = Outage(5)
    with capture_logs() as logs:
        keeping = asyncio.create_task(keep(certificates))
        await certificates.over.wait()
        await asyncio.sleep(0)
        keeping.cancel()
    assert [(entry["log_level"], entry["event"]) for entry in logs] == [
        ("warning", "the webhook's certificates can't be seen to; what is in use stays"),
        ("info", "the webhook's certificates are seen to again"),
    ]
    assert logs[0]["reason"] == "no answer"


def _free_port() -> int:
    with bind(Address("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    return port
