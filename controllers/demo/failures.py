"""How a request can fail, as the client sees it."""

from enum import StrEnum


class Failure(StrEnum):
    """A kind of failure; `meaning` puts it in words."""

    CUT_OFF = "cut_off"
    REFUSED = "refused"
    NO_INSTANCE = "no_instance"
    TIMEOUT = "timeout"
    WRONG_STATUS = "wrong_status"
    WRONG_BODY = "wrong_body"
    PROXY_LOST = "proxy_lost"

    @property
    def meaning(self) -> str:
        return _MEANINGS[self]


_MEANINGS = {
    Failure.CUT_OFF: "cut off when the instance was killed",
    Failure.REFUSED: "sent to an instance already gone",
    Failure.NO_INSTANCE: "no instance known to the proxy",
    Failure.TIMEOUT: "not answered in time",
    Failure.WRONG_STATUS: "answered with another error",
    Failure.WRONG_BODY: "answered with the wrong content",
    Failure.PROXY_LOST: "the connection to the proxy failed",
}

# What Envoy 1.40 puts into the body of a 503 of its own, and what it means. In order: the first that is found counts.
_ENVOY_SAYS = (
    ("no healthy upstream", Failure.NO_INSTANCE),
    ("remote connection failure", Failure.REFUSED),
    ("connection timeout", Failure.REFUSED),
    ("connection termination", Failure.CUT_OFF),
)


def failure_of(status: int, body: str, expected: str) -> Failure | None:
    """How an answer is a failure; None for the only good one: a 200 with the expected body."""
    if status == 200:
        return None if body == expected else Failure.WRONG_BODY
    for phrase, failure in _ENVOY_SAYS:
        if status == 503 and phrase in body:
            return failure
    return Failure.WRONG_STATUS


def failure_of_error(error: Exception) -> Failure:
    """The failure when there is no answer."""
    return Failure.TIMEOUT if isinstance(error, TimeoutError) else Failure.PROXY_LOST
