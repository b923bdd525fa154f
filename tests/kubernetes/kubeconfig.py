"""Kubeconfigs of doubles."""

from collections.abc import Mapping
from typing import Any

from tests.kubernetes.store import Document

_USER = "us"


def kubeconfig(clusters: Mapping[str, Mapping[str, Any]], user: Mapping[str, Any] | None = None) -> Document:
    """A context of the same name for each cluster; the first is the current one.

    Args:
        clusters: where each is, such as `{"first": {"server": url}}`.
        user: who we are in all of them; without it, somebody with a token.
    """
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": next(iter(clusters)),
        "clusters": [{"name": name, "cluster": dict(cluster)} for name, cluster in clusters.items()],
        "users": [{"name": _USER, "user": dict(user or {"token": "secret"})}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": _USER}} for name in clusters],
    }
