"""Where an API server is, and how to prove who we are there: by a kubeconfig, or as a Pod of its own cluster."""

import os
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import yaml
from kubernetes.aio.client import Configuration
from kubernetes.aio.config import (
    ConfigException,
    load_incluster_config,
    load_kube_config,
    load_kube_config_from_dict,
)

Login = Callable[[], Awaitable[Configuration]]
"""Logs in, anew each time.

Raises:
    LoginError: it can't be.
"""

_NOT_IN_SECRETS = {
    "users": ("exec", "auth-provider", "tokenFile", "client-certificate", "client-key"),
    "clusters": ("certificate-authority",),
}
"""What a kubeconfig from a Secret must not have: whoever may write Secrets would run programs and read files here."""


_UNUSABLE = (ConfigException, OSError, ssl.SSLError, yaml.YAMLError, ValueError, TypeError, KeyError, AttributeError)
"""What is raised of a kubeconfig that is none, or is only half written."""


_HOME = "~/.kube/config"
"""The kubeconfig where the environment names none."""


class LoginError(Exception):
    """There is no way in; the text says why."""


def by_context(context: str) -> Login:
    """By a context of the kubeconfig; empty: the current one, or, in a Pod, its own cluster."""

    async def login() -> Configuration:
        configuration, not_in_a_pod = Configuration(), ""
        if not context:
            try:
                load_incluster_config(client_configuration=configuration)  # type: ignore[no-untyped-call]
                return configuration
            except (ConfigException, OSError) as error:
                not_in_a_pod = f", nor a Pod's own cluster: {_in_a_line(error).rstrip('.')}"
        named = os.environ.get("KUBECONFIG") or _HOME
        if (missing := _missing(named)) is not None:
            raise LoginError(f"there is no kubeconfig {missing}{not_in_a_pod}; name yours by KUBECONFIG")
        try:
            await load_kube_config(named, context or None, configuration)  # type: ignore[no-untyped-call]
            return configuration
        except _UNUSABLE as error:
            which = f"context {context}" if context else "current context"
            raise LoginError(f"kubeconfig {named}: its {which} can't be used: {_in_a_line(error)}") from error

    return login


def by_document(text: bytes) -> Login:
    """By the text of a kubeconfig that came from a Secret, and its current context."""

    async def login() -> Configuration:
        configuration = Configuration()
        try:
            document = yaml.safe_load(text)
            _check(document)
            await load_kube_config_from_dict(document, client_configuration=configuration)  # type: ignore[no-untyped-call]
            return configuration
        except _UNUSABLE as error:
            raise LoginError(f"it is no usable kubeconfig: {_in_a_line(error)}") from error

    return login


def _check(document: Any) -> None:
    if not isinstance(document, dict):
        raise ValueError("it is no mapping")
    for part, refused in _NOT_IN_SECRETS.items():
        for named in document.get(part) or ():
            within = named.get("user" if part == "users" else "cluster") or {}
            for field in refused:
                if field in within:
                    raise ValueError(f"{part} {named.get('name')!r} has {field}, which is not followed: embed the data")


def _missing(named: str) -> str | None:
    """Where kubeconfigs were looked for; None: there is one."""
    places = [Path(place).expanduser() for place in named.split(os.pathsep) if place]
    return None if any(place.exists() for place in places) else " or ".join(map(str, places))


def _in_a_line(error: Exception) -> str:
    return " ".join(str(error).split())
