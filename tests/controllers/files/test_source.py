"""The source without its watcher: start, barrier, trouble, reports, and what is saved."""

import asyncio
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from controllers.files import FileSource, Patience
from controllers.files.directory import Directory
from controllers.files.look import Look
from controllers.generations import Generations
from controllers.source import SourceError
from tests.controllers.files.recorder import Recorder
from tests.controllers.files.samples import BROKEN, entry, invalid, key, text
from xds.objects import Event


async def started(path: Path, recorder: Recorder, **more: object) -> FileSource:
    source = FileSource(path, recorder, **more)  # type: ignore[arg-type]
    await source.start()
    return source


async def test_many_files_are_applied_in_few_batches(tmp_path: Path) -> None:
    for number in range(1000):
        (tmp_path / f"{number}.yaml").write_text(entry(f"a{number}"))
    recorder = Recorder()
    source = await started(tmp_path, recorder)
    assert len(recorder.objects) == 1000
    assert len(recorder.batches) <= 2  # the last files may have been too young to be read
    for number in range(1000):
        (tmp_path / f"{number}.yaml").write_text(entry(f"a{number}", "10.0.0.2"))
    await source.catch_up()
    assert set(recorder.objects.values()) == {"10.0.0.2"}
    assert len(recorder.batches) <= 4


async def test_it_does_not_start_without_its_directory(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for name, told in (("nothing", "does not exist"), ("file", "is not a directory")):
        with pytest.raises(SourceError, match=told):
            await started(tmp_path / name, Recorder())


async def test_it_starts_with_files_that_can_not_be_read(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(text(entry("a"), BROKEN))
    (tmp_path / "b.yaml").symlink_to("b.yaml")
    recorder = Recorder()
    source = await started(tmp_path, recorder)
    assert recorder.objects == {"a": "10.0.0.1"}
    assert [report.origin for report in source.reports()] == [f"{tmp_path}/a.yaml:8", f"{tmp_path}/b.yaml"]


async def test_after_the_barrier_all_that_was_written_before_it_is_applied(tmp_path: Path) -> None:
    recorder = Recorder()
    source = await started(tmp_path, recorder)
    for number in range(5):
        (tmp_path / "a.yaml").write_text(entry("a", f"10.0.0.{number}"))
        await source.catch_up()
        assert recorder.objects == {"a": f"10.0.0.{number}"}
    (tmp_path / "a.yaml").unlink()
    await source.catch_up()
    assert recorder.objects == {}


async def test_the_barrier_waits_for_the_grace_period_of_what_was_removed(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(text(entry("a"), entry("b")))
    recorder = Recorder()
    source = await started(tmp_path, recorder, patience=Patience(vanish_grace=0.3))
    (tmp_path / "a.yaml").write_text(entry("a"))
    before = recorder.clock()
    await source.catch_up()
    assert recorder.clock() - before >= 0.3
    assert recorder.served.deletions == ["b"]


async def test_a_barrier_is_not_content_with_a_look_that_began_before_it(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(entry("a"))
    looked, go_on = threading.Event(), threading.Event()

    def save(_: Generations) -> None:
        looked.set()
        assert go_on.wait(10)

    recorder = Recorder()
    source = FileSource(tmp_path, recorder, save=save)
    start = asyncio.create_task(source.start())
    assert await asyncio.to_thread(looked.wait, 10)
    (tmp_path / "b.yaml").write_text(entry("b"))
    barrier = asyncio.create_task(source.catch_up())
    await asyncio.sleep(0)
    go_on.set()
    await start
    await barrier
    assert recorder.objects.keys() == {"a", "b"}


async def test_barriers_at_the_same_time_share_their_looks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looks = []
    look = Directory.look

    def counted(directory: Directory) -> Look:
        looks.append(look(directory))
        return looks[-1]

    monkeypatch.setattr(Directory, "look", counted)
    source = await started(tmp_path, Recorder())
    await asyncio.gather(*(source.catch_up() for _ in range(100)))
    assert len(looks) == 2


async def test_a_barrier_that_is_given_up_takes_no_other_along(tmp_path: Path) -> None:
    recorder = Recorder()
    source = await started(tmp_path, recorder)
    (tmp_path / "a.yaml").write_text(entry("a"))
    first, second = (asyncio.create_task(source.catch_up()) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    await second
    assert recorder.objects == {"a": "10.0.0.1"}


async def test_while_a_file_does_not_rest_the_barrier_is_bounded_and_there_is_trouble(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(entry("a"))
    recorder = Recorder()
    patience = Patience(vanish_grace=0.01, settle=1000.0, restless=0.1, safety=0.02)
    source = await started(tmp_path, recorder, patience=patience)
    assert source.name in recorder.troubles
    assert "keeps on changing" in recorder.troubles[source.name]


async def test_a_directory_that_is_gone_is_trouble_until_it_is_back(tmp_path: Path) -> None:
    conf = tmp_path / "conf"
    conf.mkdir()
    (conf / "a.yaml").write_text(entry("a"))
    recorder = Recorder()
    source = await started(conf, recorder)
    conf.rename(tmp_path / "away")
    with capture_logs() as logs:
        await source.catch_up()
        await source.catch_up()
        assert recorder.troubles.keys() == {f"files:{conf}"}
        (tmp_path / "away").rename(conf)
        await source.catch_up()
    assert recorder.troubles == {}
    assert recorder.served.deletions == []
    assert [line["event"] for line in logs] == ["the source is in trouble", "the source is in order again"]


async def test_a_problem_is_told_once_and_shown_for_as_long_as_it_lasts(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(text(entry("a"), invalid("b")))
    with capture_logs() as logs:
        source = await started(tmp_path, Recorder())
        path.write_text("# a line more\n" + text(entry("a"), invalid("b")))
        await source.catch_up()
    assert [report.line for report in source.reports()] == [15]
    (line,) = logs
    assert (line["log_level"], line["file"], line["line"]) == ("error", str(path), 14)
    assert line["object"] == "WorkloadEntry/default/b"
    assert "spec.weight" in line["reason"]
    report = source.report_for(key("b"))
    assert report is not None
    assert report.line == 15
    path.write_text(entry("a"))
    await source.catch_up()
    assert (source.reports(), source.report_for(key("b"))) == ([], None)


async def test_generations_are_saved_before_they_are_applied(tmp_path: Path) -> None:
    recorder = Recorder()
    saved: list[tuple[object, int]] = []

    def save(generations: Generations) -> None:
        saved.append((generations.dump()["objects"], len(recorder.batches)))

    source = await started(tmp_path, recorder, save=save)
    assert saved == []
    for number in (1, 2):
        (tmp_path / "a.yaml").write_text(entry("a", f"10.0.0.{number}"))
        await source.catch_up()
    await source.catch_up()
    counts = [(objects["WorkloadEntry/default/a"][0], applied) for objects, applied in saved]  # type: ignore[index]
    assert counts == [(1, 0), (2, 1)]


async def test_what_was_counted_by_an_earlier_process_goes_on(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(text(entry("a"), entry("b")))
    earlier = Generations()
    await started(tmp_path, Recorder(), generations=earlier)
    (tmp_path / "a.yaml").write_text(text(entry("a", "10.0.0.2"), entry("b")))
    recorder = Recorder()
    await started(tmp_path, recorder, generations=Generations.load(earlier.dump()))
    assert recorder.served.generations == {"a": 2, "b": 1}


async def test_if_generations_can_not_be_saved_all_goes_on_and_it_is_tried_again(tmp_path: Path) -> None:
    attempts: list[int] = []

    def save(generations: Generations) -> None:
        attempts.append(generations.version)
        if len(attempts) < 3:
            raise OSError("disk full")

    (tmp_path / "a.yaml").write_text(entry("a"))
    recorder = Recorder()
    with capture_logs() as logs:
        source = await started(tmp_path, recorder, save=save)
        for _ in range(4):
            await source.catch_up()
    assert recorder.objects == {"a": "10.0.0.1"}
    assert attempts == [1, 1, 1]
    assert [line["event"] for line in logs] == ["generations can't be saved, which is tried again"]


async def test_if_events_can_not_be_applied_nobody_is_told_that_all_is_well(tmp_path: Path) -> None:
    class Failing(Recorder):
        async def apply(self, events: Sequence[Event]) -> None:
            raise ValueError("a bug")

    (tmp_path / "a.yaml").write_text(entry("a"))
    recorder = Failing()
    source = FileSource(tmp_path, recorder)
    with pytest.raises(ValueError, match="a bug"):
        await source.start()
    assert "internal error, ValueError" in recorder.troubles[source.name]


async def test_the_event_loop_goes_on_while_files_are_read(tmp_path: Path) -> None:
    loop = asyncio.get_running_loop()
    turned = threading.Event()

    class Slow(Recorder):
        """Its clock, which is read while files are, stands still until the event loop has had a turn."""

        def __init__(self) -> None:
            super().__init__()
            self.clock = self.slow_clock

        def slow_clock(self) -> float:
            if threading.current_thread() is not threading.main_thread():
                loop.call_soon_threadsafe(turned.set)
                assert turned.wait(10)
            return 0.0

    await started(tmp_path, Slow())
    assert turned.is_set()
