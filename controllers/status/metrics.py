"""Metrics for Prometheus. What the core knows is read when it is asked for; only events of the API are counted here."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry, Histogram, ProcessCollector
from prometheus_client import Counter as CounterMetric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from controllers.status.model import SyncState
from controllers.status.proxies import sync_state
from controllers.status.service import Problems
from ledger.ids import TypeUrl
from ledger.receipts import Outcome
from ledger.roster import Presence
from xds.plane import Plane
from xds.types import TYPES, short_name

LAG_SECONDS = 0.25
"""How often the event loop's lag is measured."""

_CONFIRM_BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600)
_LAG_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)


class Metrics:
    """The metrics of one replica, in a registry of their own."""

    def __init__(self, plane: Plane, problems: Problems) -> None:
        self.registry = CollectorRegistry()
        self._outcomes = CounterMetric(
            "lastack_receipts", "Receipts answered, by outcome.", ["outcome"], registry=self.registry
        )
        self._confirmed = Histogram(
            "lastack_receipt_confirmed_seconds",
            "How long receipts that became CONFIRMED were waited for.",
            buckets=_CONFIRM_BUCKETS,
            registry=self.registry,
        )
        self._lag = Histogram(
            "lastack_event_loop_lag_seconds",
            "By how much the event loop is late.",
            buckets=_LAG_BUCKETS,
            registry=self.registry,
        )
        for outcome in Outcome:
            self._outcomes.labels(outcome.value)
        self.registry.register(_CoreCollector(plane, problems))
        ProcessCollector(namespace="lastack", registry=self.registry)

    def answered(self, outcome: Outcome, seconds: float) -> None:
        """A receipt was answered, after having been waited for so long."""
        self._outcomes.labels(outcome.value).inc()
        if outcome is Outcome.CONFIRMED:
            self._confirmed.observe(seconds)

    async def measure_lag(self, clock: Callable[[], float]) -> None:
        """Measures the event loop's lag, forever."""
        while True:
            due = clock() + LAG_SECONDS
            await asyncio.sleep(LAG_SECONDS)
            self._lag.observe(max(0.0, clock() - due))


class _CoreCollector(Collector):
    def __init__(self, plane: Plane, problems: Problems) -> None:
        self._plane = plane
        self._problems = problems

    def collect(self) -> Iterator[Metric]:
        yield from self._streams_and_proxies()
        yield from self._traffic()
        yield from self._objects()
        plane = self._plane
        yield _gauge("lastack_ready", "Whether proxies are served.", float(plane.ready))
        yield _gauge("lastack_receipts_waiting", "Receipts that are waited for.", len(plane.room))
        yield _gauge("lastack_ledger_revision", "Changes applied since the start.", plane.ledger.revision)
        yield _gauge(
            "lastack_source_troubles",
            "Sources that can't tell what is so; with any, receipts are UNKNOWN.",
            len(plane.surroundings.troubles),
        )

    def _streams_and_proxies(self) -> Iterator[Metric]:
        plane = self._plane
        yield _gauge("lastack_streams_open", "Streams that are open.", len(plane.streams))
        presences = Counter(proxy.presence for proxy in plane.roster.all())
        proxies = GaugeMetricFamily("lastack_proxies", "Proxies, by presence.", labels=["presence"])
        for presence in (Presence.CONNECTED, Presence.ABSENT):
            proxies.add_metric([presence.value], presences[presence])
        yield proxies
        states: Counter[tuple[TypeUrl, SyncState]] = Counter()
        overdue = 0
        for stream in plane.streams.values():
            for type_url, subscription in stream.subscriptions.items():
                states[type_url, sync_state(subscription)] += 1
                overdue += subscription.stale
        for proxy in plane.roster.all():
            if proxy.presence is Presence.ABSENT:
                states.update((type_url, SyncState.ABSENT) for type_url in proxy.types)
        sync = GaugeMetricFamily(
            "lastack_proxy_types", "Types that proxies ask for, by how far they are.", labels=["type", "state"]
        )
        for type_url in TYPES:
            for state in SyncState:
                sync.add_metric([short_name(type_url), state.value], states[type_url, state])
        yield sync
        yield _gauge("lastack_responses_overdue", "Responses that are unanswered for longer than `stale`.", overdue)

    def _traffic(self) -> Iterator[Metric]:
        traffic = self._plane.traffic
        sent = CounterMetricFamily("lastack_responses_sent", "Responses sent, by type.", labels=["type"])
        acks = CounterMetricFamily("lastack_acks", "Responses ACKed, by type.", labels=["type"])
        nacks = CounterMetricFamily("lastack_nacks", "Responses NACKed, by type.", labels=["type"])
        for type_url in TYPES:
            label = [short_name(type_url)]
            sent.add_metric(label, traffic.sent[type_url])
            acks.add_metric(label, traffic.acked[type_url])
            nacks.add_metric(label, traffic.nacked[type_url])
        yield from (sent, acks, nacks)

    def _objects(self) -> Iterator[Metric]:
        index = self._plane.index
        objects = GaugeMetricFamily("lastack_objects", "Objects that are applied, by kind.", labels=["kind"])
        objects.add_metric(["ServiceEntry"], len(index.services))
        objects.add_metric(["WorkloadEntry"], len(index.workloads))
        yield objects
        rejected = Counter(problem.source for problem in self._problems() if problem.serious)
        family = GaugeMetricFamily("lastack_documents_rejected", "Documents that a source rejects.", labels=["source"])
        for source, count in sorted(rejected.items()):
            family.add_metric([source], count)
        yield family


def _gauge(name: str, help: str, value: float) -> Metric:
    return GaugeMetricFamily(name, help, value=value)
