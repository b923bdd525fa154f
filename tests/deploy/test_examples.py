"""The examples: lastack reads them without an error, and the rest of them is what a cluster takes."""

from pathlib import Path

import pytest

from controllers.cli.checking import check_paths
from controllers.kubernetes.drain import FINALIZER
from controllers.reports import Severity
from tests.deploy.documents import of_kind, read, read_files
from tests.deploy.kinds import problems
from tests.deploy.places import DEPLOY, EXAMPLES

READ_BY_LASTACK = ("ServiceEntry", "WorkloadEntry")


@pytest.mark.parametrize("path", sorted(EXAMPLES.iterdir()), ids=lambda path: path.name)
def test_an_example_is_taken(path: Path) -> None:
    documents = read(path.read_text(encoding="utf-8"))
    checked = check_paths([path])
    assert checked.count(Severity.ERROR) == 0
    assert checked.objects == len(of_kind(documents, *READ_BY_LASTACK)) > 0
    others = [document for document in documents if document["kind"] not in READ_BY_LASTACK]
    assert [problem for document in others for problem in problems(document)] == []


def test_the_deployment_opts_in_and_its_group_and_service_are_its_own() -> None:
    documents = read_files([EXAMPLES / "deployment.yaml"])
    (service,), (group,), (deployment,) = (
        of_kind(documents, kind) for kind in ("ServiceEntry", "WorkloadGroup", "Deployment")
    )
    template = deployment["spec"]["template"]
    assert template["metadata"]["labels"]["lastack.io/enroll"] == "true"
    assert template["metadata"]["annotations"] == {"lastack.io/workload-group": group["metadata"]["name"]}
    wanted = service["spec"]["workloadSelector"]["labels"]
    assert wanted.items() <= group["spec"]["metadata"]["labels"].items()
    assert wanted.items() <= template["metadata"]["labels"].items()
    ports = {port["containerPort"] for port in template["spec"]["containers"][0]["ports"]}
    assert set(group["spec"]["template"]["ports"].values()) == ports
    assert group["spec"]["template"]["ports"].keys() == {port["name"] for port in service["spec"]["ports"]}


def test_a_virtual_machine_is_drained_when_its_entry_is_deleted_and_another_is_left() -> None:
    """The last instance of a service is held, since Envoy would use it all the same."""
    documents = read_files([EXAMPLES / "vm.yaml"])
    (service,), entries = of_kind(documents, "ServiceEntry"), of_kind(documents, "WorkloadEntry")
    selected = service["spec"]["workloadSelector"]["labels"].items()
    assert len([entry for entry in entries if selected <= entry["spec"]["labels"].items()]) > 1
    for entry in entries:
        assert entry["metadata"]["finalizers"] == [FINALIZER]
        assert entry["metadata"]["annotations"] == {"lastack.io/longest-request": "2m"}


def test_the_readme_names_every_example() -> None:
    readme = (DEPLOY / "README.md").read_text(encoding="utf-8")
    assert [path.name for path in EXAMPLES.iterdir() if f"examples/{path.name}" not in readme] == []
