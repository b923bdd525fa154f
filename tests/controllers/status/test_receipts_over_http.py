"""Receipts over HTTP, of proxies on real connections."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import pytest

from tests.controllers.documents import CLUSTER, gone, instance
from tests.controllers.world import World, running
from xds.types import CDS, EDS

INSTANCE = "/v1/receipts/WorkloadEntry/shop/pay-1"
SECOND = "/v1/receipts/WorkloadEntry/shop/pay-2"


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with running() as made:
        yield made


def straggler(receipt: Any) -> Any:
    (only,) = receipt["stragglers"]
    return only


async def test_without_proxies_a_receipt_is_confirmed_at_once(world: World) -> None:
    assert await world.get(INSTANCE) == {
        "object": "WorkloadEntry/shop/pay-1",
        "outcome": "CONFIRMED",
        "generation": 0,
        "applied_generation": 1,
        "deleted": False,
        "acked": 0,
        "audience": 0,
        "pending": 0,
        "nacked": 0,
        "excluded": 0,
        "stragglers": [],
        "released": [],
        "reasons": [],
    }


async def test_a_receipt_that_is_waited_for_comes_with_the_ack_that_completes_it(world: World) -> None:
    proxy = await world.synced("edge-1")
    await world.apply(instance(2))
    change = await proxy.take()
    waiting = asyncio.create_task(world.get(SECOND, timeout="20s"))
    await world.until(lambda: len(world.plane.room) == 1)
    await proxy.ack(change)
    receipt = await waiting
    assert (receipt["outcome"], receipt["acked"], receipt["audience"]) == ("CONFIRMED", 1, 1)
    assert len(world.plane.room) == 0


async def test_a_silent_proxy_is_named_with_resource_and_time(world: World) -> None:
    proxy = await world.synced("edge-1")
    await world.apply(instance(2))
    await proxy.take()
    receipt = await world.get(SECOND)
    assert (receipt["outcome"], receipt["pending"], receipt["nacked"]) == ("PENDING", 1, 0)
    found = straggler(receipt)
    assert (found["proxy"], found["state"]) == ("edge-1", "SENT")
    assert found["stream"] > 0
    assert found["resource"] == f"ClusterLoadAssignment {CLUSTER}"
    assert datetime.fromisoformat(found["since"]).timestamp() <= world.runtime.clock()


async def test_a_nack_is_told_in_the_proxys_words(world: World) -> None:
    proxy = await world.synced("edge-1")
    await world.apply(instance(2))
    await proxy.nack(await proxy.take(), "no such locality")
    await world.until(lambda: world.plane.traffic.nacked[EDS] == 1)
    receipt = await world.get(SECOND)
    assert (receipt["outcome"], receipt["pending"], receipt["nacked"]) == ("PENDING", 0, 1)
    assert (straggler(receipt)["state"], straggler(receipt)["detail"]) == ("NACKED", "no such locality")


async def test_an_absent_proxy_holds_receipts_back_until_it_is_forgotten(world: World) -> None:
    proxy = await world.synced("spiffe://mesh/ns/shop/sa/cart")
    assert (await world.client.delete("/v1/proxies/spiffe://mesh/ns/shop/sa/cart")).status_code == 409
    await proxy.leave()
    await world.until(lambda: not world.plane.streams)
    await world.apply(instance(2))
    receipt = await world.get(SECOND)
    assert receipt["outcome"] == "PENDING"
    assert (straggler(receipt)["state"], straggler(receipt)["stream"]) == ("ABSENT", 0)
    waiting = asyncio.create_task(world.get(SECOND, timeout="20s"))
    await world.until(lambda: len(world.plane.room) == 1)
    forgotten = await world.client.delete("/v1/proxies/spiffe%3A%2F%2Fmesh%2Fns%2Fshop%2Fsa%2Fcart")
    assert forgotten.json() == {"proxy": "spiffe://mesh/ns/shop/sa/cart", "presence": "GONE"}
    assert (await waiting)["outcome"] == "CONFIRMED"


async def test_a_proxy_that_is_not_known_can_not_be_forgotten(world: World) -> None:
    response = await world.client.delete("/v1/proxies/nobody")
    assert (response.status_code, response.json()) == (404, {"error": "no proxy 'nobody' is known here"})


async def test_a_proxy_that_asks_for_something_else_is_excluded_and_named_on_request(world: World) -> None:
    await world.synced("edge-1")
    other = world.proxy("edge-2")
    await other.ask(EDS, ["another"])
    await other.ack(await other.take())
    await world.until(lambda: not world.plane.deliveries.connecting)
    receipt = await world.get(INSTANCE, excluded="names")
    assert (receipt["outcome"], receipt["acked"], receipt["audience"]) == ("CONFIRMED", 1, 1)
    assert (receipt["excluded"], receipt["excluded_names"]) == (1, ["edge-2"])


async def test_a_deletion_has_a_receipt_too(world: World) -> None:
    await world.apply(instance(2))
    proxy = await world.synced("edge-1")
    still_there = await world.get(SECOND, deleted="true")
    assert still_there["outcome"] == "PENDING"
    assert still_there["reasons"] == ["WorkloadEntry/shop/pay-2 is still there, at generation 1"]
    await world.apply(gone(2))
    waiting = asyncio.create_task(world.get(SECOND, deleted="true", timeout="20s"))
    await proxy.ack(await proxy.take())
    assert (await waiting)["outcome"] == "CONFIRMED"


async def test_a_generation_that_is_not_applied_yet_is_waited_for(world: World) -> None:
    early = await world.get(INSTANCE, generation="2")
    assert early["outcome"] == "PENDING"
    assert early["reasons"] == ["WorkloadEntry/shop/pay-1 is applied at generation 1, not yet at 2"]
    waiting = asyncio.create_task(world.get(INSTANCE, generation="2", timeout="20s"))
    await world.until(lambda: len(world.plane.room) == 1)
    await world.apply(instance(1, generation=2, draining=False, labels={"app": "pay", "v": "2"}))
    receipt = await waiting
    assert (receipt["outcome"], receipt["applied_generation"]) == ("CONFIRMED", 2)


async def test_a_kind_may_be_written_short_and_in_any_case(world: World) -> None:
    for kind in ("we", "WE", "workloadentry"):
        assert (await world.get(f"/v1/receipts/{kind}/shop/pay-1"))["object"] == "WorkloadEntry/shop/pay-1"
    for kind in ("se", "SERVICEENTRY"):
        assert (await world.get(f"/v1/receipts/{kind}/shop/pay"))["object"] == "ServiceEntry/shop/pay"


async def test_at_the_timeout_the_receipt_is_told_as_it_is(world: World) -> None:
    assert (await world.get("/v1/receipts/we/shop/nope", timeout="20ms"))["reasons"] == [
        "WorkloadEntry/shop/nope is not known here"
    ]
    assert len(world.plane.room) == 0


@pytest.mark.parametrize(
    ("parameters", "error"),
    [
        ({"timeout": "soon"}, "timeout: 'soon' is not a duration: write 30s, 500ms, 2m or 1h"),
        ({"timeout": "-1s"}, "timeout: '-1s' is not a duration: write 30s, 500ms, 2m or 1h"),
        ({"timout": "1s"}, "timout: is not a parameter here: did you mean timeout?"),
        ({"generation": "x"}, "generation: 'x' is not a whole number from 0 to 9223372036854775807"),
        ({"generation": "-1"}, "generation: '-1' is not a whole number from 0 to 9223372036854775807"),
        ({"deleted": "yes"}, "deleted: 'yes' is neither true nor false"),
        ({"excluded": "all"}, "excluded: 'all' can't be one: write names, or leave it out"),
    ],
)
async def test_a_bad_parameter_is_named_with_its_remedy(world: World, parameters: dict[str, str], error: str) -> None:
    response = await world.client.get(INSTANCE, params=parameters)
    assert (response.status_code, response.json()) == (400, {"error": error})


async def test_a_kind_that_there_is_not_is_a_bad_argument(world: World) -> None:
    response = await world.client.get("/v1/receipts/Pod/shop/pay-1")
    assert response.status_code == 400
    assert response.json()["error"] == "kind: 'Pod' is not a kind: write WorkloadEntry (we) or ServiceEntry (se)"


async def test_a_client_that_hangs_up_is_waited_for_no_more(world: World) -> None:
    waiting = asyncio.create_task(world.get("/v1/receipts/we/shop/nope", timeout="10m"))
    await world.until(lambda: len(world.plane.room) == 1)
    waiting.cancel()
    await world.until(lambda: len(world.plane.room) == 0)


async def test_who_waits_when_the_control_plane_shuts_down_is_told_unknown(world: World) -> None:
    waiting = asyncio.create_task(world.get("/v1/receipts/we/shop/nope", timeout="10m"))
    await world.until(lambda: len(world.plane.room) == 1)
    world.service.close()
    receipt = await waiting
    assert receipt["outcome"] == "UNKNOWN"
    assert "the control plane is shutting down" in str(receipt["reasons"])


async def test_while_a_source_is_in_doubt_about_an_object_its_receipt_is_unknown_and_no_other(world: World) -> None:
    await world.apply(instance(2))
    world.doubts["WorkloadEntry/shop/pay-1"] = "a.yaml:3: spec.address: is missing"
    receipt = await world.get(INSTANCE)
    assert (receipt["outcome"], receipt["reasons"]) == ("UNKNOWN", ["a.yaml:3: spec.address: is missing"])
    assert (await world.get(SECOND))["outcome"] == "CONFIRMED"
    waiting = asyncio.create_task(world.get(INSTANCE, timeout="20s"))
    world.doubts.clear()
    assert (await waiting)["outcome"] == "CONFIRMED"


async def test_a_watched_receipt_is_told_whenever_it_changes_until_it_is_confirmed(world: World) -> None:
    proxy = await world.synced("edge-1")
    await world.apply(instance(2))
    change = await proxy.take()
    seen = []
    async with world.client.stream("GET", SECOND, params={"watch": "true", "timeout": "20s"}) as response:
        assert response.headers["content-type"] == "application/x-ndjson"
        async for line in response.aiter_lines():
            seen.append(json.loads(line)["outcome"])
            if len(seen) == 1:
                await proxy.ack(change)
    assert seen == ["PENDING", "CONFIRMED"]


async def test_a_new_stream_holds_every_receipt_back_until_it_has_shown_what_it_holds(world: World) -> None:
    proxy = world.proxy("edge-1")
    await proxy.ask(CDS)
    clusters = await proxy.take()
    receipt = await world.get(INSTANCE)
    assert receipt["outcome"] == "PENDING"
    stragglers: Any = receipt["stragglers"]
    assert {found["state"] for found in stragglers} >= {"CONNECTING"}
    waiting = asyncio.create_task(world.get(INSTANCE, timeout="20s"))
    await proxy.ack(clusters)
    assert (await waiting)["outcome"] == "CONFIRMED"
