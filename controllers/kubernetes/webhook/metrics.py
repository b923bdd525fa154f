"""Metrics of the webhook: what became of questions, how long they took, and until when its certificate holds."""

from collections.abc import Iterator
from enum import Enum

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from controllers.kubernetes.webhook.serving_tls import ServingTls

_BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)
"""To the seconds that an API server waits, by `timeoutSeconds` in the chart."""


class Outcome(Enum):
    """What became of a question. Of the last two the API server makes what `failurePolicy` says.

    MUTATED: the Pod was given something. UNCHANGED: nothing: it does not opt in, or has all, or is no new Pod.
    UNREADABLE: it was no question that can be answered. FAILED: it was not answered, by a mistake of ours or because
    the API server had gone.
    """

    MUTATED = "mutated"
    UNCHANGED = "unchanged"
    UNREADABLE = "unreadable"
    FAILED = "failed"


class WebhookMetrics(Collector):
    """The metrics of one webhook, in the replica's registry. tls: what it shows."""

    def __init__(self, registry: CollectorRegistry, tls: ServingTls) -> None:
        self._tls = tls
        self._reviews = Counter(
            "lastack_admission_reviews",
            "Questions of the API server about new Pods, by what became of them.",
            ["outcome"],
            registry=registry,
        )
        self._seconds = Histogram(
            "lastack_admission_review_seconds",
            "How long a question took, from its first byte to the answer.",
            buckets=_BUCKETS,
            registry=registry,
        )
        for outcome in Outcome:
            self._reviews.labels(outcome.value)
        registry.register(self)

    def answered(self, outcome: Outcome, seconds: float) -> None:
        """A question has come to an end, after so long."""
        self._reviews.labels(outcome.value).inc()
        self._seconds.observe(seconds)

    def collect(self) -> Iterator[Metric]:
        family = GaugeMetricFamily(
            "lastack_webhook_certificate_expiry_timestamp_seconds",
            "Until when the webhook's certificate holds, in seconds since the epoch.",
        )
        if self._tls.pair is not None:
            family.add_metric([], self._tls.ends)
        yield family
