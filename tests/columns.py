"""Text in columns, as the commands print their tables."""

from collections.abc import Iterable, Sequence


def in_columns(rows: Iterable[Sequence[str]]) -> str:
    """The rows as lines, every column as wide as its longest cell."""
    cells = list(rows)
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells
    )
