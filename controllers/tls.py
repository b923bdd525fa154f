"""The certificates of the port that proxies connect to. Read again when the files change, so they can be renewed."""

import ssl
from dataclasses import dataclass, field
from pathlib import Path

import grpc
import structlog

log = structlog.get_logger("tls")


class TlsError(Exception):
    """Certificate files that can't be used. Terminal at the start; later the ones in use stay. Names the file."""


@dataclass(slots=True)
class Certificates:
    """The server's certificate and key, and the authority of the proxies' certificates; PEM files.

    client_ca: None: proxies need no certificate. With it (mTLS) each must show one that this authority has signed.
    """

    cert: Path
    key: Path
    client_ca: Path | None = None
    _seen: tuple[object, ...] = field(default=(), init=False, repr=False)
    _current: grpc.ServerCertificateConfiguration | None = field(default=None, init=False, repr=False)

    def credentials(self) -> grpc.ServerCredentials:
        """What a gRPC server needs.

        Raises:
            TlsError: if the files can't be used.
        """
        self._seen = self._state()
        self._current = self._read()
        return grpc.dynamic_ssl_server_credentials(
            self._current, self._newest, require_client_authentication=self.client_ca is not None
        )

    def _newest(self) -> grpc.ServerCertificateConfiguration:
        """What to use; gRPC asks before each handshake, in a thread of its own."""
        assert self._current is not None
        state = self._state()
        if state != self._seen:
            self._seen = state
            try:
                self._current = self._read()
                log.info("certificates renewed", cert=str(self.cert))
            except TlsError as error:
                log.error("certificates not renewed; those in use stay", reason=str(error))
        return self._current

    def _state(self) -> tuple[object, ...]:
        return tuple(stamp_of(path) for path in (self.cert, self.key, self.client_ca) if path is not None)

    def _read(self) -> grpc.ServerCertificateConfiguration:
        cert, key = contents_of(self.cert, "tls_cert"), contents_of(self.key, "tls_key")
        authority = None if self.client_ca is None else contents_of(self.client_ca, "tls_client_ca")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        try:
            context.load_cert_chain(self.cert, self.key, password=_refuse_password)
        except ssl.SSLError as error:
            if error.reason == "KEY_VALUES_MISMATCH":
                raise TlsError(f"tls_key {self.key} is not the key of tls_cert {self.cert}") from error
            raise TlsError(
                f"tls_cert {self.cert} and tls_key {self.key} are not a certificate and its key in PEM form"
            ) from error
        if self.client_ca is not None:
            try:
                context.load_verify_locations(self.client_ca)
            except ssl.SSLError as error:
                raise TlsError(f"tls_client_ca {self.client_ca} holds no certificate in PEM form") from error
        return grpc.ssl_server_certificate_configuration([(key, cert)], authority)


def contents_of(path: Path, setting: str) -> bytes:
    """Of a file that a setting names.

    Raises:
        TlsError: it can't be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise TlsError(f"{setting} {path} can't be read: {error.strerror}") from error


def stamp_of(path: Path) -> object:
    """Something that is another one when the file is."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_ino, status.st_size


def _refuse_password() -> str:
    raise TlsError("tls_key is encrypted: give one that needs no password")
