"""The target `objects`: bytes become documents, as any source has them, which are read and served."""

from tests.fuzz.accepting import Tell, check_accepted
from tests.fuzz.choices import Choices
from tests.fuzz.documents import invented


def run(data: bytes, tell: Tell | None = None) -> None:
    """Reads the documents that the bytes make.

    Args:
        tell: is told what comes of each.

    Raises:
        Exception: anything at all, if a promise is broken.
    """
    check_accepted(invented(Choices(data)), tell)
