"""How long the core is patient."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Timing:
    """Durations, in seconds.

    settling: without a roster of an earlier process, how long receipts are UNKNOWN after the start: longer than Envoy's
        reconnect backoff of at most 30 s.
    stale: how long a response may go unanswered before the proxy is shown as STALE.
    end: how long before its stream is ended, so that it reconnects and shows what it holds (rule 13).
    first_request: how long a stream holds back receipts until it names its node, and shows what it holds of each type.
        Envoy does so at once.
    absent_deadline: after which a proxy's absence turns receipts RELEASED_UNCONFIRMED; None: never.
    """

    settling: float = 60.0
    stale: float = 15.0
    end: float = 300.0
    first_request: float = 3.0
    absent_deadline: float | None = None
