"""One of several replicas that share a Lease: it stands by until it holds that, and serves only while it does."""

import asyncio
import secrets
from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from controllers.fence import Fence
from controllers.kubernetes.api import Api, ApiError
from controllers.kubernetes.lease import Lease
from controllers.kubernetes.pod_label import PodLabel
from controllers.kubernetes.roster_map import MapRoster
from controllers.settings import Settings
from controllers.source import SourceError
from controllers.supervision import Supervisor

_LABEL_SECONDS = 2.0
"""For which a process that ends tries to take its label away."""


class Standby(Collector):
    """The Lease, and what hangs on it. Also its metrics.

    fence: tells whether this process may serve and write. roster: where proxies are remembered.
    """

    def __init__(self, settings: Settings) -> None:
        namespace, _, name = settings.lease.partition("/")
        self._place = namespace, name
        self._duration = int(settings.lease_duration)
        _, _, self._context = settings.source[0].partition(":")
        self._identity = f"{settings.identifier}_{secrets.token_hex(5)}"  # a process that is restarted is another one
        self.fence = Fence()
        self.roster = MapRoster(lambda: self._fenced, self._place, self._identity, self.fence)
        self._apis: list[Api] = []
        self._lease: Lease | None = None
        self._running: asyncio.Task[None] | None = None

    async def connect(self, context: str) -> Api:
        """As `Api.connect`; what it gives writes nothing but while the Lease is held."""
        return await Api.connect(context, self.fence.barred)

    async def begin(self) -> None:
        """To be called first. Proxies are not led here: a process before this one may have left its label.

        Raises:
            SourceError: the cluster of the Lease is not known.
        """
        try:
            # Renewals wait for nothing else, so they have a connection, and a limit of requests, of their own.
            own, beside = await Api.connect(self._context), await Api.connect(self._context)
            self._fenced = await self.connect(self._context)
        except ApiError as error:
            raise SourceError(f"lease {'/'.join(self._place)}: {error}") from error
        self._apis = [own, beside, self._fenced]
        self._label = PodLabel(beside)
        await self._label.remove()
        self._lease = Lease(own, self._place, self._identity, self._duration, self.fence)

    async def hold(self, tasks: Supervisor) -> None:
        """Returns when the Lease is held. It is renewed from then on; the task dies when it is lost."""
        assert self._lease is not None, "begin comes first"
        self._running = tasks.start("the lease", self._lease.run())
        await self._lease.held()

    def serving(self, tasks: Supervisor) -> None:
        """Proxies are served here."""
        tasks.let_end(tasks.start("the Pod's label", PodLabel(self._fenced).put()))

    async def stopping(self) -> None:
        """Proxies will not be served here any more."""
        if self._lease is not None:
            try:
                async with asyncio.timeout(_LABEL_SECONDS):
                    await self._label.remove()
            except TimeoutError:
                pass  # the next process will

    async def release(self, tasks: Supervisor) -> None:
        """Gives the Lease up, if it is held. To be called when nobody is served any more."""
        if self._lease is not None and self._running is not None:
            tasks.let_end(self._running)
            self._lease.release()
            await self._running

    async def close(self) -> None:
        """Ends its connections."""
        for api in self._apis:
            await api.close()

    def collect(self) -> Iterator[Metric]:
        held = float(self.fence.barred() is None)
        yield GaugeMetricFamily("lastack_lease_held", "Whether this process holds the lease, and serves.", value=held)
        changes = 0 if self._lease is None else self._lease.transitions
        yield CounterMetricFamily("lastack_lease_transitions", "Times that the lease has changed hands.", value=changes)
