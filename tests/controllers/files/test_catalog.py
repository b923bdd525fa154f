import pytest

from controllers.files.look import Unreadable, Unsettled
from tests.controllers.files.samples import BROKEN, Desk, applied, entry, invalid, key, text
from xds.objects import Deleted

LONG = 0.2
SHORT = 0.19


def test_the_first_look_applies_every_object_at_generation_1() -> None:
    desk = Desk()
    desk.files = {"a.yaml": text(entry("a"), entry("b")), "sub/c.yaml": entry("c")}
    assert [applied(event) for event in desk.look()] == [("a", 1), ("b", 1), ("c", 1)]
    assert desk.told.unapplied_since is None
    assert desk.told.trouble is None


def test_a_look_at_the_same_gives_no_event() -> None:
    desk = Desk({"a.yaml": entry("a")})
    assert desk.look(after=1) == ()


def test_only_what_has_changed_gives_an_event_and_counts_one_up() -> None:
    desk = Desk({"a.yaml": text(entry("a"), entry("b"))})
    desk.files["a.yaml"] = text(entry("a"), "# moved down\n" + entry("b", "10.0.0.2"))
    assert [applied(event) for event in desk.look()] == [("b", 2)]
    assert desk.objects == {"a": "10.0.0.1", "b": "10.0.0.2"}


@pytest.mark.parametrize("left", [None, "", "# nothing\n", entry("b"), entry("b") + "---\n"])
def test_what_a_file_leaves_out_goes_after_the_grace_period(left: str | None) -> None:
    desk = Desk({"a.yaml": text(entry("a"), entry("b"))})
    if left is None:
        del desk.files["a.yaml"]
    else:
        desk.files["a.yaml"] = left
    assert desk.look() == ()
    assert desk.told.next_look_at == desk.now + LONG
    assert desk.told.unapplied_since == desk.now
    assert desk.look(after=SHORT) == ()
    events = desk.look(after=0.011)
    assert events[0] == Deleted(key("a"))
    assert desk.objects == ({"b": "10.0.0.1"} if left and "name: b" in left else {})
    assert desk.told.unapplied_since is None


def test_what_comes_back_within_the_grace_period_has_never_been_away() -> None:
    desk = Desk({"a.yaml": text(entry("a"), entry("b"))})
    whole = desk.files["a.yaml"]
    for cut in (text(entry("a")), "", None):
        if cut is None:
            del desk.files["a.yaml"]
        else:
            desk.files["a.yaml"] = cut
        assert desk.look(after=SHORT) == ()
    desk.files["a.yaml"] = whole
    assert desk.look(after=SHORT) == ()
    assert desk.look(after=10) == ()
    assert desk.generations.version == 2


def test_the_grace_period_begins_anew_with_every_change_of_the_file() -> None:
    desk = Desk({"a.yaml": text(entry("a"), entry("b"), entry("c"))})
    desk.files["a.yaml"] = text(entry("a"), entry("b"))
    assert desk.look() == ()
    desk.files["a.yaml"] = entry("a")
    assert desk.look(after=SHORT) == ()
    assert desk.look(after=SHORT) == ()
    assert desk.look(after=SHORT) == (Deleted(key("b")), Deleted(key("c")))


def test_the_grace_period_counts_only_time_in_which_the_file_was_seen_so() -> None:
    desk = Desk({"a.yaml": entry("a")})
    del desk.files["a.yaml"]
    desk.look()
    desk.lose_directory(after=10)
    assert desk.look(after=10) == ()
    assert desk.look(after=LONG) == (Deleted(key("a")),)


def test_what_a_file_adds_is_applied_while_it_takes_something_away() -> None:
    desk = Desk({"a.yaml": entry("a")})
    desk.files["a.yaml"] = entry("b")
    assert [applied(event) for event in desk.look()] == [("b", 1)]
    assert desk.objects == {"a": "10.0.0.1", "b": "10.0.0.1"}


def test_an_invalid_document_keeps_its_object_and_holds_back_no_other() -> None:
    desk = Desk({"a.yaml": text(entry("a"), entry("b"), entry("c"))})
    desk.files["a.yaml"] = text(invalid("a"), entry("b", "10.0.0.2"))
    desk.look()
    desk.look(after=1)
    assert desk.objects == {"a": "10.0.0.1", "b": "10.0.0.2"}
    (report,) = desk.reports
    assert report.startswith("a.yaml:7 a: spec.weight: ")
    assert report.endswith("; its last good form stays meanwhile")
    desk.files["a.yaml"] = text(entry("a", "10.0.0.3"), entry("b", "10.0.0.2"))
    desk.look()
    assert (desk.objects["a"], desk.reports) == ("10.0.0.3", [])


def test_an_invalid_document_of_a_new_object_gives_none() -> None:
    desk = Desk({"a.yaml": invalid("a")})
    assert desk.objects == {}
    assert desk.reports[0].endswith("; it is not served")


def test_a_broken_document_keeps_every_object_of_its_file() -> None:
    desk = Desk({"a.yaml": text(entry("a"), entry("b"), entry("c"))})
    desk.files["a.yaml"] = text(entry("a", "10.0.0.2"), BROKEN)
    desk.look()
    assert desk.look(after=100) == ()
    assert desk.told.unapplied_since is None
    assert desk.objects == {"a": "10.0.0.2", "b": "10.0.0.1", "c": "10.0.0.1"}
    assert desk.reports[0].endswith("; 2 earlier objects of the file stay meanwhile")
    desk.files["a.yaml"] = text(entry("a", "10.0.0.2"), entry("c"))
    desk.look()
    desk.look(after=LONG)
    assert (set(desk.objects), desk.reports) == ({"a", "c"}, [])


def test_a_file_that_was_half_written_and_seen_so_for_long_loses_nothing_that_it_broke_in() -> None:
    whole = text(entry("a"), entry("b"), entry("c"))
    for length in range(len(whole)):
        desk = Desk({"a.yaml": whole})
        desk.files["a.yaml"] = whole[:length]
        desk.look()
        desk.files["a.yaml"] = whole
        desk.look(after=SHORT)
        desk.look(after=10)
        assert desk.served.deletions == []
        assert desk.objects.keys() == {"a", "b", "c"}


def test_a_file_that_can_not_be_read_keeps_all_it_gave() -> None:
    desk = Desk({"a.yaml": entry("a")})
    desk.files["a.yaml"] = Unreadable("can't be read: allow it")
    desk.look()
    assert desk.look(after=100) == ()
    assert desk.reports == ["a.yaml: can't be read: allow it; 1 earlier objects of the file stay meanwhile"]
    desk.files["a.yaml"] = entry("a")
    desk.look()
    assert desk.reports == []


def test_a_file_that_is_being_written_stays_as_it_was_and_is_looked_at_when_it_has_settled() -> None:
    desk = Desk({"a.yaml": entry("a")})
    desk.files["a.yaml"] = Unsettled(0.03)
    assert desk.look() == ()
    assert desk.told.next_look_at == desk.now + 0.03
    assert desk.told.unapplied_since == desk.now
    desk.files["a.yaml"] = entry("a", "10.0.0.2")
    desk.look(after=0.03)
    assert desk.objects == {"a": "10.0.0.2"}
    assert desk.told.unapplied_since is None


def test_a_file_that_never_rests_is_trouble_after_a_while_and_no_more_when_it_does() -> None:
    desk = Desk({"a.yaml": entry("a")})
    desk.files["a.yaml"] = Unsettled(0.05)
    desk.look()
    desk.look(after=4.9)
    assert desk.told.trouble is None
    desk.look(after=0.2)
    assert desk.told.trouble is not None
    assert desk.told.trouble.startswith("/conf/a.yaml keeps on changing")
    assert "rename" in desk.told.trouble
    assert desk.told.unapplied_since is None
    assert desk.objects == {"a": "10.0.0.1"}
    desk.files["a.yaml"] = entry("a")
    desk.look(after=1)
    assert desk.told.trouble is None


def test_a_file_that_loses_ever_other_objects_is_trouble_too() -> None:
    desk = Desk({"a.yaml": text(*(entry(f"a{n}") for n in range(60)))})
    for left in range(59, 0, -1):
        desk.files["a.yaml"] = text(*(entry(f"a{n}") for n in range(left)))
        assert desk.look(after=0.1) == ()
    assert desk.told.trouble is not None
    desk.look(after=LONG)
    assert desk.told.trouble is None
    assert len(desk.objects) == 1


def test_a_look_is_due_after_a_while_even_if_there_is_nothing_to_wait_for() -> None:
    desk = Desk({"a.yaml": entry("a")})
    assert desk.told.next_look_at == desk.now + 5


def test_a_generation_that_is_given_counts() -> None:
    desk = Desk({"a.yaml": entry("a", generation=7)})
    assert desk.served.generations == {"a": 7}
    desk.files["a.yaml"] = entry("a", "10.0.0.2", generation=9)
    assert [applied(event) for event in desk.look()] == [("a", 9)]
    assert desk.reports == []


def test_a_given_generation_that_does_not_rise_with_the_content_is_reported_and_counted_up() -> None:
    desk = Desk({"a.yaml": entry("a", generation=7)})
    desk.files["a.yaml"] = entry("a", "10.0.0.2", generation=7)
    assert [applied(event) for event in desk.look()] == [("a", 8)]
    (report,) = desk.reports
    assert report.startswith("a.yaml:1 a: metadata.generation is 7, but the object has reached 8, which is used")
    desk.files["a.yaml"] = entry("a", "10.0.0.2", generation=8)
    assert desk.look() == ()
    assert desk.reports == []


def test_a_deleted_object_goes_on_counting_when_it_is_back() -> None:
    desk = Desk({"a.yaml": entry("a")})
    del desk.files["a.yaml"]
    desk.look()
    desk.look(after=LONG)
    desk.files["a.yaml"] = entry("a")
    assert [applied(event) for event in desk.look()] == [("a", 2)]


def test_deletions_come_after_what_takes_their_place() -> None:
    desk = Desk({"a.yaml": entry("a")})
    del desk.files["a.yaml"]
    desk.look()
    desk.files["b.yaml"] = entry("b")
    first, second = desk.look(after=LONG)
    assert applied(first) == ("b", 1)
    assert second == Deleted(key("a"))
