"""The webhook as Prometheus sees it."""

import httpx
import pytest
from prometheus_client import CollectorRegistry

from controllers.kubernetes.webhook.issue import VALID, issue
from controllers.kubernetes.webhook.metrics import Outcome, WebhookMetrics
from controllers.kubernetes.webhook.server import webhook_app
from controllers.kubernetes.webhook.serving_tls import ServingTls
from tests.kubernetes.webhook.pods import POINT, opted_in, review

NOW = 1_790_000_000.0


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


def reviews(registry: CollectorRegistry) -> dict[str, float | None]:
    """By outcome, without those that there were none of."""
    counts = {
        outcome.value: registry.get_sample_value("lastack_admission_reviews_total", {"outcome": outcome.value})
        for outcome in Outcome
    }
    return {name: count for name, count in counts.items() if count != 0}


def labels_of(namespace: str) -> dict[str, str]:
    if namespace == "broken":
        raise RuntimeError("as if by a mistake")
    return {}


async def test_each_question_is_counted_by_what_became_of_it_with_its_time(registry: CollectorRegistry) -> None:
    times = iter([10.0, 10.2, 20.0, 20.3, 30.0, 30.4, 40.0, 40.5, 50.0, 50.6])
    app = webhook_app(labels_of, POINT, WebhookMetrics(registry, ServingTls()), lambda: next(times))
    assert reviews(registry) == {}, "each is there from the beginning, with 0"
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://webhook") as client:
        other = opted_in(labels={"lastack.io/enroll": "false"})
        statuses = [
            (await client.post("/mutate", json=body)).status_code
            for body in (
                review(opted_in()),
                review(other),
                review(opted_in(), operation="UPDATE"),
                {"kind": "Pod"},
                review(opted_in(), "broken"),
            )
        ]
        assert (await client.get("/healthz")).status_code == 200
    assert statuses == [200, 200, 200, 400, 500]
    assert reviews(registry) == {"mutated": 1, "unchanged": 2, "unreadable": 1, "failed": 1}
    assert registry.get_sample_value("lastack_admission_review_seconds_count") == 5
    assert registry.get_sample_value("lastack_admission_review_seconds_sum") == pytest.approx(2.0)


def test_until_when_the_certificate_that_is_shown_holds_is_told_once_there_is_one(registry: CollectorRegistry) -> None:
    tls, name = ServingTls(), "lastack_webhook_certificate_expiry_timestamp_seconds"
    WebhookMetrics(registry, tls)
    assert registry.get_sample_value(name) is None
    tls.use(issue(["localhost"], NOW)[0], "first")
    assert registry.get_sample_value(name) == NOW + VALID.total_seconds()
    tls.use(issue(["localhost"], NOW + 1000)[0], "second")
    assert registry.get_sample_value(name) == NOW + 1000 + VALID.total_seconds()
