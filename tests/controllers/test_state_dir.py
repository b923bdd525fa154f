import errno
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import cast

import pytest
from structlog.testing import capture_logs

from controllers.generations import Generations
from controllers.saved import SavedRoster
from controllers.state_dir import StateDir, StateError
from ledger.ids import ObjectKey, ProxyId, TypeUrl
from xds.plane import Plane

KEY = ObjectKey("WorkloadEntry", "default", "a")

HOLD = """
import sys
from pathlib import Path
from controllers.state_dir import StateDir
StateDir(Path(sys.argv[1])).open()
"""


def roster() -> SavedRoster:
    plane = Plane()
    for name in ("envoy-1", "envoy-ü"):
        proxy = plane.roster.connected(ProxyId(name), "10.0.0.1:1", "envoy", 0.0)
        plane.roster.asked(proxy, TypeUrl("type.googleapis.com/x"))
    return SavedRoster(plane.dump(), complete=True)


def counts(changes: int = 3) -> Generations:
    generations = Generations()
    for change in range(changes):
        generations.count(KEY, b"%d" % change, None)
    return generations


def files(path: Path) -> set[str]:
    return {file.name for file in path.iterdir()} - {"lock"}


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    with StateDir(tmp_path / "made" / "for it") as state:
        state.save_roster(roster())
        state.save_generations(counts())
    with StateDir(tmp_path / "made" / "for it") as state:
        assert state.load_roster() == roster()
        assert state.load_generations(now=5.0).dump() == counts().dump()
        assert files(state.path) == {"roster.json", "generations.json"}


def test_at_the_first_start_the_roster_is_not_known_and_objects_are_counted_from_1(tmp_path: Path) -> None:
    with StateDir(tmp_path) as state, capture_logs() as logs:
        assert state.load_roster() is None
        assert state.load_generations(now=5.0).count(KEY, b"x", None).generation == 1
    assert logs == []


def damaged(data: bytes) -> list[bytes]:
    """The data with every kind of damage."""
    document = json.loads(data)
    return [
        b"",
        b"\0" * len(data),
        data[: len(data) // 2],
        data[:-2],
        data.replace(b"envoy-1", b"envoy-2").replace(b"[3,", b"[2,"),
        b"\xff" + data,
        b"null",
        b"[" * 100_000,
        json.dumps({**document, "version": 2}).encode(),
        json.dumps({**document, "checksum": "0"}).encode(),
        json.dumps({"version": 1, "body": document["body"]}).encode(),
    ]


@pytest.mark.parametrize("number", range(11))
def test_a_damaged_roster_is_not_known_rather_than_empty_and_is_set_aside(tmp_path: Path, number: int) -> None:
    with StateDir(tmp_path) as state:
        state.save_roster(roster())
        path = tmp_path / "roster.json"
        bad = damaged(path.read_bytes())[number]
        for count in (1, 2):
            path.write_bytes(bad)
            with capture_logs() as logs:
                assert state.load_roster() is None
            assert (tmp_path / f"roster.json.bad-{count}").read_bytes() == bad
            (line,) = logs
            assert (line["log_level"], line["file"]) == ("error", str(path))
            assert line["kept_as"] == f"{path}.bad-{count}"
        assert files(tmp_path) == {"roster.json.bad-1", "roster.json.bad-2"}


@pytest.mark.parametrize(
    "body",
    [
        None,
        {"complete": True},
        {"complete": 1, "roster": Plane().dump()},
        {"complete": True, "roster": {}},
        {"complete": True, "roster": {**Plane().dump(), "proxies": [{"id": 1}]}},
    ],
)
def test_a_roster_that_is_whole_and_of_another_shape_is_not_known(tmp_path: Path, body: object) -> None:
    with StateDir(tmp_path) as state:
        state._write("roster.json", lambda: body)
        assert state.load_roster() is None
        assert files(tmp_path) == {"roster.json.bad-1"}


@pytest.mark.parametrize("number", range(11))
def test_with_damaged_generations_objects_are_counted_from_above_what_counting_can_have_reached(
    tmp_path: Path, number: int
) -> None:
    with StateDir(tmp_path) as state:
        state.save_generations(counts())
        path = tmp_path / "generations.json"
        path.write_bytes(damaged(path.read_bytes())[number])
        generations = state.load_generations(now=1_700_000_000.5)
        assert generations.count(KEY, b"x", None).generation == 1_700_000_000_501
        assert files(tmp_path) == {"generations.json.bad-1"}
        state.save_generations(generations)
        assert state.load_generations(now=0.0).count(KEY, b"y", None).generation == 1_700_000_000_502


def test_a_file_of_a_newer_format_is_told_to_be_one(tmp_path: Path) -> None:
    with StateDir(tmp_path) as state, capture_logs() as logs:
        (tmp_path / "roster.json").write_text('{"version": 2, "checksum": "", "body": {}}')
        state.load_roster()
    assert logs[0]["reason"] == "it has format 2, and this lastack reads format 1"


def test_a_file_that_can_neither_be_used_nor_set_aside_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def rename(*_: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    with StateDir(tmp_path) as state:
        (tmp_path / "roster.json").write_text("")
        monkeypatch.setattr(Path, "rename", rename)
        with pytest.raises(StateError, match=r"roster\.json can't be used .*Read-only file system"):
            state.load_roster()


def test_if_saving_fails_what_was_saved_before_is_still_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with StateDir(tmp_path) as state:
        state.save_roster(roster())
        with monkeypatch.context() as patched:
            patched.setattr(os, "fsync", full)
            with pytest.raises(OSError, match="No space left"):
                state.save_roster(SavedRoster(Plane().dump(), complete=True))
        assert state.load_roster() == roster()
        assert files(tmp_path) == {"roster.json"}


def test_what_a_process_that_was_killed_left_half_written_is_of_no_matter(tmp_path: Path) -> None:
    with StateDir(tmp_path) as state:
        state.save_roster(roster())
        (tmp_path / "roster.json.tmp").write_bytes(b"{")
        assert state.load_roster() == roster()
        state.save_roster(roster())
        assert files(tmp_path) == {"roster.json"}


def test_what_is_written_is_on_the_disk_before_it_is_renamed_and_the_directory_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []
    fsync, rename = os.fsync, Path.rename

    def noted_fsync(descriptor: int) -> None:
        calls.append(f"fsync {Path(os.readlink(f'/proc/self/fd/{descriptor}')).name}")
        fsync(descriptor)

    def noted_rename(path: Path, target: Path) -> Path:
        calls.append(f"rename {path.name} {target.name}")
        return rename(path, target)

    monkeypatch.setattr(os, "fsync", noted_fsync)
    monkeypatch.setattr(Path, "rename", noted_rename)
    with StateDir(tmp_path) as state:
        state.save_roster(roster())
    assert calls == ["fsync roster.json.tmp", "rename roster.json.tmp roster.json", f"fsync {tmp_path.name}"]


def test_a_directory_is_used_by_one_process_at_a_time(tmp_path: Path) -> None:
    with (
        StateDir(tmp_path),
        pytest.raises(StateError, match=f"is in use by process {os.getpid()}: end that one, or give each its own"),
    ):
        StateDir(tmp_path).open()
    assert hold(tmp_path) == "", "the directory was not let go of"
    with StateDir(tmp_path):
        assert "is in use by process" in hold(tmp_path)
    with StateDir(tmp_path):
        pass  # a process that ends lets go of it, however it ends


def hold(path: Path) -> str:
    """What another process has to say that opens the directory, and ends without closing it."""
    command = [sys.executable, "-c", HOLD, str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=30).stderr


@pytest.mark.parametrize("name", ["file", "file/below"])
def test_a_directory_that_can_not_be_made_is_an_error(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StateError, match="name a directory that lastack may write to"):
        StateDir(tmp_path / name).open()


def test_a_saved_file_can_be_read_by_people_and_tools(tmp_path: Path) -> None:
    with StateDir(tmp_path) as state:
        state.save_generations(counts())
    document = cast(dict[str, object], json.loads((tmp_path / "generations.json").read_text()))
    assert document["version"] == 1
    assert document["body"] == {"floor": 0, "objects": {str(KEY): [3, b"2".hex()]}}
