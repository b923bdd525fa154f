"""The webhook of one replica: puts its parts together, and runs them."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from typing import Protocol

import structlog
from prometheus_client import CollectorRegistry

from controllers.addresses import Address, bind
from controllers.kubernetes.api import Api, ApiError
from controllers.kubernetes.backoff import Backoff
from controllers.kubernetes.source import KubernetesSource
from controllers.kubernetes.webhook.from_files import FromFiles
from controllers.kubernetes.webhook.metrics import WebhookMetrics
from controllers.kubernetes.webhook.mutation import DrainPoint
from controllers.kubernetes.webhook.self_made import SelfMade
from controllers.kubernetes.webhook.server import webhook_app
from controllers.kubernetes.webhook.serving_tls import ServingTls
from controllers.settings import Settings
from controllers.source import Source
from controllers.status.listener import HttpListener
from controllers.tls import TlsError

log = structlog.get_logger("webhook")

SECRET = "{}-tls"
"""Name of the Secret for self-made certificates, by that of the Service."""


class Certificates(Protocol):
    """Sees to it that a `ServingTls` shows a good certificate. every: seconds between two looks."""

    every: float

    async def look(self) -> None:
        """Does what is due.

        Raises:
            ApiError: it is refused, or there is no answer.
            TlsError: what there is can't be used.
        """


class Webhook:
    """Answers the API server's questions about new Pods, from when the namespaces are known.

    Args:
        settings: with `webhook`, and what belongs to it. source: the cluster. connect: finds its API server.
        registry: of the replica's metrics.

    Raises:
        TlsError: the certificate's files can't be used.
        OSError: the port is taken.
    """

    def __init__(
        self,
        settings: Settings,
        source: KubernetesSource,
        context: str,
        registry: CollectorRegistry,
        connect: Callable[[str], Awaitable[Api]] = Api.connect,
    ) -> None:
        assert settings.webhook is not None
        assert settings.drain_address is not None, "settings are checked"
        self.name = "the webhook"
        self.address = settings.webhook
        """Where it listens; from when it does, with the port that the system chose if it was to."""
        self._settings = settings
        self._source = source
        self._context = context
        self._connect = connect
        self._point = DrainPoint(settings.drain_address, settings.longest_request)
        self._tls = ServingTls()
        self._metrics = WebhookMetrics(registry, self._tls)
        self._files: FromFiles | None = None
        if settings.webhook_cert is not None and settings.webhook_key is not None:
            self._files = FromFiles(settings.webhook_cert, settings.webhook_key, self._tls)
        if self.address.port:
            bind(self.address).close()  # a taken port is told of now

    async def run(self) -> None:
        """Until it is cancelled; what is being answered then is answered."""
        await self._source.namespaces_known()
        async with AsyncExitStack() as stack:
            certificates: Certificates | None = self._files
            if certificates is None:
                api = await self._connect(self._context)
                stack.push_async_callback(api.close)
                certificates = self._self_made(api)
            tasks = await stack.enter_async_context(asyncio.TaskGroup())
            tasks.create_task(keep(certificates))
            tasks.create_task(self._serve())

    async def _serve(self) -> None:
        await self._tls.usable.wait()
        bound = bind(self.address)
        bound.listen()
        self.address = Address(*bound.getsockname()[:2])
        app = webhook_app(self._source.labels_of, self._point, self._metrics)
        listener = HttpListener(app, bound, self._tls.context)
        serving = asyncio.create_task(listener.run())
        log.info("the webhook answers", address=str(self.address), hooks_call=str(self._point.address))
        try:
            await asyncio.shield(serving)
        finally:
            listener.stop()
            await serving

    def _self_made(self, api: Api) -> SelfMade:
        settings = self._settings
        assert settings.webhook_service is not None
        assert settings.webhook_configuration is not None, "settings are checked"
        namespace, _, service = settings.webhook_service.partition("/")
        secret, names = (namespace, SECRET.format(service)), [f"{service}.{namespace}.svc"]
        return SelfMade(api, secret, settings.webhook_configuration, names, self._tls)


def webhook_of(settings: Settings, sources: Sequence[Source], registry: CollectorRegistry) -> Webhook:
    """The webhook of a replica that is to have one, for the first cluster among its sources.

    registry: of the replica's metrics.

    Raises:
        TlsError, OSError: see `Webhook`.
    """
    cluster = next(source for source in sources if isinstance(source, KubernetesSource))
    return Webhook(settings, cluster, cluster.name.partition(":")[2], registry)


async def keep(certificates: Certificates) -> None:
    """Sees to them for ever. What goes wrong is told when it begins, and when it is over."""
    backoff, told = Backoff(), ""
    while True:
        try:
            await certificates.look()
        except (ApiError, TlsError) as error:
            asked = error.failure.retry_after if isinstance(error, ApiError) else 0.0
            pause = min(certificates.every, backoff.failed(asked))
            if str(error) != told:
                told = str(error)
                log.warning("the webhook's certificates can't be seen to; what is in use stays", reason=told)
        else:
            backoff.succeeded()
            pause = certificates.every
            if told:
                log.info("the webhook's certificates are seen to again")
            told = ""
        await asyncio.sleep(pause)
