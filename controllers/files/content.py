"""The text of one file -> the objects in it, and what is wrong with it. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from controllers.reports import Report, Severity
from ledger.ids import ObjectKey
from xds.parsing import Ignored, ObjectError, ParsedObject, Problem, parse
from xds.parsing.yaml_documents import Broken, Document, read


@dataclass(frozen=True, slots=True)
class Found:
    """An object, and the line at which its document begins."""

    parsed: ParsedObject
    line: int


@dataclass(frozen=True, slots=True)
class FileContent:
    """What a file says.

    objects: those it defines. unread: the objects that it names without saying validly what they are. blind: something
    in it could not be read at all, so that it may name any object: what it leaves out is no sign of a deletion.
    """

    objects: Mapping[ObjectKey, Found] = field(default_factory=dict)
    unread: frozenset[ObjectKey] = frozenset()
    blind: bool = False
    reports: tuple[Report, ...] = ()


NOTHING = FileContent()
"""What a file says that is not there."""


def unreadable(file: str, reason: str) -> FileContent:
    """What a file says that can't be read."""
    return FileContent(blind=True, reports=(Report(file, None, None, reason, Severity.ERROR),))


def read_content(text: str, file: str) -> FileContent:
    """Reads a file. Never raises.

    Args:
        file: its path, for the reports.
    """
    reading = _Reading(file)
    for document in read(text, file):
        if isinstance(document, Broken):
            reading.broken(document)
        else:
            reading.document(document)
    return FileContent(reading.objects, frozenset(reading.unread), reading.blind, tuple(reading.reports))


class _Reading:
    def __init__(self, file: str) -> None:
        self.objects: dict[ObjectKey, Found] = {}
        self.unread: set[ObjectKey] = set()
        self.blind = False
        self.reports: list[Report] = []
        self._file = file

    def broken(self, document: Broken) -> None:
        self.blind = True
        reason = f"{document.message} (column {document.column})"
        self.reports.append(Report(self._file, document.line, None, reason, Severity.ERROR))

    def document(self, document: Document) -> None:
        try:
            result = parse(document.value)
        except ObjectError as error:
            self._invalid(document, error)
            return
        if isinstance(result, Ignored):
            self._ignored(document, result)
            return
        self._tell(document, result.key, result.warnings, Severity.WARNING)
        earlier = self.objects.setdefault(result.key, Found(result, document.line))
        if earlier.parsed is not result:
            reason = f"stands at line {earlier.line} of this file already, and that is used: remove one of the two"
            self.reports.append(Report(self._file, document.line_of(""), result.key, reason, Severity.ERROR))

    def _invalid(self, document: Document, error: ObjectError) -> None:
        if error.key is None:
            self.blind = True
        else:
            self.unread.add(error.key)
        self._tell(document, error.key, error.problems, Severity.ERROR)
        self._tell(document, error.key, error.warnings, Severity.WARNING)

    def _ignored(self, document: Document, ignored: Ignored) -> None:
        severity = Severity.WARNING
        if ignored.key is not None:
            self.unread.add(ignored.key)
            severity = Severity.ERROR
        reason = f"{ignored.reason}: it has no effect here"
        self.reports.append(Report(self._file, document.line_of("kind"), ignored.key, reason, severity))

    def _tell(self, document: Document, key: ObjectKey | None, problems: Iterable[Problem], severity: Severity) -> None:
        for problem in problems:
            line = document.line_of(problem.path)
            self.reports.append(Report(self._file, line, key, str(problem), severity))
