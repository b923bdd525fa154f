"""Whatever happens to the files, in the end exactly what they say is served, and nothing was deleted in passing."""

import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from controllers.files.catalog import Catalog, Outcome
from controllers.files.directory import Directory
from controllers.files.look import FileState, Unreadable, Unsettled
from controllers.generations import Generations
from tests.controllers.files.samples import BROKEN, Desk, Served, entry, invalid, text, told

GRACE = 0.2
PATHS = ["a.yaml", "b.yaml", "c/d.yaml"]

documents = st.builds(entry, st.sampled_from("wxyz"), st.sampled_from(["10.0.0.1", "10.0.0.2"]))
valid = st.builds(
    lambda parts: text(*parts), st.lists(documents, max_size=4, unique_by=lambda part: part.split("\n")[3])
)
cut = st.builds(lambda whole, share: whole[: int(share * len(whole))], valid, st.floats(0, 1))
wrong = st.builds(
    lambda before, bad, after: text(before, bad, after), documents, st.sampled_from([BROKEN, invalid("x")]), documents
)
absent = st.none()
states: st.SearchStrategy[FileState | None] = (
    valid | cut | wrong | absent | st.builds(Unsettled, st.just(0.05)) | st.builds(Unreadable, st.just("can't be read"))
)
directories = st.dictionaries(st.sampled_from(PATHS), valid, max_size=3)
steps = st.tuples(
    st.sampled_from(["file", "file", "file", "directory gone", "directory replaced", "directory hidden", "nothing"]),
    st.sampled_from(PATHS),
    states,
    st.sampled_from([0.0, 0.01, 0.1, 0.2, 1.0, 10.0]),
)


def step(desk: Desk, what: str, path: str, state: FileState | None, after: float) -> None:
    desk.hidden = {"c": "can't be read"} if what == "directory hidden" else {}
    if what == "file" and state is None:
        desk.files.pop(path, None)
    elif what == "file" and state is not None:
        desk.files[path] = state
    elif what == "directory replaced":
        desk.root = (1, desk.root[1] + 1)
    if what == "directory gone":
        desk.lose_directory(after)
    elif what == "directory hidden":
        files = desk.files
        desk.files = {path: state for path, state in files.items() if not path.startswith("c/")}
        desk.look(after)
        desk.files = files
    else:
        desk.look(after)


@settings(deadline=None, max_examples=300)
@given(directories, st.lists(steps, max_size=12), directories)
def test_in_the_end_what_is_served_and_told_is_what_a_fresh_look_gives(
    start: dict[str, FileState], between: list[tuple[str, str, FileState | None, float]], end: dict[str, FileState]
) -> None:
    desk = Desk(start)
    for one in between:
        step(desk, *one)
    desk.hidden = {}
    # Else an emptied directory might be one that was replaced by an empty one, of which nothing follows.
    desk.files = {**end, "empty.yaml": ""}
    for _ in range(4):
        desk.look(GRACE)
    fresh = Desk(desk.files)
    assert desk.objects == fresh.objects
    assert desk.reports == fresh.reports
    assert (desk.told.trouble, desk.told.unapplied_since) == (None, None)
    assert desk.look(GRACE) == ()


@settings(deadline=None, max_examples=300)
@given(directories, st.lists(st.tuples(st.sampled_from(PATHS), states), max_size=8), directories)
def test_what_is_there_before_and_after_a_short_time_of_changes_is_never_deleted(
    start: dict[str, FileState], between: list[tuple[str, FileState | None]], end: dict[str, FileState]
) -> None:
    desk = Desk(start)
    before = set(desk.objects)
    for path, state in between:
        step(desk, "file", path, state, 0.9 * GRACE / len(between))
    desk.files = dict(end)
    after = set(Desk(end).objects)
    for _ in range(4):
        desk.look(GRACE / 20)
    assert not before & after & set(desk.served.deletions)
    desk.look(GRACE)
    desk.look(GRACE)
    assert not before & after & set(desk.served.deletions)
    assert set(desk.objects) == after


class OnDisk:
    """A catalog of a real directory. Only the time that passes for it is the test's."""

    def __init__(self, path: Path) -> None:
        self.now = 0.0
        self.served = Served()
        # Files look old enough to be read, and too young for their times to be relied on.
        directory = Directory(path, lambda: self.now, settle=0.05, wall=lambda: time.time() + 0.06)
        catalog = Catalog("/conf", Generations())
        self._look: Callable[[], Outcome] = lambda: catalog.look(directory.look())

    def look(self, after: float = 0.0) -> Outcome:
        self.now += after
        outcome = self._look()
        self.served.take(outcome.events)
        return outcome


operations = st.tuples(
    st.sampled_from(["write", "replace", "remove", "move", "link", "loop", "move directory"]),
    st.sampled_from(PATHS),
    st.sampled_from(PATHS),
    valid | cut,
)


def operate(root: Path, what: str, path: Path, other: Path, written: str) -> None:
    """Does something to the files."""
    path.parent.mkdir(exist_ok=True)
    if what in ("remove", "link", "loop", "replace"):
        path.unlink(missing_ok=True)
    if what == "write":
        path.write_text(written)
    elif what == "replace":
        (root / "new").write_text(written)
        (root / "new").rename(path)
    elif what == "move":
        path.rename(other)
    elif what == "link" and path != other:
        path.symlink_to(other)
    elif what == "loop":
        path.symlink_to(path.name)
    elif what == "move directory":
        shutil.rmtree(root / "e", ignore_errors=True)
        (root / "c").rename(root / "e")


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(operations, st.sampled_from([0.0, 0.1, 0.3])), max_size=10), directories)
def test_on_a_real_disk_too_what_is_served_in_the_end_is_what_a_fresh_look_gives(
    between: list[tuple[tuple[str, str, str, str], float]], end: dict[str, str]
) -> None:
    with TemporaryDirectory() as path:
        root = Path(path)
        disk = OnDisk(root)
        for (what, one, other, written), after in between:
            with suppress(OSError):  # it can't be done
                operate(root, what, root / one, root / other, written)
            disk.look(after)
        for one in PATHS:
            (root / one).unlink(missing_ok=True)
        shutil.rmtree(root / "e", ignore_errors=True)
        (root / "c").mkdir(exist_ok=True)
        for one, written in end.items():
            (root / one).write_text(written)
        for _ in range(4):
            outcome = disk.look(GRACE)
        fresh = OnDisk(root)
        expected = fresh.look()
        assert disk.served.objects == fresh.served.objects
        assert [told(report) for report in outcome.standing.reports] == [
            told(report) for report in expected.standing.reports
        ]
