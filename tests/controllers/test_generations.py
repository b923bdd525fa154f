import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controllers.generations import HIGHEST, Generations
from ledger.ids import Generation, ObjectKey

A, B, C = (ObjectKey("WorkloadEntry", "default", name) for name in "abc")


def test_an_object_starts_at_1_and_rises_by_1_with_every_change_of_content() -> None:
    generations = Generations()
    counted = [generations.count(A, content, None) for content in (b"x", b"x", b"y", b"x")]
    assert [c.generation for c in counted] == [1, 1, 2, 3]
    assert [c.problem for c in counted] == [None] * 4
    assert generations.count(B, b"x", None).generation == 1


def test_a_given_generation_counts_if_it_rises() -> None:
    generations = Generations()
    assert generations.count(A, b"x", Generation(7)) == (7, None)
    assert generations.count(A, b"x", Generation(8)) == (8, None)
    assert generations.count(A, b"y", Generation(9)) == (9, None)
    assert generations.count(A, b"z", None) == (10, None)


@pytest.mark.parametrize(("content", "given", "generation"), [(b"x", 3, 7), (b"y", 3, 8), (b"y", 7, 8)])
def test_a_given_generation_that_does_not_rise_is_a_problem_and_not_used(
    content: bytes, given: int, generation: int
) -> None:
    generations = Generations()
    generations.count(A, b"x", Generation(7))
    counted = generations.count(A, content, Generation(given))
    assert counted.generation == generation
    assert counted.problem is not None
    assert counted == generations.count(A, content, Generation(given)), "the problem changed with nothing else"


def test_a_deleted_object_goes_on_counting_even_with_the_same_content() -> None:
    generations = Generations()
    generations.count(A, b"x", None)
    generations.gone(A)
    assert generations.count(A, b"x", None).generation == 2


def test_a_generation_never_exceeds_64_bits() -> None:
    generations = Generations()
    generations.count(A, b"x", Generation(HIGHEST))
    assert generations.count(A, b"y", None).generation == HIGHEST


def test_the_counts_of_deleted_objects_are_bounded_and_those_that_are_forgotten_start_above_all_of_them() -> None:
    generations = Generations(remember_absent=2)
    for key, changes in ((A, 5), (B, 3), (C, 1)):
        for change in range(changes):
            generations.count(key, b"%d" % change, None)
        generations.gone(key)
    assert len(dumped_objects(generations)) == 2
    assert generations.count(B, b"x", None).generation == 4
    assert generations.count(A, b"x", None).generation == 6


def test_an_object_that_is_back_is_not_forgotten() -> None:
    generations = Generations(remember_absent=1)
    for key in (A, B, C):
        generations.count(key, b"x", None)
    generations.gone(A)
    generations.count(A, b"x", None)
    for key in (B, C):
        generations.gone(key)
    assert dumped_objects(generations).keys() == {str(A), str(C)}


def test_objects_that_are_there_are_never_forgotten() -> None:
    generations = Generations(remember_absent=0)
    generations.count(A, b"x", None)
    generations.count(B, b"x", None)
    generations.gone(B)
    assert dumped_objects(generations).keys() == {str(A)}


def test_the_version_rises_only_with_what_has_to_be_saved() -> None:
    generations = Generations()
    generations.count(A, b"x", None)
    version = generations.version
    generations.count(A, b"x", None)
    assert generations.version == version
    generations.gone(A)
    assert generations.version > version


def test_what_is_dumped_and_loaded_goes_on_counting() -> None:
    generations = Generations(floor=10)
    generations.count(A, b"x", None)
    generations.count(B, b"x", None)
    generations.gone(B)
    loaded = Generations.load(json.loads(json.dumps(generations.dump())))
    assert loaded.version == 0
    assert loaded.count(A, b"x", None).generation == 11
    assert loaded.version == 0
    assert loaded.count(B, b"x", None).generation == 12
    assert loaded.count(C, b"x", None).generation == 11


def test_what_no_source_has_shown_since_it_was_loaded_is_forgotten_before_what_was_deleted_since() -> None:
    generations = Generations()
    for key in (B, C, A):
        generations.count(key, b"x", None)
    generations.gone(A)
    loaded = Generations.load(generations.dump(), remember_absent=2)
    loaded.count(B, b"x", None)
    loaded.gone(B)
    assert dumped_objects(loaded).keys() == {str(B), str(C)}


@pytest.mark.parametrize(
    "dumped",
    [
        None,
        {},
        {"floor": 0},
        {"floor": "0", "objects": {}},
        {"floor": 0, "objects": {"a": [1, ""]}},
        {"floor": 0, "objects": {"a/b/c": [1]}},
        {"floor": 0, "objects": {"a/b/c": ["1", ""]}},
        {"floor": 0, "objects": {"a/b/c": [1, "xy"]}},
    ],
)
def test_what_is_no_dump_is_refused(dumped: object) -> None:
    with pytest.raises(ValueError, match=r".+"):
        Generations.load(dumped)


@given(
    st.lists(
        st.tuples(
            st.sampled_from([A, B, C]),
            st.sampled_from([b"", b"x", b"y"]),
            st.none() | st.integers(1, 5).map(Generation),
            st.booleans(),
        )
    )
)
def test_no_generation_ever_falls_nor_means_another_content(
    steps: list[tuple[ObjectKey, bytes, Generation | None, bool]],
) -> None:
    generations = Generations(remember_absent=1)
    seen: dict[ObjectKey, tuple[int, bytes]] = {}
    there: set[ObjectKey] = set()
    for key, content, given_generation, restart in steps:
        if restart:
            generations = Generations.load(generations.dump(), remember_absent=1)
            there.clear()
        if not content:
            if key in there:
                generations.gone(key)
                there.discard(key)
            continue
        forgotten = str(key) not in dumped_objects(generations)
        counted = generations.count(key, content, given_generation).generation
        there.add(key)
        if forgotten and given_generation:
            seen[key] = (counted, content)  # nobody knows any more what it had reached
            continue
        before, what = seen.get(key, (0, b""))
        assert counted >= before
        assert counted > before or content == what
        seen[key] = (counted, content)


def dumped_objects(generations: Generations) -> dict[str, object]:
    objects = generations.dump()["objects"]
    assert isinstance(objects, dict)
    return objects
