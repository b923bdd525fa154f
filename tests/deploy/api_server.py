"""Asks an API server what it makes of the chart. It changes nothing there."""

import ipaddress
import json
import shutil
import subprocess
from pathlib import Path

import yaml

from tests.deploy.documents import Document, read
from tests.deploy.kinds import is_built_in
from tests.deploy.rendering import Helm, Rendering

_ANYWHERE = "default"
"""A namespace that is in every cluster: what is tried must have one that is there."""


class Refused(Exception):
    """The API server, or kubectl, would not have it; the text is theirs."""


class ApiServer:
    """A cluster, by kubectl.

    Raises:
        Refused: it can't be reached.
    """

    def __init__(self, kubeconfig: Path) -> None:
        found = shutil.which("kubectl")
        if found is None:
            raise Refused("kubectl is not there: it asks the API server")
        self._command = [found, "--kubeconfig", str(kubeconfig)]
        service = self._run(
            "get", "service", "--namespace", "default", "kubernetes", "--output=jsonpath={.spec.clusterIP}"
        )
        self._free = str(ipaddress.ip_address(service) + 15)
        """An address of its Services that is given out to nobody by itself."""

    def accepts(self, helm: Helm, rendering: Rendering) -> tuple[int, set[str]]:
        """How many documents it would take, and kinds that were not tried, since it does not know them and need not.

        Raises:
            Refused: at least one it would not.
        """
        options = ["--set", "remoteSecrets.namespace=kube-system"] if "remote-secrets" in helm.render(rendering) else []
        if "drain_address" in helm.render(rendering):
            options += ["--set", f"drain.clusterIP={self._free}"]
        documents = read(helm.render(rendering, *options, namespace=_ANYWHERE))
        tried = [document for document in documents if is_built_in(document) or self._knows(document)]
        self._run("apply", "--dry-run=server", "--validate=strict", "--filename=-", given=yaml.safe_dump_all(tried))
        return len(tried), {document["kind"] for document in documents if document not in tried}

    def _knows(self, document: Document) -> bool:
        try:
            known = json.loads(self._run("get", "--raw", f"/apis/{document['apiVersion']}"))
        except Refused as error:
            if "(NotFound)" in str(error):
                return False
            raise
        return document["kind"] in {resource["kind"] for resource in known["resources"]}

    def _run(self, *arguments: str, given: str = "") -> str:
        done = subprocess.run([*self._command, *arguments], input=given, capture_output=True, text=True, check=False)
        if done.returncode:
            raise Refused(done.stderr.strip())
        return done.stdout
