"""Sets that are shared until they change."""

from ledger.sparse import NOTHING, having, lacking


def test_a_set_that_others_have_too_is_shared_and_never_changed() -> None:
    shared = frozenset({"a", "b"})
    one, two = having(NOTHING, shared), having(NOTHING, shared)
    assert one is two is shared
    assert having(one, {"c"}) == {"a", "b", "c"}
    assert lacking(two, ("a",)) == {"b"}
    assert shared == {"a", "b"}


def test_a_set_that_somebody_may_yet_change_is_copied() -> None:
    given = {"a"}
    kept = having(NOTHING, given)
    given.add("b")
    assert kept == {"a"}


def test_a_set_of_ones_own_is_changed_in_place() -> None:
    own = having(frozenset({"a"}), {"b"})
    assert having(own, {"c"}) is own
    assert lacking(own, ("a", "c")) is own
    assert own == {"b"}


def test_what_is_empty_takes_no_room() -> None:
    assert having(NOTHING, set()) is NOTHING
    assert lacking(NOTHING, ("a",)) is NOTHING
    assert lacking(having(NOTHING, {"a"}), ("a",)) is NOTHING


def test_nothing_comes_of_adding_a_set_to_itself_or_taking_it_from_itself() -> None:
    own = having(frozenset({"a"}), {"b"})
    assert having(own, own) is own
    assert lacking(own, own) is NOTHING
