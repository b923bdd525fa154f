"""The file that the image is built by. Nothing here builds it."""

import re
import tomllib

import yaml

from tests.deploy.documents import of_kind, read_files
from tests.deploy.places import CHART, DEPLOY, RENDERED, ROOT

DOCKERFILE = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")


def copied() -> list[str]:
    """What is copied from the checkout."""
    lines = re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE)
    return [name for line in lines for name in line.split()]


def test_what_is_copied_is_there_and_not_ignored() -> None:
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert all((ROOT / name).exists() for name in copied())
    assert {f"!{name}" for name in copied()} == {line for line in ignored if line.startswith("!")}


def test_every_package_is_copied_and_the_files_that_the_project_names() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    packages = [name.rstrip("*") for name in project["tool"]["setuptools"]["packages"]["find"]["include"]]
    named = [project["project"]["readme"], *project["project"]["license-files"], "pyproject.toml", "constraints.txt"]
    assert sorted(copied()) == sorted([*packages, *named])


def test_it_runs_as_the_user_that_the_chart_says_and_opens_the_ports_that_the_chart_names() -> None:
    (workload,) = of_kind(read_files([RENDERED / "everything.yaml"]), "Deployment")
    pod = workload["spec"]["template"]["spec"]
    user = f"{pod['securityContext']['runAsUser']}:{pod['securityContext']['runAsGroup']}"
    assert re.findall(r"^USER (.+)$", DOCKERFILE, re.MULTILINE) == [user]
    ports = [str(port["containerPort"]) for port in pod["containers"][0]["ports"]]
    assert re.findall(r"^EXPOSE (.+)$", DOCKERFILE, re.MULTILINE) == [" ".join(ports)]
    assert 'ENTRYPOINT ["lastack"]' in DOCKERFILE
    assert pod["containers"][0]["args"][0] == "serve"


def test_its_name_is_the_one_that_the_chart_pulls_unless_another_is_said() -> None:
    values = yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8"))
    assert f"--tag {values['image']['repository']}:" in DOCKERFILE
