"""Queues as Prometheus sees them."""

from prometheus_client import CollectorRegistry

from controllers.status.queue_metrics import QueueCollector
from controllers.work_queue import WorkQueue


def test_a_queue_is_told_of_by_its_name() -> None:
    registry, queue = CollectorRegistry(), WorkQueue[str]()
    registry.register(QueueCollector(lambda: [("drain kubernetes", queue)], lambda: 10.0))
    queue.add("a", 4.0)
    queue.add("b", 7.0)
    queue.retry("c", 20.0)

    def value(name: str) -> float | None:
        return registry.get_sample_value(name, {"queue": "drain kubernetes"})

    assert value("lastack_queue_depth") == 2
    assert value("lastack_queue_age_seconds") == 6.0
    assert value("lastack_queue_retries_total") == 1
