"""A look at the directory: what is handed from the disk to the catalog."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto

Identity = tuple[int, int]
"""Device and inode of a directory."""


class Unchanged(Enum):
    """A file that says what it said when it was last read."""

    UNCHANGED = auto()


UNCHANGED = Unchanged.UNCHANGED


@dataclass(frozen=True, slots=True)
class Unsettled:
    """A file that was not read, as it has just been written to and may be half done. `seconds`: till it can be read."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A file that is there and can't be read; why, with the remedy."""

    reason: str


FileState = str | Unreadable | Unsettled | Unchanged
"""A file's text, or why there is none."""


@dataclass(frozen=True, slots=True)
class Look:
    """What the directory held, between two moments.

    began, ended: in seconds; all that is told was seen in between. files: by path below the directory, with `/`; one
    that is not among them was not there. hidden: directories (and links) that could not be looked into, and why: nobody
    knows what is below them. passed_over: directories that were left out because of what they are, and why. trouble:
    the directory itself can't be read; nothing else is told then.
    """

    began: float
    ended: float
    files: Mapping[str, FileState] = field(default_factory=dict)
    root: Identity = (0, 0)
    hidden: Mapping[str, str] = field(default_factory=dict)
    passed_over: Mapping[str, str] = field(default_factory=dict)
    trouble: str | None = None
