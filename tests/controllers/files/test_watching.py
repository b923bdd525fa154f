"""Real files, changed in every way that people and programs change them, and the real watcher."""

import asyncio
import errno
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

from structlog.testing import capture_logs

from controllers.files import FileSource, Patience
from tests.controllers.files.recorder import HEARD_ONLY, PATIENT, Recorder, running
from tests.controllers.files.samples import entry, text


async def test_a_file_that_is_made_changed_in_place_and_removed_is_heard_of(tmp_path: Path) -> None:
    recorder = Recorder()
    async with running(FileSource(tmp_path, recorder, patience=HEARD_ONLY)):
        for address in ("10.0.0.1", "10.0.0.2"):
            (tmp_path / "a.yaml").write_text(entry("a", address))
            await recorder.until_served(a=address)
        (tmp_path / "a.yaml").unlink()
        await recorder.until_served()


async def test_a_file_that_is_replaced_by_renaming_is_heard_of(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(entry("a"))
    recorder = Recorder()
    async with running(FileSource(tmp_path, recorder, patience=PATIENT)):
        for address in ("10.0.0.2", "10.0.0.3"):
            (tmp_path / ".new").write_text(entry("a", address))
            (tmp_path / ".new").rename(tmp_path / "a.yaml")
            await recorder.until_served(a=address)
        (tmp_path / "a.yaml").rename(tmp_path / "b.yaml")
        (tmp_path / "b.yaml").write_text(text(entry("a", "10.0.0.4"), entry("b")))
        await recorder.until_served(a="10.0.0.4", b="10.0.0.1")
    assert recorder.served.deletions == []


async def test_an_editor_that_moves_the_old_file_away_first_deletes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(entry("a"))
    recorder = Recorder()
    async with running(FileSource(tmp_path, recorder, patience=PATIENT)):
        for address in ("10.0.0.2", "10.0.0.3"):
            path.rename(tmp_path / "a.yaml~")
            path.write_text(entry("a", address))
            (tmp_path / "a.yaml~").unlink()
            await recorder.until_served(a=address)
    assert recorder.served.deletions == []


async def test_a_config_map_that_is_swapped_is_heard_of(tmp_path: Path) -> None:
    def swap(version: str, content: dict[str, str]) -> None:
        (tmp_path / version).mkdir()
        for name, written in content.items():
            (tmp_path / version / name).write_text(written)
        (tmp_path / "..data_tmp").symlink_to(version)
        (tmp_path / "..data_tmp").rename(tmp_path / "..data")
        for name in content:
            if not (tmp_path / name).is_symlink():
                (tmp_path / name).symlink_to(f"..data/{name}")
        for link in tmp_path.glob("*.yaml"):
            if link.name not in content:
                link.unlink()

    swap("..1", {"a.yaml": entry("a"), "b.yaml": entry("b")})
    recorder = Recorder()
    async with running(FileSource(tmp_path, recorder, patience=PATIENT)):
        assert recorder.objects == {"a": "10.0.0.1", "b": "10.0.0.1"}
        swap("..2", {"a.yaml": entry("a", "10.0.0.2"), "b.yaml": entry("b", "10.0.0.2")})
        shutil.rmtree(tmp_path / "..1")
        await recorder.until_served(a="10.0.0.2", b="10.0.0.2")
        assert recorder.served.deletions == []
        swap("..3", {"a.yaml": entry("a", "10.0.0.3")})
        shutil.rmtree(tmp_path / "..2")
        await recorder.until_served(a="10.0.0.3")
    assert recorder.served.deletions == ["b"]


async def test_a_directory_below_is_heard_of_with_all_in_it(tmp_path: Path) -> None:
    conf = made(tmp_path / "conf")
    recorder = Recorder()
    async with running(FileSource(conf, recorder, patience=HEARD_ONLY)):
        made(conf / "x" / "y")
        (conf / "x" / "y" / "a.yaml").write_text(entry("a"))
        await recorder.until_served(a="10.0.0.1")
        (conf / "x" / "y" / "a.yaml").write_text(entry("a", "10.0.0.2"))
        await recorder.until_served(a="10.0.0.2")
        (conf / "x").rename(tmp_path / "away")
        await recorder.until_served()
        (tmp_path / "away").rename(conf / "z")
        await recorder.until_served(a="10.0.0.2")


async def test_a_directory_that_is_away_for_a_while_is_trouble_and_watched_again_when_it_is_back(
    tmp_path: Path,
) -> None:
    conf = made(tmp_path / "conf")
    (conf / "a.yaml").write_text(entry("a"))
    recorder = Recorder()
    patience = Patience(vanish_grace=0.1, absent=0.02, safety=0.2)
    source = FileSource(conf, recorder, patience=patience, watch=recorder.watch)
    async with running(source):
        conf.rename(tmp_path / "away")
        await recorder.until(lambda: source.name in recorder.troubles)
        (tmp_path / "away").rename(conf)
        await recorder.until(lambda: not recorder.troubles)
        await recorder.until(lambda: len(recorder.watched) == 2)
        (conf / "a.yaml").write_text(entry("a", "10.0.0.2"))
        await recorder.until_served(a="10.0.0.2")
    assert recorder.served.deletions == []


async def test_a_directory_that_is_replaced_is_watched_in_its_new_form(tmp_path: Path) -> None:
    releases = [made(tmp_path / "one"), made(tmp_path / "two")]
    for number, release in enumerate(releases):
        (release / "a.yaml").write_text(entry("a", f"10.0.0.{number}"))
    conf = tmp_path / "conf"
    conf.symlink_to("one")
    recorder = Recorder()
    source = FileSource(conf, recorder, patience=Patience(safety=0.05), watch=recorder.watch)
    async with running(source):
        (tmp_path / "next").symlink_to("two")
        (tmp_path / "next").rename(conf)
        await recorder.until_served(a="10.0.0.1")
        await recorder.until(lambda: len(recorder.watched) == 2)
    assert recorder.watched == [release.stat().st_ino for release in releases]


async def test_without_a_watcher_changes_are_found_by_looking_and_that_is_told_once(tmp_path: Path) -> None:
    async def watch(path: Path, stop: asyncio.Event) -> AsyncIterator[None]:
        raise OSError(errno.ENOSPC, "OS file watch limit reached")
        yield

    recorder = Recorder()
    source = FileSource(tmp_path, recorder, patience=Patience(absent=0.001, safety=0.02), watch=watch)
    await source.start()
    with capture_logs() as logs:
        task = asyncio.create_task(source.run())
        for address in ("10.0.0.1", "10.0.0.2"):
            (tmp_path / "a.yaml").write_text(entry("a", address))
            await recorder.until_served(a=address)
        task.cancel()
    (line,) = logs
    assert (line["log_level"], line["event"]) == ("warning", "can't be told of changes")
    assert "watch limit" in line["reason"]


def made(path: Path) -> Path:
    path.mkdir(parents=True)
    return path
