"""When the webhook's own certificates are made, and when they come into use. It holds no socket and no clock.

An API server must never meet a certificate whose authority it does not know yet. So a new certificate is made long
before the old one ends, and its authority is published beside the old one; only when that has been so for some time is
the certificate used. The old authority stays until it ends: a replica may still be using what it signed.
"""

from dataclasses import dataclass
from enum import Enum

from controllers.kubernetes.webhook.issue import Validity

RENEWED_AT = 2 / 3
"""Of its time, after which the next certificate is made."""

OVERLAP_SECONDS = 3600.0
"""For which both authorities have been published before the next certificate is used: API servers and other replicas
have long seen it then."""


class Step(Enum):
    """What is to be done about what is kept.

    BEGIN: make a certificate and use it at once: there is none that could be. PREPARE: make the next one, and add its
    authority to the bundle. SWITCH: use the next one. FORGET: take from the bundle what has ended.
    """

    BEGIN = "begin"
    PREPARE = "prepare"
    SWITCH = "switch"
    FORGET = "forget"


@dataclass(frozen=True, slots=True)
class Standing:
    """What is kept. None: there is none, or it can't be used. ended: the bundle has authorities that have ended."""

    current: Validity | None
    prepared: Validity | None = None
    ended: bool = False


class Rotation:
    """Says what is next. Only since when a bundle has been published is kept here; a restart begins it anew."""

    def __init__(self) -> None:
        self._bundle: bytes | None = None
        self._since = 0.0

    def published(self, bundle: bytes | None, now: float) -> None:
        """These authorities are what API servers are told now; None: it is not known."""
        if bundle != self._bundle:
            self._bundle, self._since = bundle, now

    def next(self, standing: Standing, bundle: bytes, now: float) -> Step | None:
        """What is next; None: nothing. bundle: the authorities that are kept. now: in seconds since the epoch."""
        current, prepared = standing.current, standing.prepared
        if prepared is not None and now >= prepared.ends:
            prepared = None
        if current is None or now >= current.ends:
            return Step.BEGIN if prepared is None else Step.SWITCH
        if prepared is not None:
            overlaps = bundle == self._bundle and now >= self._since + OVERLAP_SECONDS
            return Step.SWITCH if overlaps else None
        if now >= current.begins + RENEWED_AT * (current.ends - current.begins):
            return Step.PREPARE
        return Step.FORGET if standing.ended else None
