"""One replica: puts the parts together, starts them in the order that keeps promises, and ends them likewise.

Proxies are served only when the roster of an earlier process is loaded and every source has been read; the API answers
from the beginning, and says so.
"""

import asyncio
import socket
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import grpc
import structlog

from controllers.addresses import Address, bind, is_loopback
from controllers.collector import Collector
from controllers.files import FileSource, Patience
from controllers.generations import Generations
from controllers.journal import Journal
from controllers.reports import Severity
from controllers.roster_keeper import RosterKeeper
from controllers.runtime import Runtime
from controllers.settings import FILES, Settings
from controllers.source import Source, SourceError
from controllers.sources import Arbiter
from controllers.state_dir import StateDir
from controllers.status.http import http_app
from controllers.status.listener import HttpListener
from controllers.status.metrics import Metrics
from controllers.status.model import SourceProblem
from controllers.status.queue_metrics import QueueCollector
from controllers.status.rpc import Health, add_status_to
from controllers.status.service import StatusService
from controllers.supervision import Supervisor
from controllers.tls import Certificates
from ledger.ids import ObjectKey
from xds.builders.filters import warm_up
from xds.limits import Limits
from xds.plane import ANSWERS_AT_ONCE, Plane
from xds.timing import Timing

if TYPE_CHECKING:
    from controllers.kubernetes.drain_controller import DrainController

log = structlog.get_logger("replica")

_LAST_CALLS_SECONDS = 1.0
"""How long what is under way has to end when a port closes."""


class Replica:
    """One control plane in this process.

    Raises:
        TlsError: the certificates can't be used.
        StateError: the state directory can't be used.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._certificates = _certificates(settings)
        self._credentials = None if self._certificates is None else self._certificates.credentials()
        self._limits = _limits(settings)
        durable = settings.state_dir is not None
        self._plane = Plane(settings.identifier, _timing(settings), durable, ANSWERS_AT_ONCE)
        mutual_tls = settings.tls_client_ca is not None
        self._runtime = Runtime(self._plane, limits=self._limits, mutual_tls=mutual_tls)
        self._arbiter = Arbiter(self._runtime)
        self._states: list[StateDir] = []
        self._keeper: RosterKeeper | None = None
        if settings.state_dir is not None:
            self._keeper = RosterKeeper(self._runtime, self._open_state(settings.state_dir))
        self._drains: list[DrainController] = []
        self._sources = [self._source(source) for source in settings.source]
        self._metrics = Metrics(self._plane, self._problems)
        queues = QueueCollector(self._runtime.clock)
        queues.queues.update((drain.name, drain.queue) for drain in self._drains)
        self._metrics.registry.register(queues)
        self._service = StatusService(self._runtime, self._problems, self._doubt, self._metrics.answered)
        self._health = Health()

    async def run(self, stop: asyncio.Event, at_once: asyncio.Event) -> None:
        """Serves until `stop`; then ends the streams one after another, or, once `at_once`, all of them.

        Raises:
            OSError: a port can't be listened at.
            SourceError: a source can't be read.
            StateError: the state directory can't be used.
            TaskDied: a part has ended that never should have.
        """
        for directory in self._settings.directories:
            if not directory.is_dir():
                raise SourceError(f"{FILES}{directory}: there is no such directory")
        if self._settings.ads.port:
            bind(self._settings.ads).close()  # a taken port is told of now, not when everything has been read
        bound = bind(self._settings.api)
        api = HttpListener(http_app(self._service, self._metrics.registry), bound)
        server = grpc.aio.server(options=self._limits.options())
        try:
            async with Supervisor() as tasks:
                serving = tasks.start("the HTTP API", api.run())
                await tasks.first(self._start(server, tasks, bound), stop.wait())
                await tasks.first(stop.wait())
                log.info("shutting down", streams=len(self._plane.streams), seconds=self._settings.drain_time)
                self._service.close()
                await self._health.tell(serving=False)
                await tasks.first(self._runtime.discovery.drain(self._settings.drain_time), at_once.wait())
                await server.stop(None if at_once.is_set() else _LAST_CALLS_SECONDS)
                if self._keeper is not None:
                    await self._keeper.finish()
                tasks.let_end(serving)
                api.stop()
                await serving
        finally:
            for state in self._states:
                state.close()
        log.info("stopped")

    async def _start(self, server: grpc.aio.Server, tasks: Supervisor, api: socket.socket) -> None:
        loop, roster_known, collector = asyncio.get_running_loop(), False, Collector()
        tasks.start("the garbage collection", collector.run())
        tasks.start("the lag measurement", self._metrics.measure_lag(loop.time))
        if self._keeper is not None:
            self._service.stage = "the roster is being loaded"
            roster_known = await asyncio.to_thread(self._keeper.load)
        for source in self._sources:
            self._service.stage = f"{source.name} is being read"
            await source.start()
            self._runtime.barriers.append(source.catch_up)
        self._service.stage = "the gRPC port is being opened"
        await asyncio.to_thread(warm_up)
        collector.settle()
        self._runtime.after_load.append(collector.loaded)
        ads = await self._open_ads(server)
        self._runtime.start(roster_known or not self._settings.settling)  # 0: nobody was here before, it is said
        tasks.start("the ticks", self._runtime.tick_forever())
        if self._keeper is not None:
            tasks.start("the roster keeper", self._keeper.run())
        for source in self._sources:
            tasks.start(f"source {source.name}", source.run())
        for drain in self._drains:
            tasks.start(drain.name, drain.run())
        await self._health.tell(serving=True)
        self._warn()
        log.info(
            "serving",
            ads=str(ads),
            api=str(Address(*api.getsockname()[:2])),
            tls="mutual" if self._settings.tls_client_ca else "server" if self._credentials else "none",
            objects=len(self._plane.ledger),
            problems=len(self._problems()),
            roster=len(self._plane.roster) if roster_known else "not known",
        )

    async def _open_ads(self, server: grpc.aio.Server) -> Address:
        """Opens the port for proxies. Returns its address, with the port that the system chose if it was to."""
        self._runtime.discovery.add_to(server)
        add_status_to(server, self._service)
        self._health.add_to(server)
        address = self._settings.ads
        try:
            if self._credentials is None:
                port = server.add_insecure_port(str(address))
            else:
                port = server.add_secure_port(str(address), self._credentials)
        except RuntimeError as error:
            raise OSError(f"can't listen at {address}: it is taken, or not an address of this machine") from error
        await server.start()
        return Address(address.host, port)

    def _warn(self) -> None:
        settings = self._settings
        if self._plane.unknowns():
            log.info("receipts are UNKNOWN while proxies return that were connected before", seconds=settings.settling)
        if not is_loopback(settings.ads.host) and settings.tls_client_ca is None:
            log.warning("without mTLS whoever reaches the gRPC port may pass for any proxy", ads=str(settings.ads))
        if not is_loopback(settings.api.host):
            log.warning("whoever reaches the API may read everything, and forget proxies", api=str(settings.api))

    # Sources

    def _source(self, source: str) -> Source:
        settings, directory = self._settings, Path(source.removeprefix(FILES))
        if source.startswith(FILES):
            source = f"{FILES}{directory}"
        sink = self._arbiter.sink(source)
        generations, save = self._generations(source)
        if source.startswith(FILES):
            patience = Patience(vanish_grace=settings.vanish_grace)
            return FileSource(directory, sink, generations, save=save, patience=patience)
        # Half a second, for who has no cluster:
        from controllers.kubernetes.drain_controller import DrainController
        from controllers.kubernetes.source import KubernetesSource

        _, _, context = source.partition(":")
        selector, journal = settings.namespace_selector, None
        if settings.state_dir is not None:
            journal = Journal(self._states[-1].path / "cluster.journal")
        cluster = KubernetesSource(context, sink, generations, save=save, journal=journal, selector=selector)
        self._drains.append(DrainController(cluster, self._runtime, settings.longest_request))
        return cluster

    def _generations(self, source: str) -> tuple[Generations, Callable[[Generations], None] | None]:
        """A source's own counts, and what makes them outlive the process."""
        settings = self._settings
        if settings.state_dir is None:
            return Generations(), None
        state = self._states[0]
        if len(settings.source) > 1:  # generations are counted by each source for itself
            state = self._open_state(settings.state_dir / quote(source, safe=""))
        return state.load_generations(self._runtime.clock()), state.save_generations

    def _open_state(self, path: Path) -> StateDir:
        state = StateDir(path)
        state.open()
        self._states.append(state)
        return state

    def _problems(self) -> list[SourceProblem]:
        found = [
            SourceProblem(source.name, report.key, report.origin, report.reason, report.severity is Severity.ERROR)
            for source in self._sources
            for report in source.reports()
        ]
        for key, used, other in self._arbiter.overlaps():
            found.append(SourceProblem(other, key, other, f"{used} holds it too, and that one is used", True))
        return found

    def _doubt(self, key: ObjectKey) -> str | None:
        for source in self._sources:
            report = source.report_for(key)
            if report is not None and report.severity is Severity.ERROR:
                return f"{report.origin}: {report.reason}"
        return None


def _certificates(settings: Settings) -> Certificates | None:
    if settings.tls_cert is None or settings.tls_key is None:
        return None
    return Certificates(settings.tls_cert, settings.tls_key, settings.tls_client_ca)


def _timing(settings: Settings) -> Timing:
    return Timing(
        settling=settings.settling,
        stale=settings.stale,
        end=settings.ack_deadline,
        absent_deadline=settings.absent_deadline,
    )


def _limits(settings: Settings) -> Limits:
    return Limits(
        message_bytes=settings.max_message,
        streams_per_connection=settings.max_streams_per_connection,
        keepalive_seconds=settings.keepalive,
        ping_timeout_seconds=settings.keepalive_timeout,
        max_streams=settings.max_streams,
    )
