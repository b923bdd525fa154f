"""Every input that ever broke something, and those that fuzzing begins with, break nothing."""

from pathlib import Path

import pytest

from tests.fuzz.targets import TARGETS, Target, target_of

INPUTS = [(target, path) for target in TARGETS.values() for path in sorted(target.seeds.iterdir())]


@pytest.mark.parametrize(("target", "path"), INPUTS, ids=[f"{target.name}/{path.name}" for target, path in INPUTS])
def test_an_input_of_the_corpus_breaks_nothing(target: Target, path: Path) -> None:
    target.run(path.read_bytes(), None)


@pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS.keys())
def test_an_empty_input_breaks_nothing(target: Target) -> None:
    target.run(b"", None)


@pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS.keys())
def test_an_input_tells_the_same_story_each_time(target: Target) -> None:
    """Else what was found once could not be found again."""
    for path in target.seeds.iterdir():
        first: list[str] = []
        second: list[str] = []
        target.run(path.read_bytes(), first.append)
        target.run(path.read_bytes(), second.append)
        assert first == second
        assert first


def test_an_inputs_folder_tells_its_target() -> None:
    assert target_of(Path(".fuzz/objects/crash-1")).name == "objects"
    assert target_of(Path("tests/fuzz/corpus/requests/story-00")).name == "requests"
    with pytest.raises(ValueError, match="--target"):
        target_of(Path("/crash-1"))
