"""Metrics of releases: what became of instances that were deleted while they carried lastack's finalizer."""

from collections.abc import Iterator, Mapping

from prometheus_client.core import CounterMetricFamily, Metric
from prometheus_client.registry import Collector

from ledger.receipts import Outcome

_OUTCOMES = (Outcome.CONFIRMED, Outcome.RELEASED_UNCONFIRMED)


class ReleaseCollector(Collector):
    """Counts since the start. released: how many, by outcome."""

    def __init__(self, released: Mapping[Outcome, int]) -> None:
        self._released = released

    def collect(self) -> Iterator[Metric]:
        family = CounterMetricFamily(
            "lastack_releases",
            "WorkloadEntries released after their deletion, by whether every proxy had let go of them.",
            labels=["outcome"],
        )
        for outcome in _OUTCOMES:
            family.add_metric([outcome.value], self._released.get(outcome, 0))
        yield family
