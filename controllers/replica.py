"""One replica: puts the parts together, starts them in the order that keeps promises, and ends them likewise.

Proxies are served only when the roster of an earlier process is loaded and every source has been read, and, where
replicas share a Lease, when it is held; the API answers from the beginning, and says so.
"""

import asyncio
import socket
from typing import TYPE_CHECKING

import grpc
import structlog

from controllers.addresses import Address, bind, is_loopback
from controllers.collector import Collector
from controllers.derived import certificates, limits, timing
from controllers.origins import Origins
from controllers.roster_keeper import DiskRoster, RosterKeeper
from controllers.runtime import Runtime
from controllers.settings import FILES, Settings
from controllers.source import SourceError
from controllers.status.http import http_app
from controllers.status.listener import HttpListener
from controllers.status.metrics import Metrics
from controllers.status.queue_metrics import QueueCollector
from controllers.status.release_metrics import ReleaseCollector
from controllers.status.rpc import Health, add_status_to
from controllers.status.service import StatusService
from controllers.supervision import Supervisor, TaskDied
from xds.builders.filters import warm_up
from xds.plane import ANSWERS_AT_ONCE, Plane

if TYPE_CHECKING:
    from controllers.standby import Standby

log = structlog.get_logger("replica")

_LAST_HOOKS_SECONDS = 20
"""How long Pods that are being drained are waited for at the end; the chart's grace period allows for it."""

_LAST_CALLS_SECONDS = 1.0
"""How long what is under way has to end when a port closes."""

_PORT_SECONDS = 0.3
"""How long a port takes to close: who is sent elsewhere before that may come back to it."""


class Replica:
    """One control plane in this process.

    Raises:
        TlsError: the certificates can't be used.
        StateError: the state directory can't be used.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._certificates = certificates(settings)
        self._credentials = None if self._certificates is None else self._certificates.credentials()
        self._limits = limits(settings)
        self._standby = _standby(settings)
        durable = settings.state_dir is not None or self._standby is not None
        self._plane = Plane(settings.identifier, timing(settings), durable, ANSWERS_AT_ONCE)
        mutual_tls = settings.tls_client_ca is not None
        fence = None if self._standby is None else self._standby.fence
        self._runtime = Runtime(self._plane, limits=self._limits, mutual_tls=mutual_tls, fence=fence)
        self._origins = Origins(settings, self._runtime, lambda: None if fence is None else fence.barred())
        self._keeper: RosterKeeper | None = None
        if self._standby is not None:
            self._keeper = RosterKeeper(self._runtime, self._standby.roster)
        elif self._origins.state is not None:
            self._keeper = RosterKeeper(self._runtime, DiskRoster(self._origins.state))
        self._metrics = Metrics(self._plane, self._origins.problems)
        queues = QueueCollector(self._origins.queues, self._runtime.clock)
        self._metrics.registry.register(queues)
        self._metrics.registry.register(ReleaseCollector(self._runtime.released))
        if self._standby is not None:
            self._metrics.registry.register(self._standby)
        self._service = StatusService(
            self._runtime, self._origins.problems, self._origins.doubt, self._metrics.answered
        )
        self._health = Health()
        self._hooks: tuple[HttpListener, asyncio.Task[None]] | None = None
        self._ask_elsewhere = asyncio.Event()
        """Set when hooks that are not answered yet can't be answered here any more."""

    async def run(self, stop: asyncio.Event, at_once: asyncio.Event) -> None:
        """Serves until `stop`; then ends the streams one after another, or, once `at_once`, all of them.

        Raises:
            OSError: a port can't be listened at.
            SourceError: a source can't be read.
            StateError: the state directory can't be used.
            TaskDied: a part has ended that never should have, or (its cause is LeaseLost) another replica may serve.
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
                try:
                    await tasks.first(self._start(server, tasks, bound), stop.wait())
                    await tasks.first(stop.wait())
                    await self._stop(server, tasks, at_once)
                except TaskDied:  # whoever is connected is told, and goes elsewhere
                    self._service.close()
                    await self._runtime.discovery.drain(0.0)
                    await server.stop(_LAST_CALLS_SECONDS)
                    await self._leave_hooks(tasks)
                    raise
                tasks.let_end(serving)
                api.stop()
                await serving
        finally:
            if self._standby is not None:
                await self._standby.close()
            self._origins.close()
        log.info("stopped")

    async def _start(self, server: grpc.aio.Server, tasks: Supervisor, api: socket.socket) -> None:
        loop, roster_known, collector, standby = asyncio.get_running_loop(), False, Collector(), self._standby
        tasks.start("the garbage collection", collector.run())
        if self._settings.webhook is not None:
            from controllers.kubernetes.webhook.wiring import webhook_of  # half a second, for who has no cluster

            webhook = webhook_of(self._settings, self._origins.sources, self._metrics.registry)
            tasks.start(webhook.name, webhook.run())
        tasks.start("the lag measurement", self._metrics.measure_lag(loop.time))
        if standby is not None:
            self._service.stage = "the cluster of the lease is being asked"
            await standby.begin()
        elif self._keeper is not None:
            self._service.stage = "the roster is being loaded"
            roster_known = await self._keeper.load()
        for source in self._origins.sources:
            self._service.stage = f"{source.name} is being read"
            await source.start()
            self._runtime.barriers.append((source.name, source.catch_up))
        self._service.stage = "the gRPC port is being opened"
        await asyncio.to_thread(warm_up)
        collector.settle()
        self._runtime.after_load.append(collector.loaded)
        if self._settings.drain is not None:
            self._open_hooks(self._settings.drain, tasks)
        if standby is not None:
            roster_known = await self._stand_by(standby, tasks)
        ads = await self._open_ads(server)
        self._runtime.start(roster_known or not self._settings.settling)  # 0: nobody was here before, it is said
        tasks.start("the ticks", self._runtime.tick_forever())
        if self._keeper is not None:
            tasks.start("the roster keeper", self._keeper.run())
        if standby is None:
            self._run_sources(tasks)
        for controller in self._origins.standing:
            tasks.start(controller.worker.name, controller.run())
        if self._origins.remote is not None:
            self._origins.remote.serve()
        await self._health.tell(serving=True)
        if standby is not None:
            standby.serving(tasks)
        self._warn()
        log.info(
            "serving",
            ads=str(ads),
            api=str(Address(*api.getsockname()[:2])),
            tls="mutual" if self._settings.tls_client_ca else "server" if self._credentials else "none",
            objects=len(self._plane.ledger),
            problems=len(self._origins.problems()),
            roster=len(self._plane.roster) if roster_known else "not known",
        )

    def _run_sources(self, tasks: Supervisor) -> None:
        for source in self._origins.sources:
            tasks.start(f"source {source.name}", source.run())

    async def _stand_by(self, standby: "Standby", tasks: Supervisor) -> bool:
        """Returns when this process holds the Lease, and has nothing older than what its last holder confirmed.

        Returns:
            Whether it is known who may hold what.
        """
        assert self._keeper is not None
        self._run_sources(tasks)
        self._service.standing_by = lambda: standby.fence.standing
        await standby.hold(tasks)
        self._service.standing_by = None
        self._service.stage = "the lease is held: the roster is being loaded, and every source read anew"
        roster_known, *_ = await asyncio.gather(
            self._keeper.load(), *(source.refresh() for source in self._origins.sources)
        )
        return bool(roster_known)

    async def _stop(self, server: grpc.aio.Server, tasks: Supervisor, at_once: asyncio.Event) -> None:
        log.info("shutting down", streams=len(self._plane.streams), seconds=self._settings.drain_time)
        await self._close_hooks(tasks, at_once)
        self._service.close()
        if self._standby is not None:
            await self._standby.stopping()
        await self._health.tell(serving=False)
        await tasks.first(self._runtime.discovery.drain(self._settings.drain_time), at_once.wait())
        await server.stop(None if at_once.is_set() else _LAST_CALLS_SECONDS)
        if self._keeper is not None:
            await self._keeper.finish()
        if self._standby is not None:
            await self._standby.release(tasks)

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

    def _open_hooks(self, address: Address, tasks: Supervisor) -> None:
        from controllers.kubernetes.pods.hook import hook_app

        origins, clock = self._origins, self._runtime.clock
        app = hook_app(lambda: [cluster.source for cluster in origins.clusters], clock, self._ask_elsewhere)
        hooks = HttpListener(app, bind(address), last_answers=_LAST_HOOKS_SECONDS)
        self._hooks = hooks, tasks.start("the drain hooks", hooks.run())

    async def _close_hooks(self, tasks: Supervisor, at_once: asyncio.Event) -> None:
        """Kubelets ask once: whoever waits is answered first, while what he waits for goes on, or sent elsewhere."""
        if self._hooks is not None:
            hooks, running = self._hooks
            tasks.let_end(running)
            hooks.stop()
            asyncio.get_running_loop().call_later(_LAST_HOOKS_SECONDS - _LAST_CALLS_SECONDS, self._ask_elsewhere.set)
            await tasks.first(asyncio.shield(running), at_once.wait())  # what ends the waiting does not end the port
            self._ask_elsewhere.set()

    async def _leave_hooks(self, tasks: Supervisor) -> None:
        """Whoever waits is sent elsewhere at once."""
        if self._hooks is not None:
            hooks, running = self._hooks
            tasks.let_end(running)
            hooks.stop()
            await asyncio.sleep(_PORT_SECONDS)
            self._ask_elsewhere.set()
            await asyncio.wait({running}, timeout=_LAST_CALLS_SECONDS)

    def _warn(self) -> None:
        settings = self._settings
        if self._plane.surroundings.unknowns():
            log.info("receipts are UNKNOWN while proxies return that were connected before", seconds=settings.settling)
        if not is_loopback(settings.ads.host) and settings.tls_client_ca is None:
            log.warning("without mTLS whoever reaches the gRPC port may pass for any proxy", ads=str(settings.ads))
        if not is_loopback(settings.api.host):
            log.warning("whoever reaches the API may read everything, and forget proxies", api=str(settings.api))


def _standby(settings: Settings) -> "Standby | None":
    if not settings.lease:
        return None
    from controllers.standby import Standby  # as with sources

    return Standby(settings)
