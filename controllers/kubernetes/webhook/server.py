"""The webhook as the API server sees it.

POST /mutate                 an AdmissionReview of admission.k8s.io/v1; the answer is one too. 400: it is none, and why
POST /mutate/of-namespace    the same, from who asks about Pods of namespaces that opt in only: so this one does
GET /healthz                 200 while it answers
"""

import json
import time
from collections.abc import Callable, Mapping

import structlog
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from controllers.kubernetes.webhook.metrics import Outcome, WebhookMetrics
from controllers.kubernetes.webhook.mutation import DrainPoint, Mutation, mutate
from controllers.kubernetes.webhook.review import BadReview, answer, read

ANY, OF_NAMESPACE = "/mutate", "/mutate/of-namespace"
"""Where questions come: about Pods that may opt in, and about those whose namespace does."""

MOST_BYTES = 8 * 1024 * 1024
"""Of a question: an API server takes no object of more than 3 MiB."""

LabelsOf = Callable[[str], Mapping[str, str] | None]
"""The labels of a namespace; None: it is not known."""

log = structlog.get_logger("webhook")


def webhook_app(
    labels_of: LabelsOf, point: DrainPoint, metrics: WebhookMetrics, clock: Callable[[], float] = time.perf_counter
) -> Starlette:
    """The ASGI application. point: where hooks are to call. clock: in seconds, from anywhere."""

    async def measured(request: Request) -> Response:
        began, outcome = clock(), Outcome.FAILED
        try:
            outcome, response = await reply(request)
            return response
        finally:
            metrics.answered(outcome, clock() - began)

    async def reply(request: Request) -> tuple[Outcome, Response]:
        try:
            review = read(await _document(request))
        except BadReview as error:
            log.warning("a question can't be answered", reason=str(error))
            return Outcome.UNREADABLE, JSONResponse({"error": str(error)}, status_code=400)
        if review.pod is None:
            return Outcome.UNCHANGED, JSONResponse(answer(review.uid, Mutation()))
        # Nobody can guess the question's uid, nor has another Pod had it.
        known = labels_of(review.namespace)
        mutation = mutate(review.pod, review.namespace, known, review.uid, point, request.url.path == OF_NAMESPACE)
        log.debug(
            "a Pod is created",
            namespace=review.namespace,
            pod=review.pod.metadata.name or None,
            changes=len(mutation.operations),
            warnings=mutation.warnings,
        )
        outcome = Outcome.MUTATED if mutation.operations else Outcome.UNCHANGED
        return outcome, JSONResponse(answer(review.uid, mutation))

    async def healthz(_: Request) -> Response:
        return PlainTextResponse("ok\n")

    return Starlette(
        routes=[
            Route(ANY, measured, methods=["POST"]),
            Route(OF_NAMESPACE, measured, methods=["POST"]),
            Route("/healthz", healthz, methods=["GET"]),
        ],
    )


async def _document(request: Request) -> object:
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > MOST_BYTES:
            raise BadReview(f"the body is longer than {MOST_BYTES} bytes")
    try:
        document: object = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadReview(f"the body is not JSON: {error}") from error
    return document
