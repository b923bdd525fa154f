"""What the replicas share of the webhook's own certificates: a Secret, and what each step makes of it.

`tls.crt` and `tls.key` are in use, `next.crt` and `next.key` are to be; `ca.crt` has the authorities of both, and those
from before until they end.
"""

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from controllers.kubernetes.objects import Object
from controllers.kubernetes.webhook.issue import BadCertificate, Pair, Validity, end_of, issue, validity_of
from controllers.kubernetes.webhook.rotation import Standing, Step

_MOST_AUTHORITIES = 4
"""However often it is begun anew; one more than there are without faults."""


@dataclass(frozen=True, slots=True)
class Kept:
    """Certificates and authorities, in PEM form. An authority that is later in the list is younger."""

    current: Pair | None = None
    prepared: Pair | None = None
    authorities: tuple[bytes, ...] = ()

    @property
    def bundle(self) -> bytes:
        return b"".join(self.authorities)

    def standing(self, names: Sequence[str], now: float) -> Standing:
        """What `Rotation` has to know. names: for which a certificate must be."""
        ended = any(now >= end_of(authority) for authority in self.authorities)
        return Standing(self._validity(self.current, names), self._validity(self.prepared, names), ended)

    def after(self, step: Step, names: Sequence[str], now: float) -> "Kept":
        """What is to be kept once a step is done."""
        held = tuple(authority for authority in self.authorities if now < end_of(authority))[1 - _MOST_AUTHORITIES :]
        match step:
            case Step.BEGIN:
                pair, authority = issue(names, now)
                return Kept(pair, None, (*held, authority))
            case Step.PREPARE:
                pair, authority = issue(names, now)
                return Kept(self.current, pair, (*held, authority))
            case Step.SWITCH:
                return Kept(self.prepared, None, held)
            case Step.FORGET:
                return replace(self, authorities=held)

    def data(self) -> dict[str, str | None]:
        """As a Secret has it; None: it has no such entry."""
        pairs = {"tls": self.current, "next": self.prepared}
        entries: dict[str, bytes | None] = {"ca.crt": self.bundle}
        for name, pair in pairs.items():
            entries[f"{name}.crt"] = None if pair is None else pair.cert
            entries[f"{name}.key"] = None if pair is None else pair.key
        return {name: None if entry is None else base64.b64encode(entry).decode() for name, entry in entries.items()}

    def _validity(self, pair: Pair | None, names: Sequence[str]) -> Validity | None:
        try:
            return None if pair is None else validity_of(pair, self.authorities, names)
        except BadCertificate:
            return None


def kept_in(secret: Object | None) -> Kept:
    """What a Secret holds; what can't be read there counts as not there. None: there is no Secret."""
    data = (secret or {}).get("data") or {}
    return Kept(_pair(data, "tls"), _pair(data, "next"), _authorities(_entry(data, "ca.crt")))


def secret_of(kept: Kept, namespace: str, name: str) -> dict[str, Any]:
    """A new Secret that holds it."""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"namespace": namespace, "name": name, "labels": {"app.kubernetes.io/managed-by": "lastack"}},
        "type": "kubernetes.io/tls",
        "data": {entry: value for entry, value in kept.data().items() if value is not None},
    }


def _pair(data: Mapping[str, str], name: str) -> Pair | None:
    cert, key = _entry(data, f"{name}.crt"), _entry(data, f"{name}.key")
    return Pair(cert, key) if cert and key else None


def _entry(data: Mapping[str, str], name: str) -> bytes:
    try:
        return base64.b64decode(data.get(name) or "", validate=True)
    except binascii.Error:
        return b""


def _authorities(bundle: bytes) -> tuple[bytes, ...]:
    try:
        found = x509.load_pem_x509_certificates(bundle)
    except ValueError:
        return ()
    return tuple(each.public_bytes(Encoding.PEM) for each in found)
