"""Why an API server has not done what it was asked."""

from collections.abc import Mapping
from dataclasses import dataclass

NOT_FOUND, GONE = 404, 410


@dataclass(frozen=True, slots=True)
class Failure:
    """An attempt that failed. status: of HTTP; 0: no answer. retry_after: seconds, as the server asks."""

    status: int
    reason: str
    retry_after: float = 0.0


def failure_of(status: object) -> Failure:
    """What a `Status` says: the body of a refusal, or of an ERROR event."""
    if not isinstance(status, Mapping):
        return Failure(0, "the API server sent an error without saying which")
    details = status.get("details")
    asked = details.get("retryAfterSeconds") if isinstance(details, Mapping) else None
    code, message = status.get("code"), status.get("message") or status.get("reason") or "no reason is given"
    return Failure(code if isinstance(code, int) else 0, str(message), float(asked if isinstance(asked, int) else 0))
