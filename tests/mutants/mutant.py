"""One mistake: an edit of one file, as text."""

from dataclasses import dataclass
from pathlib import Path


class DoesNotApply(Exception):
    """The text that the mutant replaces is not, or not once, in its file: the code has moved on, the mutant has not."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """A mistake.

    name: the mistake, in a sentence. path: of the file, from the project's root. old, new: the edit; `old` stands in
    the file exactly once. breaks: the rule that it breaks, and how that shows.
    """

    name: str
    path: str
    old: str
    new: str
    breaks: str

    def applied(self, text: str) -> str:
        """The file's text with the mistake in it.

        Raises:
            DoesNotApply: if `old` is not in it exactly once.
        """
        found = text.count(self.old)
        if found != 1:
            raise DoesNotApply(f"{self.path} holds the text {found} times, not once: does not apply any more")
        return text.replace(self.old, self.new)

    def apply(self, root: Path) -> None:
        """Puts the mistake into the tree at `root`.

        Raises:
            DoesNotApply: if it can't be put there.
        """
        file = root / self.path
        if not file.is_file():
            raise DoesNotApply(f"there is no {self.path}: does not apply any more")
        file.write_text(self.applied(file.read_text()))

    @property
    def is_of_the_core(self) -> bool:
        """Whether the simulation runs its file; the rest is for tests of its own."""
        return not self.path.startswith("controllers/")

    @property
    def module(self) -> str:
        """The module that it is a mistake in."""
        return self.path.removesuffix(".py").replace("/", ".")
