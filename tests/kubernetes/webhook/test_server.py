"""The webhook on a socket, with TLS; and certificates that change while it answers."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from prometheus_client import CollectorRegistry

from controllers.addresses import Address, bind
from controllers.kubernetes.webhook.from_files import FromFiles
from controllers.kubernetes.webhook.issue import Pair, issue
from controllers.kubernetes.webhook.metrics import WebhookMetrics
from controllers.kubernetes.webhook.server import MOST_BYTES, webhook_app
from controllers.kubernetes.webhook.serving_tls import ServingTls
from controllers.status.listener import HttpListener
from controllers.tls import TlsError
from tests.controllers.certificates import Authority
from tests.kubernetes.webhook.pods import POINT, UID, Document, opted_in, review

NOW = 1_790_000_000.0
NAMES = ["127.0.0.1", "localhost"]


def labels_of(namespace: str) -> dict[str, str] | None:
    return {"shop": {}, "enrolled": {"lastack.io/enroll": "true"}}.get(namespace)


@asynccontextmanager
async def listening(tls: ServingTls) -> AsyncIterator[str]:
    """Its URL."""
    bound = bind(Address("127.0.0.1", 0))
    url = f"https://127.0.0.1:{bound.getsockname()[1]}"
    listener = HttpListener(webhook_app(labels_of, POINT, WebhookMetrics(CollectorRegistry(), tls)), bound, tls.context)
    running = asyncio.create_task(listener.run())
    try:
        yield url
    finally:
        listener.stop()
        await running


def believing(*authorities: bytes) -> ssl.SSLContext:
    return ssl.create_default_context(cadata=b"".join(authorities).decode())


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a webhook that serves, and believes it."""
    authority = Authority(tmp_path)
    issued = authority.issue("127.0.0.1")
    tls = ServingTls()
    FromFiles(issued.cert, issued.key, tls)
    context = believing(authority.path.read_bytes())
    async with listening(tls) as url, httpx.AsyncClient(base_url=url, verify=context) as client:
        yield client


async def test_a_question_is_answered(served: httpx.AsyncClient) -> None:
    response = (await served.post("/mutate", json=review(opted_in()))).json()["response"]
    assert (response["uid"], response["allowed"], response["patchType"]) == (UID, True, "JSONPatch")
    assert (await served.get("/healthz")).status_code == 200


async def test_the_namespaces_label_counts(served: httpx.AsyncClient) -> None:
    unlabelled = opted_in(labels={})
    del unlabelled["metadata"]["labels"]
    answers = [
        (await served.post("/mutate", json=review(unlabelled, namespace))).json()["response"]
        for namespace in ("shop", "enrolled", "unknown")
    ]
    assert ["patch" in each for each in answers] == [False, True, False]


async def test_where_only_pods_of_namespaces_that_opt_in_are_asked_about_the_api_server_is_taken_at_its_word(
    served: httpx.AsyncClient,
) -> None:
    """Its view of a namespace may be ahead of ours: without a hook the Pod would end under requests."""
    unlabelled, away = opted_in(labels={}), opted_in(labels={"lastack.io/enroll": "false"})
    del unlabelled["metadata"]["labels"]
    for namespace in ("shop", "enrolled", "unknown"):
        answered, refused = [
            (await served.post("/mutate/of-namespace", json=review(document, namespace))).json()["response"]
            for document in (unlabelled, away)
        ]
        assert ("patch" in answered, "patch" in refused) == (True, False), namespace
        assert ("warnings" in answered) is (namespace == "unknown")


async def test_what_is_not_about_a_new_pod_is_allowed(served: httpx.AsyncClient) -> None:
    response = (await served.post("/mutate", json=review(opted_in(), operation="UPDATE"))).json()["response"]
    assert response == {"uid": UID, "allowed": True}


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"kind": "AdmissionReview"}', b"[" * 100_000, b"\xff"])
async def test_what_is_no_question_is_refused(served: httpx.AsyncClient, body: bytes) -> None:
    response = await served.post("/mutate", content=body)
    assert response.status_code == 400
    assert response.json()["error"]


async def test_a_body_without_end_is_refused_before_it_ends(served: httpx.AsyncClient) -> None:
    response = await served.post("/mutate", content=b" " * (MOST_BYTES + 1))
    assert response.status_code == 400
    assert "longer than" in response.json()["error"]


async def ask(client: httpx.AsyncClient, document: Document) -> None:
    assert (await client.post("/mutate", json=document)).json()["response"]["allowed"]


async def test_a_new_certificate_is_used_and_no_connection_is_dropped() -> None:
    (first, old), (second, new) = issue(NAMES, NOW), issue(NAMES, NOW)
    tls, question = ServingTls(), review(opted_in())
    tls.use(first, "first")
    async with listening(tls) as url:
        async with (
            httpx.AsyncClient(base_url=url, verify=believing(old)) as kept,
            httpx.AsyncClient(base_url=url, verify=believing(old, new)) as careful,
        ):
            await ask(kept, question)
            tls.use(second, "second")
            await ask(kept, question)  # on the connection that was there
            await ask(careful, question)
        async with httpx.AsyncClient(base_url=url, verify=believing(new)) as late:
            await ask(late, question)
        async with httpx.AsyncClient(base_url=url, verify=believing(old)) as outdated:
            with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
                await ask(outdated, question)


def test_a_certificate_that_can_not_be_used_leaves_the_one_in_use() -> None:
    (first, _), (second, _) = issue(NAMES, NOW), issue(NAMES, NOW)
    tls = ServingTls()
    tls.use(first, "first")
    with pytest.raises(TlsError, match="second: the key is not the certificate's"):
        tls.use(Pair(second.cert, first.key), "second")
    assert tls.pair == first
