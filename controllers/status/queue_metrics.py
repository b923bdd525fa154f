"""Metrics of the controllers' queues."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from controllers.work_queue import WorkQueue


class QueueCollector(Collector):
    """What waits in each queue.

    Args:
        queues: gives those that there are now, with their names.
    """

    def __init__(self, queues: Callable[[], Iterable[tuple[str, WorkQueue[Any]]]], clock: Callable[[], float]) -> None:
        self._queues = queues
        self._clock = clock

    def describe(self) -> Iterator[Metric]:
        """Nothing yet: what there is can't be asked when it is registered."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        depth = GaugeMetricFamily("lastack_queue_depth", "Keys that wait to be worked on.", labels=["queue"])
        age = GaugeMetricFamily(
            "lastack_queue_age_seconds", "For how long the oldest of them has waited.", labels=["queue"]
        )
        retries = CounterMetricFamily("lastack_queue_retries", "Times that work failed, or was held.", labels=["queue"])
        for name, queue in self._queues():
            depth.add_metric([name], queue.depth)
            age.add_metric([name], queue.age(self._clock()))
            retries.add_metric([name], queue.retries)
        yield from (depth, age, retries)
