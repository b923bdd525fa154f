"""Objects that several files give."""

from tests.controllers.files.samples import BROKEN, Desk, applied, entry, invalid, text

LONG = 0.2


def conflict() -> Desk:
    return Desk({"a.yaml": entry("x", "10.0.0.1"), "b.yaml": entry("x", "10.0.0.2")})


def test_the_first_file_in_path_order_wins_and_the_other_is_reported_with_both_named() -> None:
    desk = conflict()
    assert desk.objects == {"x": "10.0.0.1"}
    assert desk.reports == [
        "b.yaml:1 x: stands in /conf/a.yaml:1 too, and that is used, as the first in path order: remove one of the two"
    ]


def test_the_order_in_which_files_come_is_of_no_matter() -> None:
    desk = Desk({"b.yaml": entry("x", "10.0.0.2")})
    desk.files["a.yaml"] = entry("x", "10.0.0.1")
    assert [applied(event) for event in desk.look()] == [("x", 2)]
    assert (desk.objects, desk.reports) == (conflict().objects, conflict().reports)


def test_when_the_winner_goes_the_other_takes_over_without_a_deletion() -> None:
    desk = conflict()
    del desk.files["a.yaml"]
    assert desk.look() == ()
    assert [applied(event) for event in desk.look(after=LONG)] == [("x", 2)]
    assert (desk.objects, desk.reports, desk.served.deletions) == ({"x": "10.0.0.2"}, [], [])


def test_when_the_loser_goes_nothing_happens() -> None:
    desk = conflict()
    del desk.files["b.yaml"]
    assert desk.look() == ()
    assert desk.reports == []
    assert desk.look(after=LONG) == ()


def test_the_winner_wins_with_its_last_good_form() -> None:
    for bad in (invalid("x"), BROKEN):
        desk = conflict()
        desk.files["a.yaml"] = bad
        assert desk.look() == ()
        assert desk.look(after=LONG) == ()
        assert desk.objects == {"x": "10.0.0.1"}
        assert len(desk.reports) == 2


def test_an_object_that_moves_to_another_file_is_never_deleted_nor_reported() -> None:
    for source, target in (("a.yaml", "b.yaml"), ("b.yaml", "a.yaml")):
        desk = Desk({source: text(entry("x"), entry("y"))})
        desk.files = {target: text(entry("x"), entry("y"))}
        assert desk.look() == ()
        assert desk.reports == []
        assert desk.look(after=LONG) == ()
        assert desk.objects.keys() == {"x", "y"}


def test_a_winner_that_is_half_written_for_a_moment_does_not_let_the_other_in() -> None:
    desk = conflict()
    desk.files["a.yaml"] = ""
    assert desk.look() == ()
    desk.files["a.yaml"] = entry("x", "10.0.0.1")
    assert desk.look(after=0.1) == ()
    assert desk.look(after=LONG) == ()


def test_of_three_files_each_loser_is_reported() -> None:
    desk = conflict()
    desk.files["c.yaml"] = entry("x")
    desk.look()
    assert [report.split(":")[0] for report in desk.reports] == ["b.yaml", "c.yaml"]
