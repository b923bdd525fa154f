"""Kubernetes Events: what people see of a step in `kubectl describe`."""

from typing import Any

import structlog

from controllers.kubernetes.api import ApiError
from controllers.kubernetes.objects import Object
from controllers.kubernetes.times import time_of
from controllers.kubernetes.writer import Writer
from ledger.ids import ObjectKey

log = structlog.get_logger("kubernetes")

COMPONENT = "lastack"
_LONGEST_MESSAGE = 1024


def event_about(
    key: ObjectKey, document: Object, reason: str, message: str, warning: bool, now: float
) -> dict[str, Any]:
    """The Event. reason: one CamelCase word; document: the object as it was told of, with its uid."""
    about = {"kind": key.kind, "namespace": key.namespace, "name": key.name, "uid": document["metadata"]["uid"]}
    about["apiVersion"] = str(document.get("apiVersion") or "v1")
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"generateName": f"{key.name}.", "namespace": key.namespace},
        "involvedObject": about,
        "reason": reason,
        "message": message[:_LONGEST_MESSAGE],
        "type": "Warning" if warning else "Normal",
        "source": {"component": COMPONENT},
        "firstTimestamp": time_of(now),
        "lastTimestamp": time_of(now),
        "count": 1,
    }


async def tell(writer: Writer, event: dict[str, Any]) -> None:
    """Writes an Event. It is for people to read: should that fail, nothing else waits for it."""
    try:
        await writer.tell(event)
    except ApiError as error:
        log.info("an event was not written", reason=event["reason"], why=str(error))
