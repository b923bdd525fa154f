"""The status API over gRPC: `lastack.status.v1.Status`, and the standard health and reflection services."""

from collections.abc import AsyncIterator, Iterable

import grpc
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from controllers.status.encoding import in_order, stream_shown
from controllers.status.model import ProxyStatus, TypeStatus
from controllers.status.questions import LONGEST_TIMEOUT, BadArgument, checked_stay, object_key, query
from controllers.status.service import StatusService
from ledger.receipts import Query, Receipt, Straggler
from ledger.roster import Presence
from protos import status_pb2, status_pb2_grpc
from xds.server import SERVICES

STATUS = status_pb2.DESCRIPTOR.services_by_name["Status"].full_name

_Context = grpc.aio.ServicerContext[object, object]


class Health:
    """The standard health service: of the whole server and of each of its services."""

    def __init__(self) -> None:
        self._servicer = health.aio.HealthServicer()

    def add_to(self, server: grpc.aio.Server) -> None:
        health_pb2_grpc.add_HealthServicer_to_server(self._servicer, server)

    async def tell(self, serving: bool) -> None:
        """Whether proxies are served."""
        word = health_pb2.HealthCheckResponse.SERVING if serving else health_pb2.HealthCheckResponse.NOT_SERVING
        for service in ("", STATUS, *SERVICES):
            await self._servicer.set(service, word)


def add_status_to(server: grpc.aio.Server, service: StatusService) -> None:
    """Registers the status service, and reflection of it."""
    status_pb2_grpc.add_StatusServicer_to_server(_Status(service), server)
    names = (STATUS, health.SERVICE_NAME, reflection.SERVICE_NAME)
    reflection.enable_server_reflection(names, server)


class _Status(status_pb2_grpc.StatusServicer):
    def __init__(self, service: StatusService) -> None:
        self._service = service

    async def GetReceipt(self, request: status_pb2.GetReceiptRequest, context: _Context) -> status_pb2.Receipt:
        asked, timeout, stays = await _question(request, context)
        return receipt_message(await self._service.receipt(asked, timeout, stays))

    async def WatchReceipt(
        self, request: status_pb2.GetReceiptRequest, context: _Context
    ) -> AsyncIterator[status_pb2.Receipt]:
        asked, timeout, stays = await _question(request, context)
        async for receipt in self._service.watch(asked, timeout, stays):
            yield receipt_message(receipt)

    async def ListProxies(
        self, request: status_pb2.ListProxiesRequest, context: _Context
    ) -> status_pb2.ListProxiesResponse:
        known = [proxy for proxy in self._service.proxies() if proxy.presence is not Presence.GONE]
        return status_pb2.ListProxiesResponse(proxies=[_proxy(proxy) for proxy in known])


async def _question(request: status_pb2.GetReceiptRequest, context: _Context) -> tuple[Query, float, float]:
    try:
        key = object_key(request.kind, request.namespace, request.name)
        timeout, stays = _seconds("timeout", request.timeout), _seconds("stays", request.stays)
        return query(key, request.generation, request.deleted), min(timeout, LONGEST_TIMEOUT), checked_stay(stays)
    except BadArgument as error:
        await context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(error))


def _seconds(name: str, duration: Duration) -> float:
    seconds = duration.seconds + duration.nanos / 1e9
    if seconds < 0:
        raise BadArgument(name, f"{seconds:g} s is in the past: write 0, or leave it out")
    return seconds


def receipt_message(receipt: Receipt) -> status_pb2.Receipt:
    """The receipt as a message."""
    return status_pb2.Receipt(
        object=str(receipt.query.key),
        outcome=status_pb2.Receipt.Outcome.Value(receipt.outcome.value),
        generation=receipt.query.generation,
        applied_generation=receipt.applied,
        deleted=receipt.deleted,
        acked=receipt.acked,
        audience=receipt.audience,
        excluded=len(receipt.excluded),
        stragglers=_stragglers(receipt.stragglers),
        released=_stragglers(receipt.released),
        reasons=receipt.reasons,
    )


def _stragglers(stragglers: Iterable[Straggler]) -> list[status_pb2.Straggler]:
    return [
        status_pb2.Straggler(
            proxy=straggler.proxy,
            stream=stream_shown(straggler),
            resource=straggler.resource,
            state=status_pb2.Straggler.State.Value(straggler.state.value),
            since=_time(straggler.since),
            detail=straggler.detail,
        )
        for straggler in in_order(stragglers)
    ]


def _proxy(proxy: ProxyStatus) -> status_pb2.ProxyStatus:
    return status_pb2.ProxyStatus(
        id=proxy.id,
        connected=proxy.presence is Presence.CONNECTED,
        address=proxy.address,
        user_agent=proxy.user_agent,
        since=_time(proxy.since),
        types=[_type(status) for status in proxy.types],
    )


def _type(status: TypeStatus) -> status_pb2.TypeStatus:
    return status_pb2.TypeStatus(
        type_url=status.type_url,
        state=status_pb2.TypeStatus.SyncState.Value(status.state.value),
        wanted_version=status.wanted_version,
        acked_version=status.acked_version,
        since=_time(status.since),
        last_error=status.last_error,
        behind=status.behind,
    )


def _time(seconds: float) -> Timestamp:
    whole = int(seconds)
    return Timestamp(seconds=whole, nanos=int((seconds - whole) * 1e9))
