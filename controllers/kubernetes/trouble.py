"""Why a cluster can't be taken at its word, and what is told of it: a line when it begins, and one when it is over."""

from collections.abc import Sequence

from structlog.typing import FilteringBoundLogger


class Trouble:
    """What is wrong now. It holds no clock."""

    def __init__(self) -> None:
        self.what: str | None = None
        """Why receipts can't be given; None if they can."""
        self.reason: str | None = None
        """All that is wrong, for people to read; None if nothing is."""
        self._told = ""

    def look(self, served: Sequence[str], beside: Sequence[str]) -> str | None:
        """What is to be told now; None: nothing that was not told already.

        Args:
            served: what is wrong with what is applied.
            beside: what is wrong with what only those who act on Pods need.
        """
        self.what = "; ".join(served) or None
        self.reason = "; ".join([*served, *beside]) or None
        told = "receipts are UNKNOWN" if served else "what becomes of Pods is not known" if beside else ""
        if told == self._told:
            return None
        self._told = told
        return told or "all is well again"


def tell(log: FilteringBoundLogger, told: str, source: str, reason: str | None) -> None:
    """Writes what `look` returned: a warning, or, when it is over, something to know."""
    if reason is None:
        log.info(told, source=source)
    else:
        log.warning(told, source=source, reason=reason)
