"""What follows from the settings for the parts of a replica."""

from controllers.settings import Settings
from controllers.tls import Certificates
from xds.limits import Limits
from xds.timing import Timing


def certificates(settings: Settings) -> Certificates | None:
    """Of TLS; None: without.

    Raises:
        TlsError: they can't be used.
    """
    if settings.tls_cert is None or settings.tls_key is None:
        return None
    return Certificates(settings.tls_cert, settings.tls_key, settings.tls_client_ca)


def timing(settings: Settings) -> Timing:
    """Of the core."""
    return Timing(
        settling=settings.settling,
        stale=settings.stale,
        end=settings.ack_deadline,
        absent_deadline=settings.absent_deadline,
    )


def limits(settings: Settings) -> Limits:
    """Of the gRPC server."""
    return Limits(
        message_bytes=settings.max_message,
        streams_per_connection=settings.max_streams_per_connection,
        keepalive_seconds=settings.keepalive,
        ping_timeout_seconds=settings.keepalive_timeout,
        max_streams=settings.max_streams,
    )
