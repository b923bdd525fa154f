"""Files, as `lastack serve` would read them: what they hold, and what is wrong with that."""

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from controllers.files.content import FileContent, Found, read_content, unreadable
from controllers.files.directory import Directory
from controllers.files.look import Unreadable
from controllers.reports import Report, Severity
from ledger.ids import Generation, ObjectKey
from xds.index.index import Index
from xds.index.remarks import remarks
from xds.objects import Applied


@dataclass(frozen=True, slots=True)
class Remark:
    """What is noteworthy about a valid object among the others. `origin` is `file:line`."""

    file: str
    line: int
    key: ObjectKey
    text: str


@dataclass(slots=True)
class Checked:
    """What was found. `reports`: by file and line."""

    files: int = 0
    objects: int = 0
    reports: list[Report] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)

    def count(self, severity: Severity) -> int:
        """How many reports there are of that severity."""
        return sum(report.severity is severity for report in self.reports)


def check_paths(paths: Iterable[Path]) -> Checked:
    """Reads files and directories, and looks at the objects in them by themselves and together."""
    checked = Checked()
    valid: dict[ObjectKey, tuple[str, Found]] = {}
    for name, content in _contents(paths, checked):
        checked.files += 1
        checked.reports.extend(content.reports)
        for key, found in content.objects.items():
            first, earlier = valid.setdefault(key, (name, found))
            if earlier is not found:
                reason = f"stands in {first}:{earlier.line} too: remove one of the two"
                checked.reports.append(Report(name, found.line, key, reason, Severity.ERROR))
    checked.objects = len(valid)
    checked.reports.sort(key=lambda report: (report.file, report.line or 0))
    checked.remarks.extend(_remarks(valid))
    return checked


def _remarks(valid: dict[ObjectKey, tuple[str, Found]]) -> Iterator[Remark]:
    index = Index()
    for _, found in valid.values():
        index.apply(Applied(found.parsed.object, Generation(1), found.parsed.content))
    for key, (file, found) in valid.items():
        for text in remarks(index, key):
            yield Remark(file, found.line, key, text)


def _contents(paths: Iterable[Path], checked: Checked) -> Iterator[tuple[str, FileContent]]:
    seen: set[str] = set()
    for path in paths:
        for name, content in _directory(path, checked) if path.is_dir() else _file(path):
            if name not in seen:
                seen.add(name)
                yield name, content


def _file(path: Path) -> Iterator[tuple[str, FileContent]]:
    name = str(path)
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        yield name, unreadable(name, "is not UTF-8: save it as UTF-8")
    except OSError as error:
        yield name, unreadable(name, f"can't be read: {error.strerror}")
    else:
        yield name, read_content(text, name)


def _directory(path: Path, checked: Checked) -> Iterator[tuple[str, FileContent]]:
    look = Directory(path, time.monotonic, settle=0.0).look()
    if look.trouble is not None:
        checked.reports.append(Report(str(path), None, None, look.trouble, Severity.ERROR))
    for below, reason in {**look.hidden, **look.passed_over}.items():
        severity = Severity.ERROR if below in look.hidden else Severity.WARNING
        checked.reports.append(Report(str(path / below), None, None, reason, severity))
    for below, state in sorted(look.files.items()):
        name = str(path / below)
        if isinstance(state, Unreadable):
            yield name, unreadable(name, state.reason)
        elif isinstance(state, str):
            yield name, read_content(state, name)
        else:
            yield name, unreadable(name, "is being written: check it again")
