"""Which clusters Secrets name. It holds no socket and no clock.

As Istio has them: a Secret with the label `istio/multiCluster: "true"`, whose every key is the name of a cluster, and
its value a kubeconfig.
"""

import base64
from collections.abc import Iterable

from controllers.kubernetes.objects import Change, Name, Object
from controllers.reports import Report, Severity

SELECTOR = "istio/multiCluster=true"


class Secrets:
    """The clusters that are meant now.

    Args:
        origin: names the Secrets in reports.
    """

    def __init__(self, origin: str) -> None:
        self._origin = origin
        self._secrets: dict[Name, Object] = {}
        self.wanted: dict[str, bytes] = {}
        """The kubeconfig of each cluster by its name. What two Secrets name is as the first of them says."""
        self.reports: list[Report] = []
        """What is wrong in the Secrets."""

    def changed(self, changes: Iterable[Change]) -> None:
        """Secrets are there, or gone."""
        for name, new in changes:
            if new is None:
                self._secrets.pop(name, None)
            else:
                self._secrets[name] = new
        self.wanted, self.reports = {}, []
        of: dict[str, Name] = {}
        for name in sorted(self._secrets):
            for cluster, text in sorted((self._secrets[name].get("data") or {}).items()):
                if cluster in self.wanted:
                    self._tell(f"Secret {name}: {cluster} is in {of[cluster]} too, and that one is used")
                    continue
                try:
                    self.wanted[cluster], of[cluster] = base64.b64decode(text, validate=True), name
                except (ValueError, TypeError):
                    self._tell(f"Secret {name}: {cluster} is not base64")

    def _tell(self, reason: str) -> None:
        self.reports.append(Report(self._origin, None, None, reason, Severity.ERROR))
