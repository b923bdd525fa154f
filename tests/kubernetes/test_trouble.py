"""A cluster in trouble is told of once, and once when that is over."""

import asyncio
from typing import NoReturn

from structlog.testing import capture_logs

from controllers.kubernetes.api import Api
from controllers.kubernetes.rate import RateLimit
from controllers.kubernetes.remote.clusters import RemoteClusters
from controllers.kubernetes.trouble import Trouble
from tests.kubernetes.cluster import QUICK, Cluster
from tests.kubernetes.documents import workload, workload_key


def test_what_is_wrong_is_told_when_it_begins_and_when_it_is_over() -> None:
    trouble = Trouble()
    assert trouble.look([], []) is None
    assert trouble.look(["namespaces: refused"], ["Pods: refused"]) == "receipts are UNKNOWN"
    assert trouble.reason == "namespaces: refused; Pods: refused"
    assert trouble.look(["namespaces: refused in another way"], []) is None
    assert trouble.look([], []) == "all is well again"


def test_receipts_are_given_although_pods_can_t_be_read_and_that_is_told() -> None:
    trouble = Trouble()
    assert trouble.look([], ["Pods: forbidden"]) == "what becomes of Pods is not known"
    assert (trouble.what, trouble.reason) == (None, "Pods: forbidden")
    assert trouble.look(["namespaces: refused"], ["Pods: forbidden"]) == "receipts are UNKNOWN"


async def test_an_outage_is_two_lines_of_the_log_however_often_the_server_is_asked(cluster: Cluster) -> None:
    await cluster.server.apply("workloadentries", workload())
    source = await cluster.started()
    with capture_logs() as logs:
        await cluster.server.stop()
        await cluster.until(lambda: source.trouble is not None, "it is noticed")
        failures = [entry for entry in logs if entry["log_level"] == "debug"]
        await cluster.server.start()
        await source.catch_up(workload_key())
        await cluster.until(lambda: source.trouble is None, "all is well again")
    told = [(entry["log_level"], entry["event"]) for entry in logs if entry["log_level"] != "debug"]
    assert told == [("warning", "receipts are UNKNOWN"), ("info", "all is well again")]
    assert len(failures) > 1


async def test_so_is_an_outage_of_the_server_that_has_the_secrets_of_clusters(cluster: Cluster) -> None:
    async def connect() -> Api:
        return Api(cluster.configuration(), "secrets", RateLimit(1000, 1000))

    def make(*_: object) -> NoReturn:
        raise AssertionError("there are none")

    clusters = RemoteClusters("lastack", connect, make, cluster.runtime, QUICK)
    await clusters.start()
    running, troubles = asyncio.create_task(clusters.run()), cluster.runtime.plane.surroundings.troubles
    with capture_logs() as logs:
        await cluster.server.stop()
        await cluster.until(lambda: bool(troubles), "it is noticed")
        await cluster.server.start()
        await cluster.until(lambda: not troubles, "all is well again")
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    told = [(entry["log_level"], entry["event"]) for entry in logs if entry["log_level"] != "debug"]
    assert told == [("warning", "receipts are UNKNOWN"), ("info", "all is well again")]
