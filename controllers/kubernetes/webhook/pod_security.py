"""Whether a namespace's Pod Security level forbids hooks that call another host. It holds no socket and no clock.

Since Kubernetes 1.34 the levels baseline and restricted do: the API server refuses such Pods.
"""

import re
from collections.abc import Mapping

ENFORCE = "pod-security.kubernetes.io/enforce"
ENFORCE_VERSION = "pod-security.kubernetes.io/enforce-version"

LAST_VERSION_WITHOUT = "v1.33"
"""The newest version of the levels that allows it; a namespace may be pinned to it."""

_STRICT = ("baseline", "restricted")
_VERSION = re.compile(r"v1\.(\d+)")
_FIRST_MINOR = 34


def forbids_hosts_in_hooks(namespace_labels: Mapping[str, str]) -> bool:
    """Whether a Pod there would be refused for such a hook. Without a version it is the API server's newest."""
    if namespace_labels.get(ENFORCE) not in _STRICT:
        return False
    pinned = _VERSION.fullmatch(namespace_labels.get(ENFORCE_VERSION, ""))
    return pinned is None or int(pinned[1]) >= _FIRST_MINOR
