"""The targets by name, and what libFuzzer is told about each."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.fuzz import files, objects, requests

Tell = Callable[[str], None]

CORPUS = Path(__file__).parent / "corpus"


@dataclass(frozen=True, slots=True)
class Target:
    """One thing to fuzz.

    run: plays an input, and raises if that breaks a promise. longest: bytes of the inputs that are made. is_text: else
    an input's bytes are decisions, and any bytes go on where others stop.
    """

    name: str
    run: Callable[[bytes, Tell | None], None]
    longest: int
    is_text: bool

    @property
    def seeds(self) -> Path:
        """The inputs that are checked in: every input that ever broke something, and some to begin with."""
        return CORPUS / self.name

    @property
    def words(self) -> Path:
        """Words that inputs are made of; there need not be any."""
        return CORPUS / f"{self.name}.dict"


_TARGETS = (
    Target("requests", requests.run, 200, is_text=False),
    Target("objects", objects.run, 400, is_text=False),
    Target("files", files.run, 2000, is_text=True),
)
TARGETS = {target.name: target for target in _TARGETS}


def target_of(path: Path) -> Target:
    """The target of an input, by the folders that it lies in.

    Raises:
        ValueError: they don't tell.
    """
    for part in reversed(path.absolute().parent.parts):
        if part in TARGETS:
            return TARGETS[part]
    raise ValueError(f"{path} lies in no target's folder: say --target, one of {', '.join(TARGETS)}")
