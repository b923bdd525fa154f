"""The certificate that the webhook shows. Another one may take its place while connections are open."""

import asyncio
import os
import ssl
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from controllers.kubernetes.webhook.issue import Pair, end_of
from controllers.tls import TlsError


class ServingTls:
    """`context` is for the listener; from `use` on it shows that certificate to whoever connects then."""

    def __init__(self) -> None:
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.pair: Pair | None = None
        """What is in use; None: nothing yet."""
        self.ends = 0.0
        """Until when that holds, in seconds since the epoch; 0: nothing is in use yet."""
        self.usable = asyncio.Event()

    def use(self, pair: Pair, what: str) -> None:
        """Shows this one from now on. `what` names it in errors.

        Raises:
            TlsError: it can't be used; the one in use stays.
        """
        if pair == self.pair:
            return
        with _readable(pair.cert + b"\n" + pair.key) as path:
            try:
                # First elsewhere: what fails halfway leaves a certificate without its key.
                ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(path, password=_no_password)
                self.context.load_cert_chain(path, password=_no_password)
            except ssl.SSLError as error:
                if error.reason == "KEY_VALUES_MISMATCH":
                    raise TlsError(f"{what}: the key is not the certificate's") from error
                raise TlsError(f"{what}: not a certificate and its key in PEM form") from error
            except _Encrypted as error:
                raise TlsError(f"{what}: the key is encrypted: give one that needs no password") from error
        self.pair, self.ends = pair, end_of(pair.cert)
        self.usable.set()


class _Encrypted(Exception):
    """The key needs a password."""


def _no_password() -> str:
    raise _Encrypted


@contextmanager
def _readable(content: bytes) -> Iterator[str]:
    """`ssl` reads files only. On Linux it is one in memory: a key belongs on no disk, and none may be writable."""
    if sys.platform == "linux":
        descriptor = os.memfd_create("lastack", os.MFD_CLOEXEC)
        try:
            os.write(descriptor, content)
            yield f"/proc/self/fd/{descriptor}"
        finally:
            os.close(descriptor)
        return
    with tempfile.NamedTemporaryFile() as file:
        file.write(content)
        file.flush()
        yield file.name
