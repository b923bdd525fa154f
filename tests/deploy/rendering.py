"""What the chart is rendered to, by helm, and where that is kept."""

import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.deploy.places import CHART, PLAIN, RENDERED, ROOT, VALUES

NAMESPACE = "lastack"

KUBERNETES = "1.36.0"
"""The version that is rendered for; helm's own guess depends on how it was built."""

_SOURCE = re.compile(r"^---\n# Source: lastack/templates/(\S+)\.yaml\n", re.MULTILINE)
_OF_HELM = re.compile(r"^ *(app\.kubernetes\.io/managed-by|helm\.sh/\S+): .*\n", re.MULTILINE)

_PARTS = ("lastack", "rbac", "webhook")
"""The plain manifests: templates that are a file of their own, after one for all the others."""


class HelmError(Exception):
    """Helm is not there, or has refused; the text says which."""


@dataclass(frozen=True, slots=True)
class Rendering:
    """One way to use the chart. `values`: files, each over the one before it."""

    name: str
    values: tuple[Path, ...] = ()

    @property
    def command(self) -> str:
        """How anybody makes it."""
        values = "".join(f" --values {path.relative_to(ROOT)}" for path in self.values)
        return f"helm template lastack {CHART.relative_to(ROOT)} --namespace {NAMESPACE}{values}"


HA = CHART / "values-ha.yaml"

PLAIN_MANIFESTS = Rendering("plain", (HA, CHART / "values-plain.yaml"))
"""For whoever does without helm: in several files, by what they are for."""

TRIED = (
    Rendering("default"),
    Rendering("ha", (HA,)),
    Rendering("everything", (HA, VALUES / "everything.yaml")),
    Rendering("alone", (VALUES / "alone.yaml",)),
)
"""Kept in one file each, so that it can be looked at without helm."""

ALL = (PLAIN_MANIFESTS, *TRIED)


class Helm:
    """The program.

    Raises:
        HelmError: there is none.
    """

    def __init__(self, program: str) -> None:
        found = shutil.which(program)
        if found is None:
            raise HelmError(
                f"{program} is not there: helm renders the chart. https://helm.sh/docs/intro/install has it for every "
                "system; with Go: go install helm.sh/helm/v3/cmd/helm@latest. Then say HELM=PATH, unless it is in PATH"
            )
        self._program = found

    def lint(self, rendering: Rendering) -> None:
        """Raises HelmError for what helm warns of."""
        self._run("lint", str(CHART), "--strict", "--kube-version", KUBERNETES, *_values(rendering))

    def render(self, rendering: Rendering, *options: str, namespace: str = NAMESPACE) -> str:
        """Raises HelmError if the values are refused."""
        where = ("--namespace", namespace, "--kube-version", KUBERNETES)
        return self._run("template", "lastack", str(CHART), *where, *_values(rendering), *options)

    def _run(self, *arguments: str) -> str:
        done = subprocess.run([self._program, *arguments], capture_output=True, text=True, check=False)
        if done.returncode:
            raise HelmError(f"{done.stdout}{done.stderr}".strip())
        return done.stdout


def files(rendering: Rendering, text: str) -> dict[Path, str]:
    """The files that a rendering is kept in, and what each is to hold."""
    if rendering is not PLAIN_MANIFESTS:
        return {RENDERED / f"{rendering.name}.yaml": f"# {rendering.command}\n{text}"}
    parts: dict[str, list[str]] = {name: [] for name in _PARTS}
    for template, part in sorted(_parts(text), key=_is_permission):
        name = template if template in _PARTS else _PARTS[0]
        parts[name].append(_without_helm(part))
    head = (
        f"# Rendered by `make deploy-check ARGS=--regenerate`; do not edit it, but the chart:\n# {rendering.command}\n"
    )
    return {PLAIN / f"{name}.yaml": head + "---\n".join(found) for name, found in parts.items() if found}


def kept(rendering: Rendering) -> list[Path]:
    """The files in which it is kept now."""
    if rendering is PLAIN_MANIFESTS:
        return [path for path in (PLAIN / f"{name}.yaml" for name in _PARTS) if path.exists()]
    return [RENDERED / f"{rendering.name}.yaml"]


def _parts(text: str) -> Iterator[tuple[str, str]]:
    """Each document with the name of its template."""
    _, *split = _SOURCE.split(text)
    yield from zip(split[::2], split[1::2], strict=True)


def _is_permission(part: tuple[str, str]) -> bool:
    """What it is comes first, then what it may do: helm has it the other way round."""
    return "\napiVersion: rbac.authorization.k8s.io/" in f"\n{part[1]}"


def _without_helm(part: str) -> str:
    return _OF_HELM.sub("", part)


def _values(rendering: Rendering) -> Sequence[str]:
    return [word for path in rendering.values for word in ("--values", str(path))]
