"""The status API over gRPC: the same answers, and the standard services."""

import asyncio
from collections.abc import AsyncIterator

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from controllers.status.rpc import STATUS
from ledger.receipts import Outcome, StragglerState
from protos import status_pb2
from protos.status_pb2 import GetReceiptRequest, ListProxiesRequest, Receipt, Straggler, TypeStatus
from protos.status_pb2_grpc import StatusStub
from tests.controllers.documents import instance
from tests.controllers.world import World, running


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with running() as made:
        yield made


@pytest.fixture
async def channel(world: World) -> AsyncIterator[grpc.aio.Channel]:
    async with grpc.aio.insecure_channel(f"127.0.0.1:{world.port}") as made:
        yield made


def asked(name: str, seconds: int = 0, generation: int = 0) -> GetReceiptRequest:
    timeout = Duration(seconds=seconds)
    return GetReceiptRequest(kind="we", namespace="shop", name=name, timeout=timeout, generation=generation)


async def test_a_receipt_is_the_same_as_over_http(world: World, channel: grpc.aio.Channel) -> None:
    proxy = await world.synced("edge-1")
    await world.apply(instance(2))
    await proxy.take()
    receipt = await StatusStub(channel).GetReceipt(asked("pay-2"))
    http = await world.get("/v1/receipts/we/shop/pay-2")
    assert Receipt.Outcome.Name(receipt.outcome) == http["outcome"] == "PENDING"
    assert (receipt.object, receipt.acked, receipt.audience) == (http["object"], http["acked"], http["audience"])
    (straggler,) = receipt.stragglers
    assert (straggler.proxy, straggler.state) == ("edge-1", Straggler.SENT)
    assert straggler.since.ToSeconds() > 0


async def test_a_receipt_is_waited_for(world: World, channel: grpc.aio.Channel) -> None:
    proxy = await world.synced("edge-1")
    await world.apply(instance(2))
    change = await proxy.take()
    waiting = asyncio.ensure_future(StatusStub(channel).GetReceipt(asked("pay-2", seconds=20)))
    await world.until(lambda: len(world.plane.room) == 1)
    await proxy.ack(change)
    assert (await waiting).outcome == Receipt.CONFIRMED


async def test_a_watched_receipt_ends_when_it_is_confirmed(world: World, channel: grpc.aio.Channel) -> None:
    proxy = await world.synced("edge-1")
    await world.apply(instance(2))
    change = await proxy.take()
    seen = []
    async for receipt in StatusStub(channel).WatchReceipt(asked("pay-2", seconds=20)):
        seen.append(receipt.outcome)
        if len(seen) == 1:
            await proxy.ack(change)
    assert seen == [Receipt.PENDING, Receipt.CONFIRMED]


async def test_a_watched_receipt_ends_with_the_timeout(world: World, channel: grpc.aio.Channel) -> None:
    seen = [receipt.outcome async for receipt in StatusStub(channel).WatchReceipt(asked("nope"))]
    assert seen == [Receipt.PENDING]


async def test_a_receipt_has_to_stay_what_it_is_where_that_is_asked_for(channel: grpc.aio.Channel) -> None:
    question = GetReceiptRequest(kind="we", namespace="shop", name="pay-1", stays=Duration(seconds=16))
    receipt = await StatusStub(channel).GetReceipt(question)
    assert receipt.outcome == Receipt.PENDING
    assert list(receipt.reasons) == ["CONFIRMED, and it has to stay so for 16s"]


async def test_who_hangs_up_is_waited_for_no_more(world: World, channel: grpc.aio.Channel) -> None:
    waiting = StatusStub(channel).GetReceipt(asked("nope", seconds=600))
    await world.until(lambda: len(world.plane.room) == 1)
    waiting.cancel()
    await world.until(lambda: len(world.plane.room) == 0)


@pytest.mark.parametrize(
    ("request_", "told"),
    [
        (GetReceiptRequest(kind="Pod", namespace="shop", name="a"), "kind: 'Pod' is not a kind"),
        (GetReceiptRequest(kind="we", name="a"), "namespace: '' can't be one"),
        (asked("a", generation=-1), "generation: -1 can't be one"),
        (asked("a", seconds=-1), "timeout: -1 s is in the past"),
        (GetReceiptRequest(kind="we", namespace="s", name="a", stays=Duration(seconds=601)), "stays: 601 s is longer"),
    ],
)
async def test_a_bad_argument_is_named(channel: grpc.aio.Channel, request_: GetReceiptRequest, told: str) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await StatusStub(channel).GetReceipt(request_)
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert told in str(refused.value.details())


async def test_proxies_are_listed_but_for_those_that_are_gone(world: World, channel: grpc.aio.Channel) -> None:
    await world.synced("edge-1")
    gone = await world.synced("edge-2")
    await gone.leave()
    await world.until(lambda: len(world.plane.streams) == 1)
    stub = StatusStub(channel)
    listed = (await stub.ListProxies(ListProxiesRequest())).proxies
    assert [(proxy.id, proxy.connected) for proxy in listed] == [("edge-1", True), ("edge-2", False)]
    assert {status.state for status in listed[0].types} == {TypeStatus.SYNCED}
    await world.client.delete("/v1/proxies/edge-2")
    assert [proxy.id for proxy in (await stub.ListProxies(ListProxiesRequest())).proxies] == ["edge-1"]


def test_the_messages_have_a_word_for_every_outcome_and_state() -> None:
    assert {outcome.value for outcome in Outcome} <= set(status_pb2.Receipt.Outcome.keys())
    assert {state.value for state in StragglerState} <= set(status_pb2.Straggler.State.keys())


async def test_the_health_service_tells_whether_proxies_are_served(world: World, channel: grpc.aio.Channel) -> None:
    stub = health_pb2_grpc.HealthStub(channel)
    for service in ("", STATUS, "envoy.service.discovery.v3.AggregatedDiscoveryService"):
        answer = await stub.Check(health_pb2.HealthCheckRequest(service=service))
        assert answer.status == health_pb2.HealthCheckResponse.SERVING
    await world.health.tell(serving=False)
    answer = await stub.Check(health_pb2.HealthCheckRequest())
    assert answer.status == health_pb2.HealthCheckResponse.NOT_SERVING


async def test_reflection_names_the_services(channel: grpc.aio.Channel) -> None:
    stub = reflection_pb2_grpc.ServerReflectionStub(channel)
    call = stub.ServerReflectionInfo(iter([reflection_pb2.ServerReflectionRequest(list_services="")]))
    answer = await call.read()
    names = {service.name for service in answer.list_services_response.service}
    assert {STATUS, "grpc.health.v1.Health"} <= names
