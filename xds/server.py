"""The gRPC server: thin faces of the streams on `grpc.aio`. It decides nothing.

Each stream has a task that reads, and hands requests to the plane; while there is something to send, it has another one
that writes what the plane gives. Nothing polls, and an idle stream has nothing but its reader.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import grpc
import structlog

from ledger.ids import StreamId, TypeUrl
from xds.limits import Limits
from xds.pace import Meter, Pace
from xds.plane import Plane
from xds.protocol.errors import Status, StreamError
from xds.protocol.introduction import Peer
from xds.protocol.stream import Stream, Transport
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


@dataclass(slots=True, eq=False)
class _Session:
    """A stream as gRPC has it. reader, writer: its tasks; headers: those of the response, while they are being sent."""

    stream: Stream
    meter: Meter
    context: grpc.aio.ServicerContext[bytes, bytes]
    reader: asyncio.Task[None]
    writer: asyncio.Task[None] | None = None
    headers: asyncio.Future[None] | None = None
    begun: bool = False
    error: StreamError | None = None
    over: bool = False

    def end(self, error: StreamError | None) -> None:
        """Has the reader stop, and tell the peer why."""
        if not self.over:
            self.over, self.error = True, error
            self.reader.cancel()


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
        self._pace = Pace()
        self._open = 0
        self._closing = False
        self._answering = False
        """Whether it will be gone on with receipts of which there were too many."""
        self.after_pump: list[Callable[[], None]] = []
        """Called after every call of the plane, on the event loop; they must be quick, and not call the plane."""
        self.barred: Callable[[], str | None] = lambda: None
        """Why nobody may be served now; None: they may. Asked before a request is taken in, and a response given."""

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
            if session is not None and session.writer is None and session.stream.has_unsent:
                session.writer = asyncio.create_task(self._write(session))
        if self._plane.unanswered and not self._answering:
            self._answering = True
            asyncio.get_running_loop().call_soon(self._answer)
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

    def _answer(self) -> None:
        self._answering = False
        self._plane.answer(self._clock())
        self.pump()

    def _handler(self, transport: Transport) -> Callable[[AsyncIterator[bytes], Any], Awaitable[None]]:
        async def handle(_: AsyncIterator[bytes], context: grpc.aio.ServicerContext[bytes, bytes]) -> None:
            await self._serve(transport, context)

        return handle

    async def _serve(self, transport: Transport, context: grpc.aio.ServicerContext[bytes, bytes]) -> None:
        if self._closing:
            await context.abort(grpc.StatusCode.UNAVAILABLE, "the control plane is shutting down")
        if (why := self.barred()) is not None:
            await context.abort(grpc.StatusCode.UNAVAILABLE, why)
        if self._open >= self._limits.max_streams:
            await context.abort(
                grpc.StatusCode.RESOURCE_EXHAUSTED, f"{self._limits.max_streams} streams are open, which is the limit"
            )
        self._open += 1
        reader = asyncio.current_task()
        assert reader is not None
        reader.add_done_callback(self._closed)  # not the context: that would hold itself from then on
        peer = Peer(context.peer(), self._names(context))
        stream = self._plane.open_stream(transport, peer, self._clock())
        session = _Session(stream, self._pace.meter(peer.address, time.monotonic()), context, reader)
        self._sessions[stream.id] = session
        try:
            await self._read(session)
        except asyncio.CancelledError:
            if not session.over or reader.uncancel():  # the peer is gone
                raise
        finally:
            # Also when the peer is gone and this task is cancelled: the end of the stream must never be missed. Nor may
            # it wait for the writer, which a peer that doesn't read may hold up for ever.
            session.over = True
            if session.writer is not None:
                session.writer.cancel()
            del self._sessions[stream.id]
            self._plane.end_stream(stream, self._clock())
            self.pump()
            self._log_end(session)
        if session.headers is not None:  # gRPC refuses to end a stream while they are being sent
            await asyncio.wait([session.headers])
        if session.error is not None:
            # Rule 33: cancelling would leave the stream open for the peer.
            await context.abort(_STATUS[session.error.status], session.error.message)

    def _closed(self, _: object) -> None:
        """A call is over for gRPC too: it holds nothing any more of what the peer did not read."""
        self._open -= 1

    async def _read(self, session: _Session) -> None:
        try:
            pause = self._pace.start(session.meter, time.monotonic())
            if pause:
                session.stream.paused = True
                await asyncio.sleep(pause)
                self._plane.is_read(session.stream, self._clock())
            while True:
                data: object = await session.context.read()
                if not isinstance(data, bytes):  # grpc.aio.EOF
                    return
                pause = self._receive(session, data)
                del data  # it may be large, and the next one long in coming
                session.stream.paused = pause > 0
                if pause:
                    await asyncio.sleep(pause)
        except StreamError as error:
            # Another one, without the frames of this one: they hold the request, and gRPC would hold them in a cycle.
            session.error = StreamError(error.status, error.message)
        except Exception as error:
            session.error = _internal(session, error)

    def _receive(self, session: _Session, data: bytes) -> float:
        """Hands a request to the plane. Returns the seconds after which to read the next one."""
        if (why := self.barred()) is not None:
            raise StreamError(Status.UNAVAILABLE, why)
        stream, began = session.stream, time.monotonic()
        introduced, unasked = stream.record is not None, stream.unasked
        try:
            self._plane.receive(stream, data, self._clock())
        except StreamError:
            ended = time.monotonic()
            self._pace.refused(session.meter, ended - began, ended)
            raise
        if not introduced and stream.proxy is not None:
            log.info("stream opened", proxy=stream.proxy.id, stream=stream.id, peer=stream.peer.address)
        self.pump()
        if stream.unasked == unasked:
            return 0.0
        ended = time.monotonic()
        return self._pace.pause(session.meter, ended - began, ended)

    async def _write(self, session: _Session) -> None:
        """Writes what there is, until there is nothing more."""
        stream, context = session.stream, session.context
        try:
            if not session.begun:
                # Apart from the first response, or gRPC could not end the stream of a peer that does not read that.
                session.begun = True
                session.headers = asyncio.ensure_future(context.send_initial_metadata(()))
                session.headers.add_done_callback(_look_at)
                await asyncio.shield(session.headers)
                session.headers = None
            while (why := self.barred()) is None:
                response = self._plane.next_response(stream, self._clock())
                if response is None:
                    return
                await context.write(response)
            session.end(StreamError(Status.UNAVAILABLE, why))
        except grpc.aio.InternalError:  # the peer is gone
            session.end(None)
        except Exception as error:
            session.end(_internal(session, error))
        finally:
            session.writer = None

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
        elif self._closing and session.error.status is Status.UNAVAILABLE:
            log.info("stream ended", reason=session.error.message, **about)
        else:
            log.warning("stream refused", status=session.error.status.value, reason=session.error.message, **about)


def _internal(session: _Session, error: Exception) -> StreamError:
    log.exception("request failed", stream=session.stream.id, peer=session.stream.peer.address)
    return StreamError(Status.UNAVAILABLE, f"internal error: {type(error).__name__}")


def _look_at(headers: asyncio.Future[None]) -> None:
    """That they could not be sent is known to whoever waits for them; asyncio need not complain of it."""
    if not headers.cancelled():
        headers.exception()
