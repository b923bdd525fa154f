"""Every scenario goes as it is written down."""

from pathlib import Path

import pytest

from tests.scenarios.scenario import files, seen


@pytest.mark.parametrize("file", files(), ids=lambda file: file.stem)
def test_it_goes_as_written_down(file: Path) -> None:
    text = file.read_text(encoding="utf-8")

    assert seen(text) == text, "python -m tests.scenarios --regenerate writes down what is seen now"


def test_a_line_that_is_no_command_is_named() -> None:
    with pytest.raises(ValueError, match=r"line 2: 'bot' is no command: there are answer, boot"):
        seen("world\nbot p1\n")


def test_a_command_with_too_few_words_is_explained() -> None:
    with pytest.raises(ValueError, match=r"line 3: 'boot': missing a required argument.*a process starts"):
        seen("# A proxy\nworld\nboot\n")
