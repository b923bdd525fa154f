"""What preStop hooks call: an answer is given when no proxy routes to the Pod any more.

GET /v1/drain/{namespace}/{pod}
GET /v1/drain/{namespace}/by-token/{token}    where the Pod's name was not known when its hook was made
    200: `{"outcome": ...}`: CONFIRMED; RELEASED_UNCONFIRMED, its grace period ends; or NOTHING, with the reason
    503: UNKNOWN: the API server can't be asked
    504: PENDING: it is held, and its grace period ends
    307: PENDING: this replica ends, and it is to be asked again, by a connection of its own. Only kubelets are told so:
        they ask once, take any answer for the end, but do follow it. Others: 503, and what they are to do

It does nothing but wait: Pods that are being deleted are drained by who serves proxies. So it may be called by anybody,
any number of times, and every replica answers.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass
from math import inf
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from controllers.kubernetes.api import ApiError
from controllers.kubernetes.definitions import POD
from controllers.kubernetes.pods.entry import owner_of
from controllers.kubernetes.pods.names import DRAIN_TOKEN, DRAINED
from controllers.kubernetes.pods.pod import Pod
from controllers.kubernetes.pods.steps import HELD, RELEASED
from controllers.kubernetes.source import KubernetesSource
from ledger.ids import ObjectKey
from xds.objects import WORKLOAD_ENTRY

LAST_SECONDS = 1.0
"""Of a Pod's grace period, that are left at the latest when its hook is answered."""

_ASK_SECONDS = 5.0
"""For which a cluster is asked about a Pod, before it is taken to be away."""

_KUBELET = "kube-lifecycle/"
"""Begins what a kubelet calls itself where it runs a hook."""

_ASK_AGAIN_SECONDS = 0.2
"""Between two questions, while another source begins that has the cluster from now on."""

_NOTHING, _UNKNOWN, _OVER = "NOTHING", "UNKNOWN", "OVER"
_BY_WEIGHT = ("PENDING", "RELEASED_UNCONFIRMED", "CONFIRMED", _OVER, _UNKNOWN, _NOTHING)

_OUTCOMES = {HELD: "PENDING", RELEASED: "RELEASED_UNCONFIRMED"}


Sources = Callable[[], Sequence[KubernetesSource]]


def hook_app(sources: Sources, clock: Callable[[], float], ending: asyncio.Event | None = None) -> Starlette:
    """The ASGI application.

    Args:
        sources: gives the clusters; a Pod may be in any.
        ending: when it is set, whoever still waits is sent to another replica.
    """
    hook = _Hook(sources, clock, ending or asyncio.Event())
    return Starlette(
        routes=[
            Route("/v1/drain/{namespace}/by-token/{token}", hook.by_token, methods=["GET"]),
            Route("/v1/drain/{namespace}/{pod}", hook.by_name, methods=["GET"]),
            Route("/healthz", hook.healthz, methods=["GET"]),
        ]
    )


class _Hook:
    def __init__(self, sources: Sources, clock: Callable[[], float], ending: asyncio.Event) -> None:
        self._sources = sources
        self._clock = clock
        self._ending = ending

    async def healthz(self, _: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def by_name(self, request: Request) -> Response:
        key = ObjectKey(POD, request.path_params["namespace"], request.path_params["pod"])
        call = _Call()
        return await self._of(request, self._found(lambda source: self._drained(source, key, call), call))

    async def by_token(self, request: Request) -> Response:
        namespace, token = request.path_params["namespace"], request.path_params["token"]
        of, call = ObjectKey(POD, namespace, ""), _Call()
        return await self._of(request, self._found(lambda source: self._by_token(source, of, token, call), call))

    async def _found(self, ask: Callable[[KubernetesSource], Awaitable[str]], call: "_Call") -> str:
        """The answer, from those of all clusters: whichever knows the Pod decides.

        Where a cluster has another kubeconfig meanwhile, whoever has it then is asked, for as long as the Pod has time.
        """
        while True:
            outcome = await _worst_of([ask(source) for source in self._sources()])
            call.is_over = call.is_over or outcome == _OVER
            if outcome != _OVER and (outcome != _UNKNOWN or not call.is_over or self._clock() >= call.bound):
                return outcome
            await asyncio.sleep(_ASK_AGAIN_SECONDS)

    async def _by_token(self, source: KubernetesSource, of: ObjectKey, token: str, call: "_Call") -> str:
        """As `_drained`, of all Pods of a namespace with that token; asked of the API server, where none is known."""
        known = [document for key, document in source.documents(POD) if key.namespace == of.namespace]
        found = [pod for pod in map(Pod, known) if pod.annotations.get(DRAIN_TOKEN) == token]
        if not found:
            try:
                async with asyncio.timeout(_ASK_SECONDS):
                    found = [
                        pod for pod in map(Pod, await source.read_all(of)) if pod.annotations.get(DRAIN_TOKEN) == token
                    ]
            except (ApiError, TimeoutError):
                return _OVER if source.is_over.is_set() else _UNKNOWN
        keys = [ObjectKey(POD, of.namespace, pod.name) for pod in found]
        return await _worst_of([self._drained(source, key, call) for key in keys])

    async def _of(self, request: Request, asked: Coroutine[Any, Any, str]) -> Response:
        asking, ending = asyncio.create_task(asked), asyncio.create_task(self._ending.wait())
        either: set[asyncio.Task[Any]] = {asking, ending}
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if not asking.done():
                return _elsewhere(request)
            outcome = asking.result()
        finally:
            asking.cancel()
            ending.cancel()
        match outcome:
            case "PENDING":
                return JSONResponse({"outcome": "PENDING", "reason": "its grace period ends"}, 504)
            case "UNKNOWN":
                return JSONResponse({"outcome": "UNKNOWN", "reason": "no cluster that can be asked has it"}, 503)
            case "NOTHING":
                reason = "no Pod that has opted in is being deleted by that name"
                return JSONResponse({"outcome": "NOTHING", "reason": reason})
            case outcome:
                return JSONResponse({"outcome": outcome})

    async def _drained(self, source: KubernetesSource, key: ObjectKey, call: "_Call") -> str:
        """What becomes of one Pod, when that is known, or when the source can't tell any more."""
        known = source.document(key)
        try:
            async with asyncio.timeout(_ASK_SECONDS):
                found = await source.read(key)
        except (ApiError, TimeoutError):
            if source.is_over.is_set():
                return _OVER
            if known is None:
                return _UNKNOWN
            pod = Pod(known)  # it may well be deleted, or who would ask?
        else:
            if found is None:
                return _NOTHING
            pod = Pod(found)
            if not pod.is_terminating:
                return _NOTHING  # a container of it begins anew
        killed = pod.killed_at
        now = self._clock()
        bound = (now + pod.grace if killed is None else killed - source.ahead(now)) - LAST_SECONDS
        call.bound = max(call.bound, bound)
        telling, over = asyncio.ensure_future(_told(source, key, pod)), asyncio.ensure_future(source.is_over.wait())
        try:
            either: set[asyncio.Future[Any]] = {telling, over}
            await asyncio.wait(either, timeout=max(0.0, bound - now), return_when=asyncio.FIRST_COMPLETED)
            if telling.done():
                return telling.result()
            return _OVER if over.done() else "PENDING" if pod.holds else "RELEASED_UNCONFIRMED"
        finally:
            telling.cancel()
            over.cancel()


@dataclass(slots=True)
class _Call:
    """One call of a hook. bound: until when it may be answered. is_over: a source that was asked has ended."""

    bound: float = -inf
    is_over: bool = False


async def _told(source: KubernetesSource, key: ObjectKey, pod: Pod) -> str:
    """What becomes of the Pod, when its source knows."""
    await source.synced()  # until then nobody can tell whether it has opted in
    if not _is_ours(source, key, pod):
        return _NOTHING
    return await source.when(POD, _Watched(source, key, pod.uid).outcome)


def _is_ours(source: KubernetesSource, key: ObjectKey, pod: Pod) -> bool:
    """Whether somebody drains the Pod, now that it is being deleted."""
    entry = source.document(ObjectKey(WORKLOAD_ENTRY, key.namespace, key.name))
    has_entry = entry is not None and owner_of(entry) == pod.uid
    return has_entry or pod.has_finalizer or pod.is_enrolled(source.labels_of(key.namespace))


class _Watched:
    """A Pod, as its cluster's watch tells of it."""

    def __init__(self, source: KubernetesSource, key: ObjectKey, uid: str) -> None:
        self._source = source
        self._key = key
        self._uid = uid
        self._was_there = False

    def outcome(self) -> str:
        """Empty while it is not known. A watch may be late: that is gone only what was there."""
        document = self._source.document(self._key)
        if document is None or Pod(document).uid != self._uid:
            return _NOTHING if self._was_there else ""
        self._was_there = True
        told = Pod(document).condition(DRAINED)
        if told.get("status") == "True":
            return "CONFIRMED"
        return _OUTCOMES.get(told.get("reason", ""), "")


def _elsewhere(request: Request) -> Response:
    answer = {"outcome": "PENDING", "reason": "this replica ends: ask again"}
    if not request.headers.get("User-Agent", "").startswith(_KUBELET):
        return JSONResponse(answer, 503)
    again = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return JSONResponse(answer, 307, {"Location": again, "Connection": "close"})


async def _worst_of(asked: Iterable[Awaitable[str]]) -> str:
    found = set(await asyncio.gather(*asked))
    return next((outcome for outcome in _BY_WEIGHT if outcome in found), _NOTHING)
