"""An API server on a socket: lists in pages, watches with bookmarks, and the faults that real ones have."""

import asyncio
import base64
import json
from collections.abc import Callable, Mapping
from typing import Any

from aiohttp import web
from multidict import CIMultiDict

from tests.kubernetes.admission import admitted
from tests.kubernetes.choosing import Chosen, event_of, pairs
from tests.kubernetes.store import Document, Refusal, Store

GROUP = "networking.istio.io"

Fault = Callable[[web.Request], Refusal | None]
"""Refuses a request, or lets it pass."""

_KINDS = {
    "serviceentries": "ServiceEntry",
    "workloadentries": "WorkloadEntry",
    "workloadgroups": "WorkloadGroup",
    "namespaces": "Namespace",
    "pods": "Pod",
    "events": "Event",
    "secrets": "Secret",
    "configmaps": "ConfigMap",
    "leases": "Lease",
    "mutatingwebhookconfigurations": "MutatingWebhookConfiguration",
}

_GROUPS = ("coordination.k8s.io", "admissionregistration.k8s.io")
"""Whose objects are kept as well, in version v1."""

_WITH_STATUS = ("pods", "serviceentries", "workloadentries")
"""Whose status only requests to `/status` change."""


class ApiServer:
    """A cluster's API server.

    versions: of the group of ServiceEntries that are served; none: the definitions are not installed. faults: asked
    about each request in turn. empty: lists have nothing in them. stale: lists are as of this version.
    instead_of_lists: what is answered where a list is asked for. is_mute: watches tell nothing for a while.
    """

    def __init__(self) -> None:
        self.store = Store()
        self.versions = ["v1", "v1beta1"]
        self.faults: list[Fault] = []
        self.requests: list[str] = []
        self.empty = False
        self.stale: int | None = None
        self.instead_of_lists: Document | None = None
        self.is_mute = False
        self.port = 0
        self._written = asyncio.Condition()
        self._watches: set[web.StreamResponse] = set()
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        """Listens; at the same port as before, if there was one."""
        app = web.Application(client_max_size=3 * 1024 * 1024)
        app.router.add_route("*", "/{path:.*}", self._answer)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1, handler_cancellation=True)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port)
        await site.start()
        assert site._server is not None
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Is gone, with all its connections."""
        if self._runner is not None:
            self.cut()
            await self._runner.cleanup()
            self._runner = None

    def cut(self) -> None:
        """Breaks all watches."""
        for watch in self._watches:
            transport = watch._req.transport if watch._req is not None else None
            if transport is not None:
                transport.abort()

    # What others do in the cluster

    async def apply(self, kind: str, document: Mapping[str, Any]) -> Document:
        """Makes an object, or gives it this form."""
        metadata = document["metadata"]
        if (metadata.get("namespace", ""), metadata["name"]) in self.store.objects[kind]:
            done = self.store.replace(kind, document)
        else:
            done = self.store.create(kind, document)
        await self._tell()
        return done

    async def delete(self, kind: str, name: str, namespace: str = "default") -> None:
        self.store.delete(kind, namespace, name)
        await self._tell()

    async def tell_error(self, code: int) -> None:
        """Every watch is told an error, and ends."""
        await self.tell({"type": "ERROR", "object": Refusal(code, "Expired" if code == 410 else "Broken").status})

    async def tell(self, event: object) -> None:
        """Every watch is told this, whatever it is."""
        for watch in list(self._watches):
            await watch.write(json.dumps(event).encode() + b"\n")

    async def bookmark(self) -> None:
        """Every watch is told the newest version."""
        about = {"metadata": {"resourceVersion": str(self.store.version)}}
        for watch in list(self._watches):
            await watch.write(json.dumps({"type": "BOOKMARK", "object": about}).encode() + b"\n")

    async def _tell(self) -> None:
        async with self._written:
            self._written.notify_all()

    # Requests

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(f"{request.method} {request.path_qs}")
        try:
            for fault in self.faults:
                refusal = fault(request)
                if refusal is not None:
                    raise refusal
            return await self._serve(request)
        except Refusal as refusal:
            headers = {"Retry-After": str(refusal.retry_after)} if refusal.retry_after else {}
            return web.json_response(refusal.status, status=refusal.code, headers=headers)

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        match request.path.strip("/").split("/"):
            case ["apis", group] if group == GROUP and self.versions:
                versions = [{"groupVersion": f"{GROUP}/{version}", "version": version} for version in self.versions]
                return web.json_response({"kind": "APIGroup", "apiVersion": "v1", "name": GROUP, "versions": versions})
            case ["apis", group, version, *rest] if group == GROUP and version in self.versions:
                return await self._resource(request, f"{GROUP}/{version}", rest)
            case ["apis", group, "v1", *rest] if group in _GROUPS:
                return await self._resource(request, f"{group}/v1", rest)
            case ["api", "v1", *rest]:
                return await self._resource(request, "v1", rest)
        raise Refusal(404, "NotFound", "the server could not find the requested resource")

    async def _resource(self, request: web.Request, version: str, rest: list[str]) -> web.StreamResponse:
        match rest:
            case [plural]:
                return await self._collection(request, version, plural, "")
            case ["namespaces", name, "finalize"] if request.method == "PUT":
                self.store.delete("namespaces", "", name)
                await self._tell()
                return web.json_response({})
            case ["namespaces", namespace, plural] if plural in _KINDS:
                return await self._collection(request, version, plural, namespace)
            case ["namespaces", namespace, plural, name]:
                return await self._object(request, version, plural, namespace, name)
            case ["namespaces", namespace, plural, name, "status"] if plural in _WITH_STATUS:
                return await self._object(request, version, plural, namespace, name, status=True)
            case [plural, name]:
                return await self._object(request, version, plural, "", name)
        raise Refusal(404, "NotFound")

    async def _object(
        self, request: web.Request, version: str, plural: str, namespace: str, name: str, status: bool = False
    ) -> web.StreamResponse:
        old = self.store.get(plural, namespace, name)
        match request.method:
            case "GET":
                return web.json_response(self._shown(old, version, plural))
            case "DELETE" if plural == "namespaces":
                done = self.store.terminate(name)
            case "DELETE":
                done = self.store.delete(plural, namespace, name, await request.json() if request.can_read_body else {})
            case "PUT":
                done = self.store.replace(plural, await request.json(), status)
            case "PATCH":
                if request.content_type != "application/merge-patch+json":
                    raise Refusal(415, "UnsupportedMediaType")
                done = self.store.replace(plural, _merged(old, await request.json()), status)
            case _:
                raise Refusal(405, "MethodNotAllowed")
        await self._tell()
        return web.json_response(self._shown(done, version, plural))

    async def _create(self, request: web.Request, version: str, plural: str, namespace: str) -> web.StreamResponse:
        document = await request.json()
        if namespace:
            document["metadata"]["namespace"] = namespace
            if "deletionTimestamp" in self.store.get("namespaces", "", namespace)["metadata"]:
                raise Refusal(403, "Forbidden", f"namespace {namespace} is being terminated")
        if plural in _WITH_STATUS:
            document.pop("status", None)
        document, warnings = await admitted(self.store, plural, namespace, document)
        done = self.store.create(plural, document)
        await self._tell()
        headers = CIMultiDict(("Warning", f"299 - {json.dumps(warning)}") for warning in warnings)
        return web.json_response(self._shown(done, version, plural), status=201, headers=headers)

    async def _collection(self, request: web.Request, version: str, plural: str, namespace: str) -> web.StreamResponse:
        if plural not in _KINDS:
            raise Refusal(404, "NotFound", "the server could not find the requested resource")
        if request.method == "POST":
            return await self._create(request, version, plural, namespace)
        chosen = Chosen(namespace, dict(pairs(request.query.get("labelSelector", ""))))
        if request.query.get("watch") == "true":
            return await self._watch(request, version, plural, chosen)
        listed = self._list(request, version, plural, chosen)
        return web.json_response(listed if self.instead_of_lists is None else self.instead_of_lists)

    def _list(self, request: web.Request, version: str, plural: str, chosen: "Chosen") -> Document:
        """A page. Its token holds the version as of which the list is, and where it goes on."""
        at, start = self.store.version if self.stale is None else self.stale, 0
        token = request.query.get("continue")
        if token:
            at, start = json.loads(base64.b64decode(token))
            if at < self.store.compacted:
                raise Refusal(410, "Expired", "The provided continue parameter is too old")
        every = (
            []
            if self.empty
            else [
                self._shown(found, version, plural)
                for _, found in sorted(self.store.objects[plural].items())
                if chosen.has(found) and int(found["metadata"]["resourceVersion"]) <= at
            ]
        )
        limit = int(request.query.get("limit", 0)) or len(every) or 1
        metadata: Document = {"resourceVersion": str(at)}
        if start + limit < len(every):
            metadata["continue"] = base64.b64encode(json.dumps([at, start + limit]).encode()).decode()
        kind = f"{_KINDS[plural]}List"
        return {"kind": kind, "apiVersion": version, "metadata": metadata, "items": every[start : start + limit]}

    async def _watch(self, request: web.Request, version: str, plural: str, chosen: "Chosen") -> web.StreamResponse:
        seen = int(request.query["resourceVersion"])
        response = web.StreamResponse()
        try:
            self.store.since(plural, seen)
        except Refusal as refusal:  # the real one too answers 200, and tells it as an event
            await response.prepare(request)
            await response.write(json.dumps({"type": "ERROR", "object": refusal.status}).encode() + b"\n")
            return response
        await response.prepare(request)
        self._watches.add(response)
        try:
            while True:
                for happening in [
                    one for one in self.store.happenings[plural] if one.version > seen and not self.is_mute
                ]:
                    seen = happening.version
                    event = event_of(happening, chosen)
                    if event is not None:
                        kind, about = event
                        line = json.dumps({"type": kind, "object": self._shown(about, version, plural)})
                        await response.write(line.encode() + b"\n")
                await self._written_after(self.store.version)
        finally:
            self._watches.discard(response)

    async def _written_after(self, version: int) -> None:
        async with self._written:
            await self._written.wait_for(lambda: self.store.version > version)

    def _shown(self, found: Document, version: str, plural: str) -> Document:
        return {**found, "apiVersion": version, "kind": _KINDS[plural]}


def _merged(old: Any, patch: Any) -> Any:
    """RFC 7396."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(old) if isinstance(old, dict) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = _merged(merged.get(name), value)
    return merged
