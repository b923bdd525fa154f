"""A webhook beside a lab's API server, which asks it."""

import asyncio
import base64
import copy
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import yaml
from prometheus_client import CollectorRegistry
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from controllers.addresses import Address, bind
from controllers.kubernetes.api import Api, ApiError
from controllers.kubernetes.reading import Reading
from controllers.kubernetes.source import KubernetesSource
from controllers.kubernetes.webhook.metrics import WebhookMetrics
from controllers.kubernetes.webhook.mutation import DrainPoint, Mutation
from controllers.kubernetes.webhook.review import answer
from controllers.kubernetes.webhook.self_made import SelfMade
from controllers.kubernetes.webhook.server import webhook_app
from controllers.kubernetes.webhook.serving_tls import ServingTls
from controllers.runtime import Runtime
from controllers.status.listener import HttpListener
from tests.kubernetes.store import Document
from tests.kubernetes.suite.lab import Lab, path_of
from tests.kubernetes.suite.pods import pod
from xds.plane import Plane

MANIFEST = Path(__file__).parents[3] / "deploy" / "kubernetes" / "webhook.yaml"

POINT = DrainPoint(Address("10.96.0.9", 15016), longest_request=5.0)

SECRET = "webhook-tls"


class Asked:
    """A webhook that the API server of a lab asks about Pods of the lab's namespace.

    now: what time the webhook takes it to be, in seconds since the epoch.
    """

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.now = time.time()
        self.tls = ServingTls()
        self.configuration = path_of("mutatingwebhookconfigurations", "", lab.namespace)
        self._connections: list[Api] = []
        self.certificates = self.replica(self.tls)
        self._bound = bind(Address("127.0.0.1", 0))
        self.url = f"https://127.0.0.1:{self._bound.getsockname()[1]}"
        self._source = KubernetesSource("test", Runtime(Plane()), connect=lab.connect, reading=Reading(lab.selector))
        self._probes = 0
        self._listener: HttpListener | None = None
        self._running: asyncio.Task[None] | None = None
        self._reading: asyncio.Task[None] | None = None

    def replica(self, tls: ServingTls) -> SelfMade:
        """What sees to the certificates on one replica."""
        place = (self.lab.namespace, SECRET)
        api = self.lab.connection("webhook")
        self._connections.append(api)
        return SelfMade(api, place, self.lab.namespace, ["127.0.0.1"], tls, lambda: self.now)

    async def start(self) -> None:
        await self._source.start()
        self._reading = asyncio.create_task(self._source.run())
        await self.certificates.look()
        ours = webhook_app(self._source.labels_of, POINT, WebhookMetrics(CollectorRegistry(), self.tls))
        app = Starlette(routes=[*ours.routes, Route("/inject", _inject, methods=["POST"])])
        self._listener = HttpListener(app, self._bound, self.tls.context)
        self._running = asyncio.create_task(self._listener.run())

    async def stop(self) -> None:
        """The webhook is down."""
        if self._listener is not None and self._running is not None:
            self._listener.stop()
            await self._running
            self._listener = None

    async def register(self, failure_policy: str, injected: bool = False, url: str = "", timeout: int = 3) -> None:
        """As the manifest has it, but by URL, and for this namespace only.

        injected: after it comes another webhook, which adds a container.
        """
        (manifest,) = (found for found in yaml.safe_load_all(MANIFEST.read_text()) if "webhooks" in found)
        own = {"key": "kubernetes.io/metadata.name", "operator": "In", "values": [self.lab.namespace]}
        webhooks = []
        for webhook in copy.deepcopy(manifest["webhooks"]):
            path = webhook["clientConfig"]["service"]["path"]
            webhook |= {
                "clientConfig": {"url": url or self.url + path},
                "timeoutSeconds": timeout,
                "failurePolicy": failure_policy,
            }
            webhook["namespaceSelector"]["matchExpressions"].append(own)
            webhooks.append(webhook)
        if injected:
            other = {"name": "injector.example.com", "clientConfig": {"url": f"{self.url}/inject"}}
            webhooks.append({**copy.deepcopy(webhooks[0]), **other, "reinvocationPolicy": "Never"})
        await self.lab.apply(
            "mutatingwebhookconfigurations", {"metadata": {"name": self.lab.namespace}, "webhooks": webhooks}
        )

    async def create(self, document: Document) -> tuple[Document, list[str]]:
        """The Pod as it is stored, and the warnings.

        Raises:
            ApiError: it is refused.
        """
        api, path = self.lab.api, path_of("pods", self.lab.namespace)
        body = {"apiVersion": "v1", "kind": "Pod", **document}
        async with api._request("POST", path, {}, body, aiohttp.ClientTimeout(total=30)) as response:
            warnings = [value.split(" ", 2)[2] for value in response.headers.getall("Warning", [])]
            name = (await response.json())["metadata"]["name"]
        stored = await self.lab.get("pods", name)
        assert stored is not None
        return stored, [warning.strip('"') for warning in warnings]

    async def until_asked(self, by: str = "pods.lastack.io") -> None:
        """API servers take up to a second to see what is registered. by: one of its webhooks."""
        probe = pod("probe")
        if by != "pods.lastack.io":
            del probe["metadata"]["labels"]["lastack.io/enroll"]

        async def is_asked() -> bool:
            self._probes += 1
            probe["metadata"]["name"] = f"probe-{self._probes}"
            try:
                stored, _ = await self.create(probe)
            except ApiError:
                return False
            return is_gated(stored)

        await self.lab.until(is_asked, "new Pods are given a readiness gate")

    def labels(self) -> Mapping[str, str] | None:
        """Of the namespace, as the webhook knows them."""
        return self._source.labels_of(self.lab.namespace)

    async def bundles(self) -> set[bytes]:
        found = await self.lab.api.get(self.configuration)
        return {base64.b64decode(each["clientConfig"].get("caBundle", "")) for each in found["webhooks"]}

    async def clean(self) -> None:
        for path in (self.configuration, path_of("secrets", self.lab.namespace, SECRET)):
            try:
                await self.lab.api._write("DELETE", path, {})
            except ApiError as error:
                if error.status != 404:
                    raise

    async def close(self) -> None:
        """Ends what reads from the API server."""
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)
        for api in self._connections:
            await api.close()


async def _inject(request: Request) -> Response:
    """Another webhook: it adds a container to every Pod that has one."""
    review = await request.json()
    container = {"name": "injected", "image": "registry.invalid/injected"}
    operations = [{"op": "add", "path": "/spec/containers/-", "value": container}]
    return JSONResponse(answer(review["request"]["uid"], Mutation(tuple(operations))))


def is_gated(document: Document) -> bool:
    return {"conditionType": "lastack.io/published"} in document["spec"].get("readinessGates", [])


def hooks_of(document: Document) -> list[Any]:
    return [each.get("lifecycle", {}).get("preStop", {}).get("httpGet") for each in document["spec"]["containers"]]


@asynccontextmanager
async def asked(lab: Lab) -> AsyncIterator[Asked]:
    async with AsyncExitStack() as stack:
        made = Asked(lab)
        stack.push_async_callback(made.close)
        stack.push_async_callback(made.clean)
        stack.push_async_callback(made.stop)
        yield made
