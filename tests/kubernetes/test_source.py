"""A cluster as a source, over a socket: what is in it is applied, whatever the API server does."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from tests.kubernetes.api_server import GROUP
from tests.kubernetes.cluster import QUICK, Cluster
from tests.kubernetes.documents import namespace, service, service_key, workload, workload_key
from tests.kubernetes.store import Refusal
from xds.objects import Event

ONE, TWO = "10.0.0.1", "10.0.0.2"


async def test_what_is_in_the_cluster_is_there_after_the_start_and_changes_follow(cluster: Cluster) -> None:
    await cluster.server.apply("serviceentries", service())
    await cluster.server.apply("workloadentries", workload())
    source = await cluster.started()
    assert cluster.addresses() == {"default/w": ONE}
    assert service_key() in cluster.runtime.plane.index.services
    await cluster.server.apply("workloadentries", workload(address=TWO))
    await source.catch_up(workload_key())
    assert cluster.addresses() == {"default/w": TWO}
    await cluster.server.delete("workloadentries", "w")
    await source.catch_up(workload_key())
    assert cluster.addresses() == {}


async def test_the_start_waits_until_the_cluster_can_be_reached(cluster: Cluster) -> None:
    await cluster.server.apply("workloadentries", workload())
    await cluster.server.stop()
    starting = asyncio.create_task(cluster.started())
    done, _ = await asyncio.wait([starting], timeout=0.2)
    assert not done
    await cluster.server.start()
    await starting
    assert cluster.addresses() == {"default/w": ONE}


async def test_many_objects_come_in_pages(cluster: Cluster) -> None:
    for number in range(1100):
        cluster.server.store.create("workloadentries", workload(f"w{number}", f"10.0.{number // 250}.{number % 250}"))
    await cluster.started()
    assert len(cluster.addresses()) == 1100
    lists = [r for r in cluster.server.requests if "workloadentries" in r and "watch" not in r]
    assert len(lists) == 3


async def test_an_older_api_version_will_do(cluster: Cluster) -> None:
    cluster.server.versions = ["v1beta1"]
    await cluster.server.apply("workloadentries", workload())
    source = await cluster.started()
    assert cluster.addresses() == {"default/w": ONE}
    await source.catch_up(workload_key())


async def test_without_the_definitions_it_says_what_to_install(cluster: Cluster) -> None:
    cluster.server.versions = []
    source = cluster.source()
    starting = asyncio.create_task(source.start())

    def told() -> bool:
        return any("CustomResourceDefinitions" in str(one.reflector.trouble(0.0)) for one in source._informers.values())

    await cluster.until(told, "it is told")
    cluster.server.versions = ["v1"]
    await starting


async def test_only_namespaces_with_the_label_are_taken_in_and_the_label_may_change(cluster: Cluster) -> None:
    await cluster.server.apply("namespaces", namespace("mesh", lastack="on"))
    for where in ("default", "mesh"):
        await cluster.server.apply("workloadentries", workload(namespace=where))
    await cluster.started(selector="lastack=on")
    assert cluster.addresses() == {"mesh/w": ONE}
    await cluster.server.apply("namespaces", namespace("default", lastack="on"))
    await cluster.until(lambda: len(cluster.addresses()) == 2, "the other one is taken in")
    await cluster.server.apply("namespaces", namespace("mesh"))
    await cluster.until(lambda: cluster.addresses() == {"default/w": ONE}, "the first one is let go")


async def test_what_happened_while_it_was_cut_off_is_made_up_for(cluster: Cluster) -> None:
    for name in ("kept", "changed", "gone"):
        await cluster.server.apply("workloadentries", workload(name))
    source = await cluster.started()
    await cluster.server.stop()
    cluster.server.store.replace("workloadentries", workload("changed", TWO))
    cluster.server.store.delete("workloadentries", "default", "gone")
    cluster.server.store.compact()  # nothing of it can be told any more
    await cluster.server.start()
    await source.catch_up(workload_key("gone"))
    await source.catch_up(workload_key("changed"))
    assert cluster.addresses() == {"default/kept": ONE, "default/changed": TWO}


@pytest.mark.parametrize("code", [410, 500])
async def test_an_error_inside_a_watch_loses_nothing(cluster: Cluster, code: int) -> None:
    await cluster.server.apply("workloadentries", workload())
    source = await cluster.started()
    await cluster.until(lambda: len(cluster.server._watches) == 3, "everything is watched")
    await cluster.server.tell_error(code)
    await cluster.server.apply("workloadentries", workload(address=TWO))
    await source.catch_up(workload_key())
    assert cluster.addresses() == {"default/w": TWO}


STRANGE: list[Any] = [{"type": "ADDED", "object": {}}, {"type": "MODIFIED", "object": ["a"]}, {"type": "BOOKMARK"}, {}]


@pytest.mark.parametrize("event", STRANGE)
async def test_an_event_that_tells_of_no_object_loses_nothing(cluster: Cluster, event: Any) -> None:
    await cluster.server.apply("workloadentries", workload())
    source = await cluster.started()
    await cluster.until(lambda: len(cluster.server._watches) == 3, "everything is watched")
    await cluster.server.tell(event)
    await cluster.server.apply("workloadentries", workload(address=TWO))
    await source.catch_up(workload_key())
    assert cluster.addresses() == {"default/w": TWO}


@pytest.mark.parametrize("answer", [{}, {"metadata": "1", "items": {}}, {"metadata": {"resourceVersion": "9"}}])
async def test_an_answer_that_is_no_list_loses_nothing_however_often_it_comes(cluster: Cluster, answer: Any) -> None:
    await cluster.server.apply("workloadentries", workload())
    await cluster.started()
    cluster.server.instead_of_lists = answer
    cluster.forget()
    troubles = cluster.runtime.plane.surroundings.unknowns
    await cluster.until(lambda: "is no list" in str(troubles()), "it is told")
    assert cluster.addresses() == {"default/w": ONE}
    cluster.server.instead_of_lists = None
    await cluster.until(lambda: not troubles(), "it is listed")
    assert cluster.addresses() == {"default/w": ONE}


async def test_a_list_that_is_suddenly_empty_empties_nothing_and_receipts_are_unknown(cluster: Cluster) -> None:
    await cluster.server.apply("workloadentries", workload())
    await cluster.started(patience=replace(QUICK, missing=3600.0))
    cluster.server.empty = True
    cluster.forget()
    unknowns = cluster.runtime.plane.surroundings.unknowns
    await cluster.until(lambda: "has lost 1 of 1" in str(unknowns()), "it is told")
    assert cluster.addresses() == {"default/w": ONE}
    cluster.server.empty = False
    cluster.forget()
    await cluster.until(lambda: not unknowns(), "another list has it")
    assert cluster.addresses() == {"default/w": ONE}


async def test_a_list_that_stays_empty_is_believed_in_the_end(cluster: Cluster) -> None:
    await cluster.server.apply("workloadentries", workload())
    await cluster.started()
    cluster.server.empty = True
    cluster.forget()
    await cluster.until(lambda: not cluster.addresses(), "two lists have said so")


async def test_an_api_server_that_is_gone_leaves_everything_as_it_is(cluster: Cluster) -> None:
    await cluster.server.apply("workloadentries", workload())
    source = await cluster.started()
    await cluster.server.stop()
    await cluster.until(
        lambda: "kubernetes:test" in str(cluster.runtime.plane.surroundings.unknowns()), "receipts are UNKNOWN"
    )
    assert cluster.addresses() == {"default/w": ONE}
    await cluster.server.start()
    await source.catch_up(workload_key())
    await cluster.until(
        lambda: "kubernetes:test" not in str(cluster.runtime.plane.surroundings.unknowns()), "all is well again"
    )


async def test_a_server_that_has_too_much_to_do_is_given_the_time_it_asks_for(cluster: Cluster) -> None:
    refusals = [Refusal(429, "TooManyRequests", retry_after=1)]
    cluster.server.faults = [lambda request: refusals.pop() if refusals and GROUP in request.path else None]
    loop = asyncio.get_running_loop()
    began = loop.time()
    await cluster.started()
    assert loop.time() - began >= 1.0


async def test_a_receipt_waits_for_what_was_written_before_it_was_asked_for(cluster: Cluster) -> None:
    source = await cluster.started()
    catching_up = asyncio.create_task(source.catch_up(workload_key()))
    await catching_up  # there is none
    await cluster.server.apply("workloadentries", workload())
    await source.catch_up(workload_key())
    assert cluster.addresses() == {"default/w": ONE}


async def test_what_is_heard_of_and_not_applied_yet_is_waited_for(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = await cluster.started()
    go_on, apply = asyncio.Event(), cluster.runtime.apply

    async def slow(events: Sequence[Event]) -> None:
        await go_on.wait()
        await apply(events)

    monkeypatch.setattr(cluster.runtime, "apply", slow)
    await cluster.server.apply("workloadentries", workload())
    catching_up = asyncio.create_task(source.catch_up(workload_key()))
    heard = source._informers["WorkloadEntry"].reflector.objects
    await cluster.until(lambda: bool(heard), "it is heard of")
    assert not catching_up.done()
    go_on.set()
    await catching_up
    assert cluster.addresses() == {"default/w": ONE}


async def test_an_object_is_not_taken_for_gone_since_its_api_version_is(cluster: Cluster) -> None:
    """Until the watch of the other version has told of it, nothing is known of it."""
    source = await cluster.started()
    cluster.server.faults = [lambda r: Refusal(503, "Unavailable") if r.path.endswith("/workloadentries") else None]
    cluster.server.versions = ["v1beta1"]
    cluster.server.cut()
    await cluster.server.apply("workloadentries", workload())
    catching_up = asyncio.create_task(source.catch_up(workload_key()))
    asked = f"GET /apis/{GROUP}/v1beta1/namespaces/default/workloadentries/w"
    await cluster.until(
        lambda: any(r.startswith(asked) for r in cluster.server.requests) or catching_up.done(), "it was asked for"
    )
    assert not catching_up.done()
    cluster.server.faults = []
    await catching_up
    assert cluster.addresses() == {"default/w": ONE}
