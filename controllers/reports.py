"""What is wrong in a source, for whoever wrote it."""

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field
from enum import StrEnum

from ledger.ids import ObjectKey


class Severity(StrEnum):
    """ERROR: something in a file has no effect. WARNING: it has one, and probably not the one that was meant."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Report:
    """One problem, while it lasts.

    file: the path, as the directory was named; or the cluster. line: 1-based; None if it is about the file, a directory
        or an object as a whole.
    key: the object, where it is known. reason: what is wrong, what to do about it, and what lastack does meanwhile.
    """

    file: str
    line: int | None
    key: ObjectKey | None
    reason: str
    severity: Severity

    @property
    def origin(self) -> str:
        """`file:line`, or `file`."""
        return self.file if self.line is None else f"{self.file}:{self.line}"

    @property
    def _identity(self) -> tuple[object, ...]:
        # An object's problem stays the same one when lines are added above it.
        return (self.file, self.line if self.key is None else None, self.key, self.reason, self.severity)


@dataclass(frozen=True, slots=True)
class Standing:
    """Every report as of one look.

    about: the report that most concerns an object, for each object that has one; an error before a warning. anywhere:
    an error about what may be any object, since it could not be read. served: the objects that the files give; filled
    in only where there is an `anywhere`.
    """

    reports: tuple[Report, ...] = ()
    about: Mapping[ObjectKey, Report] = field(default_factory=dict)
    anywhere: Report | None = None
    served: Set[ObjectKey] = frozenset()

    def report_for(self, key: ObjectKey) -> Report | None:
        """What keeps the files from saying for sure how the object is meant to be; or else a warning about it.

        An object of which nothing is known may be the one in a document that can't be read.
        """
        report = self.about.get(key)
        if report is None and key not in self.served:
            return self.anywhere
        return report


def news(before: Iterable[Report], after: Iterable[Report]) -> list[Report]:
    """The reports that were not there before."""
    known = {report._identity for report in before}
    return [report for report in after if report._identity not in known]


def in_order(reports: Iterable[Report]) -> tuple[Report, ...]:
    """By file and line; each once."""
    unique = dict.fromkeys(reports)
    return tuple(sorted(unique, key=lambda report: (report.file, report.line or 0)))


def printable(path: str) -> str:
    """A path fit for a message: one line, and free of bytes that are not UTF-8."""
    return path if path.isprintable() else ascii(path)[1:-1]
