"""What ends a stream."""

from enum import Enum


class Status(Enum):
    """Why a stream is ended; the names are gRPC's status codes."""

    INVALID_ARGUMENT = "INVALID_ARGUMENT"
    PERMISSION_DENIED = "PERMISSION_DENIED"
    RESOURCE_EXHAUSTED = "RESOURCE_EXHAUSTED"
    DEADLINE_EXCEEDED = "DEADLINE_EXCEEDED"
    UNAVAILABLE = "UNAVAILABLE"


class StreamError(Exception):
    """The stream has to end, for the reason given; no other stream is concerned.

    It is for the peer to mend (terminal), except UNAVAILABLE and DEADLINE_EXCEEDED, after which it may come again.
    """

    def __init__(self, status: Status, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
