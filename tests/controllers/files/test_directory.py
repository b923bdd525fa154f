"""Real files, and a clock that is set by hand where ages matter."""

import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from controllers.files.directory import Directory
from controllers.files.look import UNCHANGED, Look, Unreadable, Unsettled


class Later:
    """A time that is so many seconds after the real one."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def __call__(self) -> float:
        return time.time() + self.seconds


def directory(path: Path, later: float = 10.0, max_bytes: int = 1000) -> tuple[Directory, Later]:
    wall = Later(later)
    return Directory(path, lambda: 0.0, settle=0.05, wall=wall, max_bytes=max_bytes), wall


def look(path: Path) -> Look:
    return directory(path)[0].look()


def unreadable(found: Look, path: str) -> str:
    state = found.files[path]
    assert isinstance(state, Unreadable)
    return state.reason


def test_files_that_count_are_found_at_any_depth_and_no_others(tmp_path: Path) -> None:
    (tmp_path / "b" / "c").mkdir(parents=True)
    (tmp_path / ".git").mkdir()
    (tmp_path / "d.yaml").mkdir()
    counting = ["a.yaml", "a.yml", "a.json", "b/a.yaml", "b/c/a.b.yaml", "d.yaml/a.yaml"]
    others = [
        "a.txt",
        "a.yaml~",
        "a.yaml.swp",
        "a.yaml.tmp",
        "#a.yaml#",
        ".a.yaml",
        ".#a.yaml",
        ".git/a.yaml",
        "yaml",
        "4913",
    ]
    for path in (*counting, *others):
        (tmp_path / path).write_text(path)
    found = look(tmp_path)
    assert found.files == {path: path for path in counting}
    assert (found.hidden, found.passed_over, found.trouble) == ({}, {}, None)


def test_a_mounted_config_map_is_read_through_its_links(tmp_path: Path) -> None:
    for version in ("..2024_01", "..2024_02"):
        (tmp_path / version).mkdir()
        (tmp_path / version / "a.yaml").write_text(version)
    (tmp_path / "..data").symlink_to("..2024_01")
    (tmp_path / "a.yaml").symlink_to("..data/a.yaml")
    source, _ = directory(tmp_path)
    assert source.look().files == {"a.yaml": "..2024_01"}
    assert source.look().files == {"a.yaml": UNCHANGED}
    (tmp_path / "..data_tmp").symlink_to("..2024_02")
    (tmp_path / "..data_tmp").rename(tmp_path / "..data")
    assert source.look().files == {"a.yaml": "..2024_02"}


def test_linked_directories_are_followed_and_each_is_read_once(tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "a").mkdir(parents=True)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "x.yaml").write_text("x")
    (root / "a" / "up").symlink_to(root)
    (root / "b").symlink_to(tmp_path / "elsewhere")
    (root / "c").symlink_to(tmp_path / "elsewhere")
    found = look(root)
    assert found.files == {"b/x.yaml": "x"}
    assert found.passed_over == {
        "a/up": "is the same directory as ., which is read already: passed over",
        "c": "is the same directory as b, which is read already: passed over",
    }


def test_links_that_lead_nowhere_are_told_and_hold_up_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("a")
    (tmp_path / "loop.yaml").symlink_to("loop.yaml")
    (tmp_path / "none.yaml").symlink_to("nothing")
    (tmp_path / "dir").symlink_to("nothing")
    (tmp_path / "dirs").symlink_to("dirs")
    found = look(tmp_path)
    assert found.files["a.yaml"] == "a"
    assert unreadable(found, "loop.yaml") == "is a link that leads back to itself: correct or remove it"
    assert unreadable(found, "none.yaml") == "is a link that leads nowhere: correct or remove it"
    assert found.hidden.keys() == {"dir", "dirs"}


def test_what_is_no_regular_file_is_told_and_never_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    (tmp_path / "null.yaml").symlink_to("/dev/zero")
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(str(tmp_path / "socket.yaml"))
        found = look(tmp_path)
    assert found.files.keys() == {"pipe.yaml", "null.yaml", "socket.yaml"}
    assert {unreadable(found, path) for path in found.files} == {
        "is not a regular file: remove it, or put a file there"
    }


def test_files_that_can_not_be_text_are_told(tmp_path: Path) -> None:
    (tmp_path / "binary.yaml").write_bytes(b"a: 1\n\xff")
    (tmp_path / "large.yaml").write_bytes(b"#" * 1001)
    found = look(tmp_path)
    assert unreadable(found, "binary.yaml") == "is not UTF-8 (see line 2): save it as UTF-8"
    assert unreadable(found, "large.yaml") == "has 1,001 bytes, more than 1,000: split it"


@contextmanager
def unprivileged() -> Iterator[Path]:
    """A directory that everybody may look into, and for as long a user who is not root."""
    with TemporaryDirectory() as path:
        Path(path).chmod(0o777)
        user = os.geteuid()
        if user == 0:
            os.seteuid(65534)
        try:
            yield Path(path)
        finally:
            for below in Path(path).rglob("*"):
                below.chmod(0o700)
            os.seteuid(user)


def test_what_may_not_be_read_is_told() -> None:
    with unprivileged() as path:
        (path / "a.yaml").touch(0o000)
        (path / "b").mkdir()
        (path / "b").chmod(0o000)
        found = look(path)
        trouble = look(path / "b").trouble
    assert "give the user that lastack runs as the permission" in unreadable(found, "a.yaml")
    assert "permission" in found.hidden["b"]
    assert trouble is not None
    assert "permission" in trouble


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("nothing", "nothing does not exist: put the directory there"),
        ("a.yaml", "a.yaml is not a directory: put one there"),
        ("loop", "loop is a link that leads back to itself: correct or remove it"),
    ],
)
def test_a_directory_that_can_not_be_read_is_trouble(tmp_path: Path, name: str, told: str) -> None:
    (tmp_path / "a.yaml").touch()
    (tmp_path / "loop").symlink_to("loop")
    found = look(tmp_path / name)
    assert found.trouble == f"{tmp_path}/{told}"


def test_a_file_is_read_again_only_when_it_has_changed(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("one")
    source, _ = directory(tmp_path)
    assert source.look().files == {"a.yaml": "one"}
    assert source.look().files == {"a.yaml": UNCHANGED}
    path.write_text("two")
    assert source.look().files == {"a.yaml": "two"}
    path.touch()
    assert source.look().files == {"a.yaml": UNCHANGED}
    path.unlink()
    assert source.look().files == {}
    path.write_text("two")
    assert source.look().files == {"a.yaml": "two"}


def test_a_change_of_same_size_and_times_is_found_if_the_file_was_young_when_it_was_read(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("one")
    source, wall = directory(tmp_path, later=1.0)
    assert source.look().files == {"a.yaml": "one"}
    # The same signature with another content: as if both were written in one tick of the clock.
    source._memory["a.yaml"] = source._memory["a.yaml"]._replace(digest=b"that of another content")
    assert source.look().files == {"a.yaml": "one"}
    wall.seconds = 3.0
    assert source.look().files == {"a.yaml": UNCHANGED}
    source._memory["a.yaml"] = source._memory["a.yaml"]._replace(digest=b"that of another content")
    assert source.look().files == {"a.yaml": UNCHANGED}


def test_a_change_that_sets_the_old_time_again_is_found(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("one")
    os.utime(path, (1, 1))
    source, _ = directory(tmp_path)
    source.look()
    path.write_text("two")
    os.utime(path, (1, 1))
    assert source.look().files == {"a.yaml": "two"}


def test_a_file_is_not_read_while_its_last_write_is_very_young(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("one")
    ages = iter([0.01, 0.06])
    source = Directory(tmp_path, lambda: 0.0, settle=0.05, wall=lambda: path.stat().st_mtime + next(ages))
    state = source.look().files["a.yaml"]
    assert isinstance(state, Unsettled)
    assert state.seconds == pytest.approx(0.04, abs=0.001)
    assert source.look().files == {"a.yaml": "one"}


def test_a_file_from_the_future_is_read_at_once(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("one")
    os.utime(tmp_path / "a.yaml", (2**33, 2**33))
    assert look(tmp_path).files == {"a.yaml": "one"}


def test_a_file_that_became_unreadable_is_read_again_when_it_is_readable(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("one")
    source, _ = directory(tmp_path)
    source.look()
    path.rename(tmp_path / "b")
    path.symlink_to("nowhere")
    unreadable(source.look(), "a.yaml")
    (tmp_path / "b").rename(path)
    assert source.look().files == {"a.yaml": "one"}


def test_what_is_known_outlives_a_time_without_the_directory(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (root / "a.yaml").write_text("one")
    source, _ = directory(root)
    source.look()
    root.rename(tmp_path / "away")
    assert source.look().trouble is not None
    (tmp_path / "away").rename(root)
    assert source.look().files == {"a.yaml": UNCHANGED}


def test_a_name_that_is_not_utf_8_is_read(tmp_path: Path) -> None:
    with open(os.fsencode(tmp_path) + b"/\xff.yaml", "w") as file:
        file.write("one")
    assert list(look(tmp_path).files.values()) == ["one"]
