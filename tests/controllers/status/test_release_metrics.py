"""Releases as Prometheus sees them."""

from collections import Counter

from prometheus_client import CollectorRegistry

from controllers.status.release_metrics import ReleaseCollector
from ledger.receipts import Outcome


def test_releases_are_told_of_by_outcome_from_the_start() -> None:
    registry, released = CollectorRegistry(), Counter[Outcome]()
    registry.register(ReleaseCollector(released))

    def value(outcome: str) -> float | None:
        return registry.get_sample_value("lastack_releases_total", {"outcome": outcome})

    assert (value("CONFIRMED"), value("RELEASED_UNCONFIRMED")) == (0, 0)
    released[Outcome.RELEASED_UNCONFIRMED] += 1
    assert (value("CONFIRMED"), value("RELEASED_UNCONFIRMED")) == (0, 1)
