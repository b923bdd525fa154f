"""What ends a stream."""

from enum import Enum


class Status(Enum):
    """Why a stream is ended; the names are gRPC's status codes."""

    INVALID_ARGUMENT = "INVALID_ARGUMENT"
    PERMISSION_DENIED = "PERMISSION_DENIED"
    RESOURCE_EXHAUSTED = "RESOURCE_EXHAUSTED"
    DEADLINE_EXCEEDED = "DEADLINE_EXCEEDED"
    UNAVAILABLE = "UNAVAILABLE"


MAX_MESSAGE_LENGTH = 500
"""Characters. It may quote the peer, and a trailer of over 16 kB is lost on the way."""


class StreamError(Exception):
    """The stream has to end, for the reason given; no other stream is concerned.

    It is for the peer to mend (terminal), except UNAVAILABLE and DEADLINE_EXCEEDED, after which it may come again.
    """

    def __init__(self, status: Status, message: str) -> None:
        message = message if len(message) <= MAX_MESSAGE_LENGTH else message[:MAX_MESSAGE_LENGTH] + "..."
        super().__init__(message)
        self.status = status
        self.message = message
