"""What was written is there after a crash, and nothing else."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from controllers.journal import Journal


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cluster.journal"


@pytest.fixture
def journal(path: Path) -> Iterator[Journal]:
    made = Journal(path)
    yield made
    made.close()


def doc(value: object) -> dict[str, object]:
    return {"spec": {"value": value}}


def test_without_a_file_nothing_is_known(journal: Journal) -> None:
    assert journal.load() is None


def test_what_was_written_last_is_what_is_found(journal: Journal, path: Path) -> None:
    journal.write([("a", doc(1)), ("b", doc(2))])
    journal.write([("a", doc(3)), ("b", None), ("c", doc("ü\n"))])
    journal.complete()
    assert Journal(path).load() == {"a": doc(3), "c": doc("ü\n")}


def test_a_part_of_all_that_there_was_is_not_taken_for_all(journal: Journal, path: Path) -> None:
    journal.write([("a", doc(1))])
    assert Journal(path).load() is None


def test_of_a_part_nothing_is_kept(journal: Journal, path: Path) -> None:
    """What of it is gone meanwhile is in no list, and nobody would ever say so."""
    journal.write([("gone meanwhile", doc(1))])
    journal.close()
    another = Journal(path)
    another.load()
    another.write([("a", doc(2))])
    another.complete()
    another.close()
    assert Journal(path).load() == {"a": doc(2)}


def test_it_goes_on_where_it_was(journal: Journal, path: Path) -> None:
    journal.write([("a", doc(1))])
    journal.complete()
    journal.close()
    another = Journal(path)
    another.load()
    another.write([("b", doc(2))])
    another.close()
    assert Journal(path).load() == {"a": doc(1), "b": doc(2)}


def test_a_last_line_that_was_cut_off_anywhere_never_was(journal: Journal, path: Path) -> None:
    journal.write([("a", doc(1))])
    journal.complete()
    before = path.read_bytes()
    journal.write([("a", doc(2))])
    after = path.read_bytes()
    for size in range(len(before), len(after)):
        path.write_bytes(after[:size])
        another = Journal(path)
        assert another.load() == {"a": doc(1)}
        another.write([("b", doc(3))])
        another.close()
        assert Journal(path).load() == {"a": doc(1), "b": doc(3)}


def test_a_file_that_was_damaged_is_set_aside_wherever_it_was(journal: Journal, path: Path) -> None:
    journal.write([("a", doc(1))])
    journal.complete()
    good = path.read_bytes()
    for place in range(len(good) - 1):
        path.write_bytes(good[:place] + bytes((good[place] ^ 1,)) + good[place + 1 :])
        assert Journal(path).load() is None
        assert not path.exists() or good[place] ^ 1 == ord("\n")
    assert list(path.parent.glob("*.bad-*"))


def test_a_journal_of_another_format_is_set_aside(path: Path, journal: Journal) -> None:
    journal.write([])
    path.write_bytes(path.read_bytes().replace(b",1]", b",2]"))
    assert Journal(path).load() is None


def test_what_is_needed_no_more_is_dropped_in_time(journal: Journal, path: Path) -> None:
    journal.complete()
    for number in range(5000):
        journal.write([("a", doc(number))])
    assert len(path.read_bytes().splitlines()) < 1500
    assert Journal(path).load() == {"a": doc(4999)}


def test_when_it_can_t_be_written_it_is_gone_since_it_would_be_out_of_date(
    journal: Journal, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal.write([("a", doc(1))])
    journal.complete()

    def full(_: object) -> None:
        raise OSError("no space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Journal, "_sync", staticmethod(full))
        with pytest.raises(OSError, match="no space"):
            journal.write([("a", doc(2))])
    assert Journal(path).load() is None
    journal.write([("b", doc(3))])
    assert Journal(path).load() == {"a": doc(2), "b": doc(3)}, "with the next write all is there again"
