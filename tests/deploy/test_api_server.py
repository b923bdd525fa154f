"""What an API server is asked to try. kubectl is a script, which answers as for a cluster with cert-manager only."""

import os
from pathlib import Path
from typing import cast

import pytest

from tests.deploy.api_server import ApiServer, Refused
from tests.deploy.documents import of_kind, read
from tests.deploy.places import RENDERED
from tests.deploy.rendering import Helm, Rendering

KUBECTL = """#!/bin/sh
case "$*" in
*"get service"*) printf 10.96.0.1 ;;
*"get --raw /apis/cert-manager.io/v1"*) echo '{"resources": [{"kind": "Certificate"}, {"kind": "Issuer"}]}' ;;
*"get --raw"*) echo 'Error from server (NotFound): the server could not find the requested resource' >&2; exit 1 ;;
*apply*) cat > "$(dirname "$0")/tried" ;;
esac
"""


class KeptChart:
    """Instead of helm, which tests do without: whatever the options, what is kept."""

    def render(self, rendering: Rendering, *options: str, namespace: str = "") -> str:
        return (RENDERED / f"{rendering.name}.yaml").read_text(encoding="utf-8")


@pytest.fixture
def kubectl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    program = tmp_path / "kubectl"
    program.write_text(KUBECTL)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    return program


def test_custom_resources_are_tried_where_their_kinds_are_known(kubectl: Path) -> None:
    helm = cast(Helm, KeptChart())
    count, unknown = ApiServer(kubectl).accepts(helm, Rendering("everything"))
    tried = read((kubectl.parent / "tried").read_text())
    assert len(tried) == count
    assert len(of_kind(tried, "Certificate", "Issuer")) == 4
    assert of_kind(tried, "ServiceMonitor") == []
    assert unknown == {"ServiceMonitor"}


def test_a_cluster_that_does_not_answer_is_no_cluster_that_knows_nothing(kubectl: Path) -> None:
    kubectl.write_text(KUBECTL.replace("Error from server (NotFound)", "Unable to connect to the server"))
    with pytest.raises(Refused, match="Unable to connect"):
        ApiServer(kubectl).accepts(cast(Helm, KeptChart()), Rendering("everything"))
