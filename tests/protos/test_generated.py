"""The checked-in code is what the compiler makes of the .proto files today."""

import sys
from pathlib import Path

import pytest

from protos import generate


def generated_in(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.glob("*_pb2*")}


def test_the_checked_in_code_equals_freshly_generated_code(tmp_path: Path) -> None:
    assert generate.main([str(tmp_path)]) == 0
    fresh, checked_in = generated_in(tmp_path / "protos"), generated_in(generate.FOLDER)
    assert sorted(checked_in) == sorted(fresh), "a file has no source or was not checked in"
    older = [name for name in fresh if fresh[name] != checked_in[name]]
    assert older == [], "run `python -m protos.generate`"


def test_a_missing_plugin_is_named_with_what_installs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    assert generate.main([str(tmp_path)]) == 1
    said = capsys.readouterr().err
    assert "protoc-gen-mypy is not installed" in said
    assert "install the package mypy-protobuf" in said


def test_a_compiler_that_refuses_makes_the_generation_fail(tmp_path: Path) -> None:
    with pytest.raises(generate.GenerationFailed, match=r"could not compile protos/base\.proto"):
        generate.generate(tmp_path / "missing folder")
