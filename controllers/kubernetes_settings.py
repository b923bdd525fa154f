"""What the settings of Kubernetes need of each other."""

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from controllers.settings import Settings

KUBERNETES = "kubernetes"
"""Begins a source that is a cluster."""

_FILES = ("webhook_cert", "webhook_key")
_SELF_MADE = ("webhook_service", "webhook_configuration")

_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_SERVICE = re.compile(f"{_LABEL}/{_LABEL}")

_EVERYWHERE = ("0.0.0.0", "::")


def check_kubernetes(settings: "Settings") -> None:
    """Some settings are of use only with others.

    Raises:
        ValueError: something is missing, or too much.
    """
    if not any(source.partition(":")[0] == KUBERNETES for source in settings.source):
        for name in ("pods", "remote_secrets"):
            if getattr(settings, name):
                raise ValueError(f"{name} is given without a source that is a cluster: add --source kubernetes")
    if settings.drain is not None and not settings.pods:
        raise ValueError("drain is given without pods: hooks would wait for nothing")
    _check_lease(settings)
    _check_webhook(settings)


def _check_lease(settings: "Settings") -> None:
    if settings.lease and (not settings.source or settings.directories):
        raise ValueError("lease needs Kubernetes as the only kind of source: files differ between replicas at times")
    seconds = settings.lease_duration
    if seconds < 2 or seconds % 1:
        raise ValueError(f"lease_duration is {seconds:g} s: it must be whole seconds, and 2 at least")


def _check_webhook(settings: "Settings") -> None:
    """It needs a certificate in one of two ways, and to know what hooks are to call."""
    given = tuple(name for name in (*_FILES, *_SELF_MADE) if getattr(settings, name) is not None)
    if settings.webhook is None:
        if given:
            raise ValueError(f"{given[0]} is given without webhook: say where it is to listen")
        return
    if given not in (_FILES, _SELF_MADE):
        ways = "webhook_cert and webhook_key, or webhook_service and webhook_configuration"
        raise ValueError(f"webhook needs {ways}; given are {', '.join(given) or 'none of them'}")
    service, drains = settings.webhook_service, settings.drain_address
    if service is not None and not _SERVICE.fullmatch(service):
        raise ValueError(f"webhook_service {service!r} is not a Service: write NAMESPACE/NAME")
    if drains is None:
        raise ValueError("webhook is given without drain_address: say what preStop hooks are to call")
    if drains.host in _EVERYWHERE or not drains.port:
        raise ValueError(f"drain_address {drains} can't be called: name a host and a port that can")
    if not settings.pods:
        raise ValueError("webhook is given without pods: Pods would wait for ever to be published")
