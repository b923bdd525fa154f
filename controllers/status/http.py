"""The status API over HTTP, and what watches the process asks for.

GET /v1/receipts/{kind}/{namespace}/{name}
    The receipt of an object. The answer has status 200 whatever the outcome. Parameters:
    generation  the generation that must have reached everybody; 0 (default): the newest that is applied
    deleted     true: that the object's deletion has
    timeout     how long to wait for CONFIRMED or RELEASED_UNCONFIRMED: 30s, 500ms, 2m or seconds; 0 (default): answer
                at once; at most 10 minutes
    stays       for how long it has to be so without a break, within that time; PENDING until then; at most 10 minutes
    excluded    names: name the proxies that ask for nothing the object touches
    watch       true: a line of JSON for the receipt as it is, and one whenever it has changed, at most once a second
GET /v1/proxies
    Every proxy, and per type how far it is. Parameter: id, for one proxy only
DELETE /v1/proxies/{id}
    Declares an absent proxy gone. 404: not known. 409: it is connected
GET /v1/objects
    The objects, those too that their source rejected. Parameters: prefix (of the key as text), after (a key), limit
    (500, at most 5000); `next` in the answer, if not null, is the `after` of the next page
GET /v1/explain/{kind}/{namespace}/{name}
    An object and its receipt as of now
GET /healthz    200 while the process answers
GET /readyz     200 when proxies are served, or would be if this replica held the lease; else 503, and the reason
GET /metrics    for Prometheus

A bad argument is answered with 400, `{"error": ...}` names it and its remedy. {kind} is WorkloadEntry or ServiceEntry
in any case, or we or se. Times are RFC 3339 in UTC.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeVar

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from controllers.status.encoding import object_json, problem_json, proxy_json, receipt_json
from controllers.status.model import Forgotten
from controllers.status.questions import LARGEST_GENERATION, BadArgument, Parameters, checked_stay, object_key, query
from controllers.status.service import StatusService
from ledger.ids import ObjectKey, ProxyId
from ledger.receipts import Query, Receipt

_PAGE, _LONGEST_PAGE = 500, 5000

_T = TypeVar("_T")


def http_app(service: StatusService, registry: CollectorRegistry) -> Starlette:
    """The ASGI application."""
    api = _Api(service, registry)
    return Starlette(
        routes=[
            Route("/v1/receipts/{kind}/{namespace}/{name}", api.receipt, methods=["GET"]),
            Route("/v1/proxies", api.proxies, methods=["GET"]),
            Route("/v1/proxies/{id:path}", api.forget, methods=["DELETE"]),
            Route("/v1/objects", api.objects, methods=["GET"]),
            Route("/v1/explain/{kind}/{namespace}/{name}", api.explain, methods=["GET"]),
            Route("/healthz", api.healthz, methods=["GET"]),
            Route("/readyz", api.readyz, methods=["GET"]),
            Route("/metrics", api.metrics, methods=["GET"]),
        ],
        exception_handlers={BadArgument: _bad_argument, HTTPException: _http_error},
    )


class _Api:
    def __init__(self, service: StatusService, registry: CollectorRegistry) -> None:
        self._service = service
        self._registry = registry

    async def receipt(self, request: Request) -> Response:
        given = _parameters(request, "generation", "deleted", "timeout", "stays", "excluded", "watch")
        generation = given.number("generation", 0, 0, LARGEST_GENERATION)
        asked = query(_key(request), generation, given.flag("deleted"))
        timeout, stays = given.timeout("timeout"), checked_stay(given.duration("stays"))
        names = given.word("excluded", ("names",)) == "names"
        if given.flag("watch"):
            return StreamingResponse(self._lines(asked, timeout, stays, names), media_type="application/x-ndjson")
        receipt = await _unless_gone(request, self._service.receipt(asked, timeout, stays))
        return Response() if receipt is None else JSONResponse(receipt_json(receipt, names))

    async def _lines(self, asked: Query, seconds: float, stays: float, names: bool) -> AsyncIterator[bytes]:
        last: Receipt
        async for last in self._service.watch(asked, seconds, stays):
            yield json.dumps(receipt_json(last, names)).encode() + b"\n"

    async def proxies(self, request: Request) -> Response:
        wanted = _parameters(request, "id").text("id")
        found = [proxy for proxy in self._service.proxies() if not wanted or proxy.id == wanted]
        return JSONResponse({"proxies": [proxy_json(proxy) for proxy in found]})

    async def forget(self, request: Request) -> Response:
        _parameters(request)
        proxy = ProxyId(request.path_params["id"])
        match self._service.forget(proxy):
            case Forgotten.UNKNOWN:
                return _error(404, f"no proxy {proxy!r} is known here")
            case Forgotten.CONNECTED:
                return _error(409, f"proxy {proxy!r} is connected, so it is not gone: stop it first")
        return JSONResponse({"proxy": proxy, "presence": "GONE"})

    async def objects(self, request: Request) -> Response:
        given = _parameters(request, "prefix", "after", "limit")
        limit = given.number("limit", _PAGE, 1, _LONGEST_PAGE)
        found, more = self._service.objects(given.text("prefix"), given.text("after"), limit)
        return JSONResponse(
            {
                "objects": [object_json(status) for status in found],
                "next": more,
                "unnamed": [problem_json(problem) for problem in self._service.nameless_problems()],
            }
        )

    async def explain(self, request: Request) -> Response:
        _parameters(request)
        told = await self._service.explain(_key(request))
        return JSONResponse({**object_json(told.object), "receipt": receipt_json(told.receipt)})

    async def healthz(self, request: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def readyz(self, request: Request) -> Response:
        standing, why = self._service.stands_by(), self._service.not_ready()
        if standing is not None:
            return PlainTextResponse(f"{standing}\n")
        return PlainTextResponse("ready\n") if why is None else PlainTextResponse(f"not ready: {why}\n", 503)

    async def metrics(self, request: Request) -> Response:
        encode, content_type = choose_encoder(request.headers.get("accept", ""))
        return Response(encode(self._registry), headers={"content-type": content_type})


def _parameters(request: Request, *known: str) -> Parameters:
    return Parameters(request.query_params, known)


def _key(request: Request) -> ObjectKey:
    parts = request.path_params
    return object_key(parts["kind"], parts["namespace"], parts["name"])


async def _unless_gone(request: Request, answer: Awaitable[_T]) -> _T | None:
    """The answer; None if the client has hung up before it came, so that nothing is kept for it."""
    answering = asyncio.ensure_future(answer)
    hanging_up = asyncio.ensure_future(_hangs_up(request.receive))
    try:
        await asyncio.wait({answering, hanging_up}, return_when=asyncio.FIRST_COMPLETED)
        return answering.result() if answering.done() else None
    finally:
        hanging_up.cancel()
        answering.cancel()


async def _hangs_up(receive: Callable[[], Awaitable[object]]) -> None:
    while True:
        match await receive():
            case {"type": "http.disconnect"}:
                return


async def _bad_argument(request: Request, error: Exception) -> Response:
    return _error(400, str(error))


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 404:
        return _error(404, f"no such path: {request.url.path}; GET /v1/receipts/KIND/NAMESPACE/NAME, /v1/proxies, ...")
    return _error(error.status_code, error.detail)


def _error(status: int, message: str) -> Response:
    return JSONResponse({"error": message}, status)
