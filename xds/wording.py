"""What is told of others' words: fit for a line, however long or odd they are."""

from collections.abc import Sequence

_LONGEST_TEXT = 60
_NAMED = 3


def shortened(text: str) -> str:
    """`text` fit for one line of a message: printable, and at most 61 characters, enough to recognise it."""
    shown = text[: _LONGEST_TEXT + 1]
    if not shown.isprintable():
        shown = ascii(shown)[1:-1]  # which makes up to ten characters of one
    return shown[:_LONGEST_TEXT] + "…" if len(shown) > _LONGEST_TEXT else shown


def few(names: Sequence[str]) -> str:
    """The first of them, and how many more there are: `a, b, c and 4 more`."""
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")
