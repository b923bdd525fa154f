"""The webhook's certificate from files that somebody else renews, such as cert-manager."""

from pathlib import Path

import structlog

from controllers.kubernetes.times import time_of
from controllers.kubernetes.webhook.issue import Pair
from controllers.kubernetes.webhook.serving_tls import ServingTls
from controllers.tls import TlsError, contents_of, stamp_of

log = structlog.get_logger("webhook")

LOOK_SECONDS = 5.0
"""Between two looks at the files."""


class FromFiles:
    """A certificate and its key in PEM files, which are read again when they change.

    Raises:
        TlsError: they can't be used now.
    """

    every = LOOK_SECONDS

    def __init__(self, cert: Path, key: Path, tls: ServingTls) -> None:
        self._cert = cert
        self._key = key
        self._tls = tls
        self._used = self._stamps()
        self._told = ""
        self._read()

    async def look(self) -> None:
        """Uses what is in the files now. What can't be used is told once and tried again; the one in use stays."""
        stamps, before = self._stamps(), self._tls.pair
        if stamps == self._used:
            return
        try:
            self._read()
        except TlsError as error:
            if self._stamps() == stamps and str(error) != self._told:  # else they are being exchanged just now
                self._told = str(error)
                log.error(
                    "certificate not renewed; the one in use stays", reason=self._told, until=time_of(self._tls.ends)
                )
            return
        self._used, self._told = stamps, ""
        if self._tls.pair != before:
            log.info("certificate renewed", cert=str(self._cert), until=time_of(self._tls.ends))

    def _read(self) -> None:
        pair = Pair(contents_of(self._cert, "webhook_cert"), contents_of(self._key, "webhook_key"))
        self._tls.use(pair, f"webhook_cert {self._cert} and webhook_key {self._key}")

    def _stamps(self) -> tuple[object, ...]:
        return stamp_of(self._cert), stamp_of(self._key)
