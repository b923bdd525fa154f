"""`lastack check`: files are judged before they are served."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from controllers.cli import main
from tests.controllers.documents import SERVICE_YAML, instance_yaml

BROKEN = instance_yaml(7).replace("address", "adress")


def check(*paths: Path, form: str = "table") -> Result:
    return CliRunner().invoke(main, ["check", *map(str, paths), "-o", form])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "pay.yaml").write_text(SERVICE_YAML + "---\n" + instance_yaml(1))
    return tmp_path


def test_what_is_in_order_is_counted(folder: Path) -> None:
    (folder / "notes.txt").write_text("not a document")
    result = check(folder)
    assert (result.exit_code, result.stdout) == (0, "2 objects in 1 file: nothing wrong\n")


def test_an_error_is_told_with_file_and_line(folder: Path) -> None:
    bad = folder / "bad.yaml"
    bad.write_text(BROKEN)
    result = check(folder)
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    assert lines[0].startswith(f"{bad}:4: error: WorkloadEntry/shop/pay-7: spec.address: is missing")
    assert lines[1].startswith(f"{bad}:4: warning: WorkloadEntry/shop/pay-7: spec.adress: is not a known field")
    assert lines[-1] == "2 objects in 2 files: 1 error, 1 warning"


def test_an_object_in_two_files_is_an_error(folder: Path) -> None:
    (folder / "pay2.yaml").write_text(instance_yaml(1))
    result = check(folder)
    assert result.exit_code == 1
    assert f"{folder / 'pay2.yaml'}:1: error: WorkloadEntry/shop/pay-1: stands in {folder / 'pay.yaml'}:11 too" in (
        result.stdout
    )


def test_objects_that_do_not_fit_together_get_a_remark_and_no_error(tmp_path: Path) -> None:
    alone = tmp_path / "alone.yaml"
    alone.write_text(instance_yaml(1))
    result = check(alone)
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        f"{alone}:1: remark: WorkloadEntry/shop/pay-1: no ServiceEntry of its namespace selects its labels",
        "1 object in 1 file: 1 remark",
    ]


def test_a_file_and_the_directory_with_it_are_read_once(folder: Path) -> None:
    assert check(folder, folder / "pay.yaml").stdout == "2 objects in 1 file: nothing wrong\n"


def test_what_is_not_yaml_or_not_text_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("a: [\n")
    (tmp_path / "b.yaml").write_bytes(b"\xff\xfe")
    result = check(tmp_path)
    assert result.exit_code == 1
    assert f"{tmp_path / 'a.yaml'}:1: error: is not valid YAML" in result.stdout
    assert f"{tmp_path / 'b.yaml'}: error: is not UTF-8" in result.stdout


def test_an_empty_directory_holds_nothing(tmp_path: Path) -> None:
    assert check(tmp_path).stdout == "0 objects in 0 files: nothing wrong\n"


def test_a_path_that_there_is_not_is_a_wrong_command_line(tmp_path: Path) -> None:
    result = check(tmp_path / "nope")
    assert result.exit_code == 2
    assert "does not exist" in result.stderr


def test_findings_can_be_had_as_data(folder: Path) -> None:
    (folder / "bad.yaml").write_text(BROKEN)
    told = json.loads(check(folder, form="json").stdout)
    assert (told["files"], told["objects"]) == (2, 2)
    first = told["problems"][0]
    assert (first["file"], first["line"], first["severity"]) == (str(folder / "bad.yaml"), 4, "error")
    assert first["object"] == "WorkloadEntry/shop/pay-7"
