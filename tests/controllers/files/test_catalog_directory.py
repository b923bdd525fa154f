"""What the catalog makes of a directory that is gone, empty, replaced, or can't be looked into."""

from controllers.files.look import Unreadable
from tests.controllers.files.samples import BROKEN, Desk, entry, key, text

LONG = 0.2


def two_files() -> Desk:
    return Desk({"a.yaml": entry("a"), "b/b.yaml": entry("b")})


def test_a_directory_that_is_gone_deletes_nothing_and_is_trouble() -> None:
    desk = two_files()
    for _ in range(10):
        assert desk.lose_directory(after=10) == ()
    assert desk.told.trouble == (
        "/conf does not exist: put the directory there. Its 2 objects stay as they were meanwhile"
    )
    assert desk.told.next_look_at == desk.now + 1
    assert desk.told.unapplied_since is None
    assert desk.look() == ()
    assert desk.told.trouble is None


def test_reports_stay_while_the_directory_is_gone() -> None:
    desk = Desk({"a.yaml": text(entry("a"), BROKEN)})
    before = desk.reports
    desk.lose_directory()
    assert desk.reports == before != []


def test_files_that_are_gone_when_the_directory_is_back_go_after_the_grace_period() -> None:
    desk = two_files()
    desk.lose_directory()
    del desk.files["a.yaml"]
    assert desk.look(after=10) == ()
    desk.look(after=LONG)
    assert desk.objects.keys() == {"b"}


def test_a_directory_that_was_emptied_is_empty_after_the_grace_period() -> None:
    desk = two_files()
    desk.files = {}
    assert desk.look() == ()
    assert desk.told.trouble is None
    desk.look(after=LONG)
    assert desk.objects == {}


def test_a_directory_that_was_replaced_by_an_empty_one_is_trouble_until_files_are_in_it() -> None:
    desk = two_files()
    files, desk.files, desk.root = desk.files, {}, (1, 2)
    for _ in range(10):
        assert desk.look(after=10) == ()
        assert desk.told.trouble is not None
        assert "replaced by an empty directory" in desk.told.trouble
    desk.files = files
    assert desk.look() == ()
    assert desk.told.trouble is None


def test_an_empty_file_in_it_says_that_an_emptied_directory_is_meant() -> None:
    desk = two_files()
    desk.files, desk.root = {"none.yaml": ""}, (1, 2)
    assert desk.look() == ()
    desk.look(after=LONG)
    desk.look(after=LONG)
    assert (desk.objects, desk.told.trouble) == ({}, None)


def test_an_empty_directory_is_no_trouble_if_it_was_empty_before() -> None:
    desk = Desk({})
    desk.root = (1, 2)
    desk.look()
    assert desk.told.trouble is None


def test_while_a_replaced_directory_fills_up_nothing_goes() -> None:
    files = {f"{n}.yaml": entry(f"a{n}") for n in range(10)}
    desk = Desk(files)
    desk.root, desk.files = (1, 2), {}
    for n in range(9):
        desk.files[f"{n}.yaml"] = files[f"{n}.yaml"]
        assert desk.look(after=LONG) == ()
    assert desk.look(after=0.1) == ()
    desk.look(after=LONG)
    assert desk.served.deletions == ["a9"]


def test_while_a_directory_that_is_back_fills_up_nothing_goes() -> None:
    desk = Desk({f"{n}.yaml": entry(f"a{n}") for n in range(5)})
    files, desk.files = desk.files, {}
    desk.lose_directory()
    for path, state in files.items():
        desk.files[path] = state
        assert desk.look(after=LONG) == ()
    assert desk.look(after=LONG) == ()


def test_a_directory_may_be_replaced_by_an_empty_one_when_it_was_emptied_before() -> None:
    desk = two_files()
    desk.files = {}
    desk.look()
    desk.look(after=LONG)
    desk.root = (1, 2)
    desk.look()
    assert desk.told.trouble is None


def test_files_that_appear_in_a_directory_that_is_still_the_same_delay_no_deletion() -> None:
    desk = two_files()
    del desk.files["a.yaml"]
    for n in range(3):
        desk.files[f"c{n}.yaml"] = entry(f"c{n}")
        desk.look(after=LONG)
    assert desk.served.deletions == ["a"]


def test_what_is_below_a_directory_that_can_not_be_read_stays() -> None:
    desk = two_files()
    del desk.files["b/b.yaml"]
    desk.look()
    desk.hidden = {"b": "can't be read: allow it"}
    assert desk.look(after=LONG) == ()
    assert desk.look(after=100) == ()
    assert desk.told.unapplied_since is None
    assert desk.told.trouble is None
    assert desk.reports == ["b: can't be read: allow it"]
    report = desk.told.standing.report_for(key("b"))
    assert report is not None
    assert report.file == "/conf/b"
    desk.hidden = {}
    assert desk.look() == ()
    desk.look(after=LONG)
    assert set(desk.objects) == {"a"}
    assert desk.reports == []


def test_a_directory_whose_name_begins_alike_is_not_meant() -> None:
    desk = two_files()
    del desk.files["b/b.yaml"]
    desk.hidden = {"b/bc": "x", "bb": "y"}
    desk.look()
    desk.look(after=LONG)
    assert desk.objects.keys() == {"a"}


def test_an_error_about_an_object_goes_before_a_warning_and_a_doubt() -> None:
    desk = Desk({"a.yaml": entry("a", generation=2)})
    desk.files["a.yaml"] = entry("a", "10.0.0.2", generation=2)
    desk.look()
    report = desk.told.standing.report_for(key("a"))
    assert report is not None
    assert report.severity == "warning"
    desk.files["a.yaml"] = text(entry("a", "10.0.0.2", generation=2), entry("a", "10.0.0.3"))
    desk.look()
    report = desk.told.standing.report_for(key("a"))
    assert report is not None
    assert report.severity == "error"


def test_a_document_that_can_not_be_read_may_be_about_what_its_file_gave_or_what_nobody_gives() -> None:
    desk = Desk({"a.yaml": text(entry("a"), entry("b")), "c.yaml": entry("c")})
    desk.files["a.yaml"] = text(entry("a"), BROKEN)
    desk.look()
    standing = desk.told.standing
    for name in ("b", "never-seen"):
        report = standing.report_for(key(name))
        assert report is not None
        assert report.origin == "/conf/a.yaml:8"
    for name in ("a", "c"):
        assert standing.report_for(key(name)) is None


def test_an_unreadable_file_may_be_about_what_nobody_gives() -> None:
    desk = Desk({"a.yaml": entry("a"), "b.yaml": Unreadable("can't be read: allow it")})
    assert desk.told.standing.report_for(key("a")) is None
    assert desk.told.standing.report_for(key("b")) is not None
