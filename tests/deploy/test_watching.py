"""What the README says to watch is among what lastack tells: an alert on a name or a label that is not never fires."""

import re

import pytest
from prometheus_client import CollectorRegistry

from controllers.kubernetes.webhook.issue import issue
from controllers.kubernetes.webhook.metrics import WebhookMetrics
from controllers.kubernetes.webhook.serving_tls import ServingTls
from controllers.settings import load_settings
from controllers.standby import Standby
from controllers.status.metrics import Metrics
from controllers.status.model import SourceProblem
from controllers.status.queue_metrics import QueueCollector
from controllers.status.release_metrics import ReleaseCollector
from controllers.work_queue import WorkQueue
from tests.deploy.places import DEPLOY
from xds.plane import Plane

NAMED = re.compile(r"\b(lastack_\w+)(?:\{([^}]*)\})?")
MATCHER = re.compile(r'(\w+)(?:(=~|!=|=)"([^"]*)")?')

Sample = tuple[str, dict[str, str]]


@pytest.fixture(scope="module")
def told() -> list[Sample]:
    """The samples of a replica that has all that can be turned on."""
    metrics = Metrics(Plane("test"), lambda: [SourceProblem("kubernetes", None, "a", "is wrong", True)])
    registry: CollectorRegistry = metrics.registry
    tls = ServingTls()
    tls.use(issue(["lastack.test"], 1_800_000_000.0)[0], "test")
    WebhookMetrics(registry, tls)
    registry.register(QueueCollector(lambda: [("pods kubernetes", WorkQueue[str]())], lambda: 0.0))
    registry.register(ReleaseCollector({}))
    registry.register(Standby(load_settings({"source": ["kubernetes"], "lease": "a/b"})))
    found = [(sample.name, sample.labels) for family in registry.collect() for sample in family.samples]
    return [*found, *((name.removesuffix("_count"), labels) for name, labels in found)]  # histograms are named without


def matches(sample: Sample, name: str, matchers: str) -> bool:
    found, labels = sample
    return found == name and all(
        label in labels and (not operator or meets(operator, labels[label], wanted))
        for label, operator, wanted in MATCHER.findall(matchers)
    )


def meets(operator: str, value: str, wanted: str) -> bool:
    if operator == "=~":
        return any(re.fullmatch(one, value) for one in wanted.split("|"))
    return (value == wanted) is (operator == "=")


def test_every_metric_that_the_readme_names_is_told_with_such_labels(told: list[Sample]) -> None:
    named = NAMED.findall((DEPLOY / "README.md").read_text(encoding="utf-8"))
    assert len(named) > 9
    assert [each for each in named if not any(matches(sample, *each) for sample in told)] == []
