"""What HTTP tells beside receipts: proxies, objects, explanations, health and metrics."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from controllers.status.model import SourceProblem
from ledger.ids import ObjectKey
from tests.controllers.documents import CLUSTER, SERVICE, instance, instance_key
from tests.controllers.world import World, running
from xds.timing import Timing
from xds.types import CDS, EDS


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with running() as made:
        yield made


async def only_proxy(world: World) -> Any:
    proxies: Any = (await world.get("/v1/proxies"))["proxies"]
    (only,) = proxies
    return only


def states(proxy: Any) -> dict[str, str]:
    return {status["type"]: status["state"] for status in proxy["types"]}


# Proxies


async def test_a_proxy_that_has_acked_everything_is_synced(world: World) -> None:
    await world.synced("edge-1")
    proxy = await only_proxy(world)
    assert (proxy["id"], proxy["presence"], proxy["namespace"]) == ("edge-1", "CONNECTED", "default")
    assert proxy["user_agent"] == "fake/1"
    assert proxy["address"].startswith("ipv4:127.0.0.1:")
    assert states(proxy) == {"Cluster": "SYNCED", "ClusterLoadAssignment": "SYNCED"}
    for status in proxy["types"]:
        assert status["wanted_version"] == status["acked_version"] != ""
        assert (status["behind"], status["last_error"], status["overdue"]) == (0, "", False)


async def test_a_response_that_is_not_answered_makes_the_type_stale_and_no_other(world: World) -> None:
    proxy = await world.synced("edge-1")
    await world.apply(instance(2))
    await proxy.take()
    told = await only_proxy(world)
    assert states(told) == {"Cluster": "SYNCED", "ClusterLoadAssignment": "STALE"}
    status = told["types"][1]
    assert status["behind"] == 1
    assert status["wanted_version"] != status["acked_version"]


async def test_after_a_nack_the_type_is_in_error_with_the_reason(world: World) -> None:
    proxy = await world.synced("edge-1")
    await world.apply(instance(2))
    await proxy.nack(await proxy.take(), "no such locality")
    await world.until(lambda: world.plane.traffic.nacked[EDS] == 1)
    told = await only_proxy(world)
    assert states(told) == {"Cluster": "SYNCED", "ClusterLoadAssignment": "ERROR"}
    assert told["types"][1]["last_error"] == "no such locality"


async def test_what_is_not_sent_yet_is_told(world: World) -> None:
    async with running(ready=False) as loading:
        proxy = loading.proxy("edge-1")
        await proxy.ask(CDS)
        await loading.until(lambda: len(loading.plane.roster) == 1)
        assert states(await only_proxy(loading)) == {"Cluster": "NOT_SENT"}


async def test_a_proxy_whose_stream_ended_is_absent(world: World) -> None:
    proxy = await world.synced("edge-1")
    await proxy.leave()
    await world.until(lambda: not world.plane.streams)
    told = await only_proxy(world)
    assert told["presence"] == "ABSENT"
    assert states(told) == {"Cluster": "ABSENT", "ClusterLoadAssignment": "ABSENT"}
    await world.apply(instance(2))
    assert [status["behind"] for status in (await only_proxy(world))["types"]] == [0, 1]


async def test_of_two_streams_of_one_proxy_the_one_that_is_worse_off_is_told(world: World) -> None:
    first = await world.synced("edge-1")
    await world.synced("edge-1")
    await world.apply(instance(2))
    await first.nack(await first.take(), "broken")
    await world.until(lambda: world.plane.traffic.nacked[EDS] == 1)
    assert states(await only_proxy(world))["ClusterLoadAssignment"] == "ERROR"


async def test_a_forgotten_proxy_is_still_shown_without_types(world: World) -> None:
    proxy = await world.synced("edge-1")
    await proxy.leave()
    await world.until(lambda: not world.plane.streams)
    await world.client.delete("/v1/proxies/edge-1")
    told = await only_proxy(world)
    assert (told["presence"], told["types"]) == ("GONE", [])
    assert (await world.get("/v1/proxies", id="other"))["proxies"] == []


# Objects


async def test_objects_are_told_in_order_with_generation_and_remarks(world: World) -> None:
    await world.apply(instance(7, generation=3, labels={"app": "other"}))
    told: Any = await world.get("/v1/objects")
    assert [(each["object"], each["generation"]) for each in told["objects"]] == [
        ("ServiceEntry/shop/pay", 1),
        ("WorkloadEntry/shop/pay-1", 1),
        ("WorkloadEntry/shop/pay-7", 3),
    ]
    assert told["objects"][2]["remarks"] == ["no ServiceEntry of its namespace selects its labels"]
    assert (told["next"], told["unnamed"]) == (None, [])


async def test_objects_come_in_pages(world: World) -> None:
    await world.apply(*(instance(number) for number in range(2, 6)))
    seen: list[str] = []
    after = ""
    while True:
        page: Any = await world.get("/v1/objects", limit="2", prefix="WorkloadEntry/", after=after)
        seen += [each["object"] for each in page["objects"]]
        if page["next"] is None:
            break
        after = page["next"]
    assert seen == [f"WorkloadEntry/shop/pay-{number}" for number in range(1, 6)]


async def test_an_object_that_its_source_rejected_is_told_too(world: World) -> None:
    key = ObjectKey("WorkloadEntry", "shop", "pay-9")
    world.problems.append(SourceProblem("files:a", key, "a.yaml:4", "spec.address: is missing", True))
    world.problems.append(SourceProblem("files:a", None, "b.yaml:1", "is not valid YAML", True))
    told: Any = await world.get("/v1/objects", prefix="WorkloadEntry/shop/pay-9")
    (rejected,) = told["objects"]
    assert (rejected["applied"], rejected["generation"]) == (False, 0)
    assert rejected["problems"] == [
        {
            "source": "files:a",
            "object": "WorkloadEntry/shop/pay-9",
            "place": "a.yaml:4",
            "message": "spec.address: is missing",
            "rejected": True,
        }
    ]
    assert [problem["place"] for problem in told["unnamed"]] == ["b.yaml:1"]


async def test_a_bad_page_size_is_refused(world: World) -> None:
    response = await world.client.get("/v1/objects", params={"limit": "0"})
    assert (response.status_code, response.json()["error"]) == (400, "limit: '0' is not a whole number from 1 to 5000")


async def test_an_explanation_holds_the_object_and_its_receipt(world: World) -> None:
    told: Any = await world.get("/v1/explain/we/shop/pay-1")
    assert (told["object"], told["applied"], told["generation"]) == ("WorkloadEntry/shop/pay-1", True, 1)
    assert told["receipt"]["outcome"] == "CONFIRMED"


async def test_an_object_that_is_not_there_is_explained_by_its_deletion(world: World) -> None:
    told: Any = await world.get("/v1/explain/we/shop/pay-9")
    assert (told["applied"], told["receipt"]["deleted"], told["receipt"]["outcome"]) == (False, True, "CONFIRMED")


async def test_draining_the_last_endpoint_is_explained_as_an_obstacle(world: World) -> None:
    await world.apply(instance(1, generation=2, draining=True))
    told: Any = await world.get("/v1/explain/we/shop/pay-1")
    assert told["receipt"]["outcome"] == "PENDING"
    (reason,) = told["receipt"]["reasons"]
    assert reason.startswith(f"every endpoint of {SERVICE} is draining")
    assert reason in told["remarks"]


# Health


async def test_while_it_loads_it_lives_and_is_not_ready() -> None:
    async with running(ready=False) as world:
        world.service.stage = "files:entries is being read"
        assert (await world.client.get("/healthz")).status_code == 200
        response = await world.client.get("/readyz")
        assert (response.status_code, response.text) == (503, "not ready: files:entries is being read\n")
        receipt = await world.get("/v1/receipts/we/shop/pay-1")
        assert (receipt["outcome"], receipt["reasons"]) == ("UNKNOWN", ["the control plane is still loading"])
        world.runtime.start(roster_known=True)
        assert (await world.client.get("/readyz")).status_code == 200


async def test_when_it_shuts_down_it_is_not_ready(world: World) -> None:
    world.service.close()
    response = await world.client.get("/readyz")
    assert (response.status_code, response.text) == (503, "not ready: the control plane is shutting down\n")


async def test_a_path_that_there_is_not_is_told(world: World) -> None:
    response = await world.client.get("/v1/receipt/we/shop/pay-1")
    assert response.status_code == 404
    assert "/v1/receipts/KIND/NAMESPACE/NAME" in response.json()["error"]
    assert (await world.client.post("/v1/proxies")).status_code == 405


# Metrics


async def metrics(world: World) -> dict[str, float]:
    """Each sample, as `name{label=value}`."""
    text = (await world.client.get("/metrics")).text
    found = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            labels = ",".join(f"{name}={value}" for name, value in sorted(sample.labels.items()))
            found[f"{sample.name}{{{labels}}}" if labels else sample.name] = sample.value
    return found


async def test_metrics_count_what_there_is(world: World) -> None:
    await world.synced("edge-1")
    left = await world.synced("edge-2")
    await left.leave()
    await world.until(lambda: len(world.plane.streams) == 1)
    world.problems.append(SourceProblem("files:a", None, "b.yaml:1", "is not valid YAML", True))
    world.runtime.trouble("files:b", "it is gone")
    await world.get("/v1/receipts/we/shop/pay-1")
    found = await metrics(world)
    assert all(name.startswith("lastack_") for name in found)
    expected = {
        "lastack_ready": 1,
        "lastack_streams_open": 1,
        "lastack_proxies{presence=CONNECTED}": 1,
        "lastack_proxies{presence=ABSENT}": 1,
        "lastack_proxy_types{state=SYNCED,type=Cluster}": 1,
        "lastack_proxy_types{state=ABSENT,type=Cluster}": 1,
        "lastack_responses_sent_total{type=Cluster}": 2,
        "lastack_acks_total{type=ClusterLoadAssignment}": 2,
        "lastack_nacks_total{type=Cluster}": 0,
        "lastack_receipts_total{outcome=UNKNOWN}": 1,
        "lastack_receipts_waiting": 0,
        "lastack_objects{kind=ServiceEntry}": 1,
        "lastack_objects{kind=WorkloadEntry}": 1,
        "lastack_documents_rejected{source=files:a}": 1,
        "lastack_source_troubles": 1,
        "lastack_ledger_revision": 2,
    }
    assert {name: found.get(name) for name in expected} == expected


async def test_the_time_to_confirmed_is_measured_from_the_question_on(world: World) -> None:
    await world.get("/v1/receipts/we/shop/pay-1")
    await world.get("/v1/receipts/we/shop/nope")
    found = await metrics(world)
    assert found["lastack_receipt_confirmed_seconds_count"] == 1
    assert found["lastack_receipts_total{outcome=PENDING}"] == 1


async def test_an_answer_that_is_overdue_is_told() -> None:
    async with running(Timing(stale=1e-6)) as world:
        proxy = await world.synced("edge-1")
        await world.apply(instance(2))
        await proxy.take()
        world.runtime.discovery.tick()
        told = await only_proxy(world)
        assert [status["overdue"] for status in told["types"]] == [False, True]
        assert (await metrics(world))["lastack_responses_overdue"] == 1


async def test_a_straggler_names_the_resource_as_the_proxies_know_it(world: World) -> None:
    proxy = await world.synced("edge-1")
    await world.apply(instance(2))
    await proxy.take()
    receipt: Any = await world.get(f"/v1/receipts/we/shop/{instance_key(2).name}")
    assert receipt["stragglers"][0]["resource"].endswith(CLUSTER)
