"""The ledger: roots, revisions, and a bounded past."""

from itertools import permutations

import pytest
from immutables import Map

from ledger.ids import Generation, ObjectKey, Revision
from ledger.ledger import Ledger

A = ObjectKey("ServiceEntry", "default", "a")
B = ObjectKey("ServiceEntry", "default", "b")
C = ObjectKey("WorkloadEntry", "default", "a")

FIRST, SECOND, THIRD = Generation(1), Generation(2), Generation(3)


def test_the_root_does_not_depend_on_the_order_of_changes() -> None:
    changes = [(A, b"1"), (B, b"2"), (C, b"1")]
    roots = set()
    for order in permutations(changes):
        ledger = Ledger()
        for key, content in order:
            ledger.apply(key, FIRST, content, 0.0)
        roots.add(ledger.root)
    assert len(roots) == 1


def test_the_root_forgets_how_it_came_about() -> None:
    straight, winding = Ledger(), Ledger()
    straight.apply(A, FIRST, b"new", 0.0)
    winding.apply(A, FIRST, b"old", 0.0)
    winding.apply(B, FIRST, b"brief", 0.0)
    winding.apply(A, SECOND, b"new", 0.0)
    winding.delete(B, 0.0)
    assert winding.root == straight.root


def test_an_empty_ledger_has_the_root_zero_again() -> None:
    ledger = Ledger()
    assert ledger.root == "0" * 32
    ledger.apply(A, FIRST, b"1", 0.0)
    assert ledger.root != "0" * 32
    ledger.delete(A, 0.0)
    assert ledger.root == "0" * 32
    assert len(ledger) == 0


def test_a_root_is_32_hexadecimal_digits() -> None:
    ledger = Ledger()
    for number in range(300):  # some of these begin with a zero
        ledger.apply(A, Generation(number), str(number).encode(), 0.0)
        assert len(ledger.root) == 32
        assert int(ledger.root, 16) >= 0


def test_generations_do_not_count_for_the_root_and_still_make_a_revision() -> None:
    ledger = Ledger()
    ledger.apply(A, FIRST, b"1", 0.0)
    root = ledger.root
    assert ledger.apply(A, SECOND, b"1", 0.0) == Revision(2)
    assert ledger.root == root
    entry = ledger.get(A)
    assert entry is not None
    assert entry.generation == SECOND


@pytest.mark.parametrize(
    "others",
    [
        {A: b"2", B: b"1"},
        {A: b"1", B: b"1"},
        {A: b"1"},
        {A: b"1", C: b"2"},
        {A: b"1", ObjectKey("ServiceEntry", "defaul", "tb"): b"2"},
    ],
    ids=["contents swapped", "one content", "one object fewer", "another kind", "the name's parts split elsewhere"],
)
def test_other_contents_have_another_root(others: dict[ObjectKey, bytes]) -> None:
    one, other = Ledger(), Ledger()
    for key, content in {A: b"1", B: b"2"}.items():
        one.apply(key, FIRST, content, 0.0)
    for key, content in others.items():
        other.apply(key, FIRST, content, 0.0)
    assert one.root != other.root


def test_going_back_to_a_content_goes_back_to_its_root_and_not_to_its_revision() -> None:
    ledger = Ledger()
    ledger.apply(A, FIRST, b"A", 0.0)
    root = ledger.root
    ledger.apply(A, SECOND, b"B", 0.0)
    assert ledger.root != root
    assert ledger.apply(A, THIRD, b"A", 0.0) == Revision(3)
    assert ledger.root == root


def test_what_is_as_it_was_makes_no_revision() -> None:
    ledger = Ledger()
    assert ledger.delete(A, 0.0) is None
    assert ledger.apply(A, FIRST, b"1", 0.0) == Revision(1)
    assert ledger.apply(A, FIRST, b"1", 0.0) is None
    assert ledger.revision == Revision(1)
    assert ledger.remembered == 1
    assert ledger.delete(A, 0.0) == Revision(2)
    assert ledger.get(A) is None


def test_the_state_at_a_past_root_is_found_by_the_root_or_by_how_it_begins() -> None:
    ledger = Ledger()
    ledger.apply(A, FIRST, b"1", 0.0)
    past, root = ledger.state, ledger.root
    ledger.apply(B, FIRST, b"2", 0.0)
    assert ledger.at_root(root) == past != ledger.state
    assert ledger.at_root(root[:12]) == past
    assert ledger.at_root(ledger.root) == ledger.state
    assert ledger.at_root("0" * 32) == Map(), "the state before the first change"
    assert ledger.at_root("f" * 32) is None


def test_of_two_states_with_one_root_the_newer_is_found() -> None:
    ledger = Ledger()
    for generation, content in enumerate((b"A", b"B", b"A", b"C"), start=1):
        ledger.apply(A, Generation(generation), content, 0.0)
        if content == b"A":
            root = ledger.root
    found = ledger.at_root(root)
    assert found is not None
    assert found[A].generation == THIRD


def test_a_state_that_somebody_keeps_does_not_change() -> None:
    ledger = Ledger()
    ledger.apply(A, FIRST, b"1", 0.0)
    kept = ledger.state
    ledger.apply(B, FIRST, b"2", 0.0)
    ledger.delete(A, 0.0)
    assert set(kept) == {A}


def test_no_more_past_states_are_kept_than_the_count_says() -> None:
    ledger = Ledger(history_count=3)
    roots = []
    for number in range(100):
        roots.append(ledger.root)
        ledger.apply(A, Generation(number), str(number).encode(), 0.0)
        assert ledger.remembered <= 3
    assert [ledger.at_root(root) is not None for root in roots[-4:]] == [False, True, True, True]


def test_a_ledger_may_keep_no_past_at_all() -> None:
    ledger = Ledger(history_count=0)
    ledger.apply(A, FIRST, b"1", 0.0)
    root = ledger.root
    ledger.apply(A, SECOND, b"2", 0.0)
    assert ledger.remembered == 0
    assert ledger.at_root(root) is None
    assert ledger.at_root(ledger.root) == ledger.state


def test_a_past_state_is_kept_for_its_time_counted_from_the_change_that_followed_it() -> None:
    ledger = Ledger(history_seconds=10.0)
    ledger.apply(A, FIRST, b"1", 0.0)
    root = ledger.root
    ledger.apply(A, SECOND, b"2", 100.0)
    ledger.apply(B, FIRST, b"x", 110.0)
    assert ledger.at_root(root) is not None
    ledger.apply(B, SECOND, b"y", 110.1)
    assert ledger.at_root(root) is None


def test_age_drops_the_oldest_states_and_no_others() -> None:
    ledger = Ledger(history_seconds=10.0)
    for second in range(100):
        ledger.apply(A, Generation(second), str(second).encode(), float(second))
    assert ledger.remembered == 11
