"""The gRPC server: thin faces of the streams on `grpc.aio`. It decides nothing.

Each stream has a reader, which hands requests to the plane, and a writer, which writes what the plane gives; a stream
that has something to send is told so through an event, never by polling.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import grpc
import structlog

from ledger.ids import StreamId, TypeUrl
from xds.plane import Plane
from xds.protocol.errors import Status, StreamError
from xds.protocol.stream import Peer, Stream, Transport
from xds.types import CDS, EDS, LDS, RDS

log = structlog.get_logger("xds")

Clock = Callable[[], float]
"""Seconds since the epoch, never going back."""

_DISCOVERY = "envoy.service.discovery.v3.AggregatedDiscoveryService"

SERVICES: dict[str, TypeUrl | None] = {
    _DISCOVERY: None,
    "envoy.service.cluster.v3.ClusterDiscoveryService": CDS,
    "envoy.service.endpoint.v3.EndpointDiscoveryService": EDS,
    "envoy.service.listener.v3.ListenerDiscoveryService": LDS,
    "envoy.service.route.v3.RouteDiscoveryService": RDS,
}
"""The gRPC services (rule 1), and the type that each serves; None: all."""

_METHODS = {
    None: ("StreamAggregatedResources", "DeltaAggregatedResources"),
    CDS: ("StreamClusters", "DeltaClusters"),
    EDS: ("StreamEndpoints", "DeltaEndpoints"),
    LDS: ("StreamListeners", "DeltaListeners"),
    RDS: ("StreamRoutes", "DeltaRoutes"),
}

_STATUS = {status: grpc.StatusCode[status.name] for status in Status}


@dataclass(slots=True)
class Limits:
    """Limits of the gRPC server.

    message_bytes: of a request; a delta request of 100,000 names is about 8 MB, but those come in parts; Envoy's node
        alone is 61 kB. streams: per connection; a proxy needs one, or one per type. keepalive_seconds and
        ping_timeout_seconds: a frozen peer is noticed after their sum, and only if both are set (rule 34). max_streams:
        in all.
    """

    message_bytes: int = 4 * 1024 * 1024
    streams_per_connection: int = 100
    keepalive_seconds: float = 10.0
    ping_timeout_seconds: float = 2.0
    max_streams: int = 20_000

    def options(self) -> list[tuple[str, int]]:
        """The same as channel arguments of gRPC."""
        return [
            ("grpc.max_receive_message_length", self.message_bytes),
            ("grpc.max_send_message_length", -1),
            ("grpc.max_concurrent_streams", self.streams_per_connection),
            ("grpc.keepalive_time_ms", int(1000 * self.keepalive_seconds)),
            ("grpc.keepalive_timeout_ms", int(1000 * self.ping_timeout_seconds)),
            ("grpc.http2.ping_timeout_ms", int(1000 * self.ping_timeout_seconds)),
            ("grpc.http2.max_pings_without_data", 0),
            ("grpc.keepalive_permit_without_calls", 1),
            ("grpc.http2.min_ping_interval_without_data_ms", 5000),
            ("grpc.so_reuseport", 0),
        ]


@dataclass(slots=True, eq=False)
class _Session:
    stream: Stream
    wake: asyncio.Event
    error: StreamError | None = None
    over: bool = False

    def end(self, error: StreamError | None) -> None:
        self.error = self.error or error
        self.over = True
        self.wake.set()


class DiscoveryServer:
    """Serves the plane's streams.

    Args:
        plane: the core; only this event loop may call it.
        clock: gives the time that the core is told.
        mutual_tls: peers had to show a certificate, which must cover their node id.
    """

    def __init__(self, plane: Plane, clock: Clock, limits: Limits | None = None, mutual_tls: bool = False) -> None:
        self._plane = plane
        self._clock = clock
        self._limits = limits or Limits()
        self._mutual_tls = mutual_tls
        self._sessions: dict[StreamId, _Session] = {}
        self._closing = False
        self.after_pump: list[Callable[[], None]] = []
        """Called after every call of the plane, on the event loop; they must be quick, and not call the plane."""

    def add_to(self, server: grpc.aio.Server) -> None:
        """Registers the discovery services."""
        for service, only in SERVICES.items():
            handlers: dict[str, grpc.RpcMethodHandler[bytes, bytes]] = {
                name: grpc.stream_stream_rpc_method_handler(self._handler(Transport(delta, only)))
                for name, delta in zip(_METHODS[only], (False, True), strict=True)
            }
            server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, handlers),))

    def pump(self) -> None:
        """Wakes the streams that have something to send. To be called after every call of the plane."""
        for stream in self._plane.take_woken():
            session = self._sessions.get(stream)
            if session is not None:
                session.wake.set()
        for call in self.after_pump:
            call()

    def tick(self) -> None:
        """Looks at the deadlines; to be called about once a second."""
        for stream, error in self._plane.tick(self._clock()):
            session = self._sessions.get(stream.id)
            if session is not None:
                session.end(error)
        self.pump()

    async def drain(self, seconds: float) -> None:
        """Ends the streams one after another over that time, so that the proxies don't all come back at once."""
        self._closing = True
        sessions = list(self._sessions.values())
        for session in sessions:
            session.end(StreamError(Status.UNAVAILABLE, "the control plane is shutting down"))
            await asyncio.sleep(seconds / len(sessions))

    def _handler(self, transport: Transport) -> Callable[[AsyncIterator[bytes], Any], Awaitable[None]]:
        async def handle(_: AsyncIterator[bytes], context: grpc.aio.ServicerContext[bytes, bytes]) -> None:
            await self._serve(transport, context)

        return handle

    async def _serve(self, transport: Transport, context: grpc.aio.ServicerContext[bytes, bytes]) -> None:
        if self._closing:
            await context.abort(grpc.StatusCode.UNAVAILABLE, "the control plane is shutting down")
        if len(self._sessions) >= self._limits.max_streams:
            await context.abort(
                grpc.StatusCode.RESOURCE_EXHAUSTED, f"{self._limits.max_streams} streams are open, which is the limit"
            )
        peer = Peer(context.peer(), self._names(context))
        stream = self._plane.open_stream(transport, peer, self._clock())
        session = _Session(stream, asyncio.Event())
        self._sessions[stream.id] = session
        reader = asyncio.create_task(self._read(session, context))
        try:
            await self._write(session, context)
        finally:
            # Also when the peer is gone and this task is cancelled: the end of the stream must never be missed.
            reader.cancel()
            del self._sessions[stream.id]
            self._plane.end_stream(stream, self._clock())
            self.pump()
            self._log_end(session)
        if session.error is not None:
            # Rule 33: cancelling would leave the stream open for the peer.
            await context.abort(_STATUS[session.error.status], session.error.message)

    async def _read(self, session: _Session, context: grpc.aio.ServicerContext[bytes, bytes]) -> None:
        stream = session.stream
        try:
            while True:
                data: object = await context.read()
                if not isinstance(data, bytes):  # grpc.aio.EOF
                    break
                introduced = stream.record is not None
                self._plane.receive(stream, data, self._clock())
                if not introduced and stream.proxy is not None:
                    log.info("stream opened", proxy=stream.proxy.id, stream=stream.id, peer=stream.peer.address)
                self.pump()
            session.end(None)
        except StreamError as error:
            session.end(error)
        except Exception as error:
            log.exception("request failed", stream=stream.id, peer=stream.peer.address)
            session.end(StreamError(Status.UNAVAILABLE, f"internal error: {type(error).__name__}"))

    async def _write(self, session: _Session, context: grpc.aio.ServicerContext[bytes, bytes]) -> None:
        while True:
            await session.wake.wait()
            session.wake.clear()
            while not session.over:
                response = self._plane.next_response(session.stream, self._clock())
                if response is None:
                    break
                await context.write(response)
            if session.over:
                return

    def _names(self, context: grpc.aio.ServicerContext[bytes, bytes]) -> tuple[str, ...] | None:
        if not self._mutual_tls:
            return None
        names = context.auth_context().get("x509_subject_alternative_name", ())
        return tuple(name.decode(errors="replace") for name in names)

    def _log_end(self, session: _Session) -> None:
        stream = session.stream
        about = {"stream": stream.id, "peer": stream.peer.address}
        if stream.proxy is not None:
            about["proxy"] = stream.proxy.id
        if session.error is None:
            log.info("stream ended", **about)
        else:
            log.warning("stream refused", status=session.error.status.value, reason=session.error.message, **about)
