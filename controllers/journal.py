"""Documents by key that outlive the process: what has changed is on the disk before it is acted upon.

So a process that starts from it serves nothing older than what its predecessor served, or has confirmed. A file is
lines of a checksum and a JSON value: a header, then `[key, document]`, null for what is gone. A last line that was not
written to its end was acted upon by nobody. `complete` is among them once all that there was had been written.
"""

import itertools
import json
import os
from collections.abc import Iterable, Mapping
from hashlib import blake2b
from pathlib import Path
from typing import Any, BinaryIO

import structlog

log = structlog.get_logger("state")

Document = Mapping[str, Any]

_HEADER = ["lastack journal", 1]
_COMPLETE = ["complete"]
_SLACK = 1000
"""Lines of which nothing is needed any more, beside as many as there are documents, before all is written anew."""

_ENCODER = json.JSONEncoder(separators=(",", ":"))


class Journal:
    """One file. All of it blocks: it is to be called from threads, one at a time.

    Args:
        path: its directory must be there, and be held by this process (`StateDir`).
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lines: dict[str, bytes] = {}
        self._written = 0
        self._complete = False
        self._file: BinaryIO | None = None

    def load(self) -> dict[str, Document] | None:
        """The documents as they were last written; None if there is no file, or not all of it, or it is of no use.

        Raises:
            OSError: it can't be read, or can't be set aside.
        """
        try:
            data = self.path.read_bytes()
        except FileNotFoundError:
            return None
        whole, _, rest = data.rpartition(b"\n")
        found: dict[str, Document] = {}
        try:
            for line in whole.splitlines():
                self._read(line, found)
            if not self._written:
                raise ValueError("it has no header")
        except ValueError as error:
            self._lines, self._written, self._complete = {}, 0, False
            aside = next(bad for n in itertools.count(1) if not (bad := Path(f"{self.path}.bad-{n}")).exists())
            self.path.rename(aside)
            log.error("a journal can't be used", file=str(self.path), reason=str(error), kept_as=str(aside))
            return None
        if rest:
            log.info("the last line of a journal was not written to its end", file=str(self.path))
        if not self._complete:
            self._lines = {}  # what of it is there no more would never be told
            return None
        return found

    def write(self, changes: Iterable[tuple[str, Document | None]]) -> None:
        """Writes what has changed. When it returns, it is on the disk.

        Raises:
            OSError: it could not be written, and the file is gone: what it had is not the newest any more. (If that
                fails too, the error says so.)
        """
        lines = []
        for key, document in changes:
            line = _line([key, document])
            lines.append(line)
            if document is None:
                self._lines.pop(key, None)
            else:
                self._lines[key] = line
        self._append(lines)

    def complete(self) -> None:
        """All that there is has been written.

        Raises:
            OSError: as with `write`.
        """
        if not self._complete:
            self._complete = True
            self._append([_line(_COMPLETE)])

    def close(self) -> None:
        """Lets go of the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _read(self, line: bytes, found: dict[str, Document]) -> None:
        checksum, _, text = line.partition(b" ")
        if checksum != _checksum(text):
            raise ValueError("a checksum is wrong: it was damaged, or edited")
        value = json.loads(text)
        self._written += 1
        if self._written == 1:
            if value != _HEADER:
                raise ValueError(f"it begins with {value!r}, and this lastack reads {_HEADER!r}")
        elif value == _COMPLETE:
            self._complete = True
        else:
            key, document = value
            self._lines.pop(key, None)
            found.pop(key, None)
            if document is not None:
                self._lines[key], found[key] = line + b"\n", document

    def _append(self, lines: list[bytes]) -> None:
        try:
            # After a load too: a line may follow that was not written to its end.
            if self._file is None or self._written > 2 * len(self._lines) + _SLACK:
                self._rewrite()
            else:
                self._file.write(b"".join(lines))
                self._written += len(lines)
                self._sync(self._file)
        except OSError:
            self.close()
            self.path.unlink(missing_ok=True)
            raise

    def _rewrite(self) -> None:
        """All that is needed, beside the file and then in its place: the old one or the new one, whatever happens."""
        self.close()
        beside = Path(f"{self.path}.tmp")
        lines = [_line(_HEADER), *self._lines.values(), *([_line(_COMPLETE)] if self._complete else ())]
        with open(beside, "wb") as file:
            file.write(b"".join(lines))
            self._sync(file)
        beside.rename(self.path)
        directory = os.open(self.path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)
        self._file, self._written = open(self.path, "ab"), len(lines)  # noqa: SIM115, it stays open

    @staticmethod
    def _sync(file: BinaryIO) -> None:
        file.flush()
        os.fsync(file.fileno())


def _line(value: object) -> bytes:
    text = _ENCODER.encode(value).encode()
    return _checksum(text) + b" " + text + b"\n"


def _checksum(text: bytes) -> bytes:
    return blake2b(text, digest_size=8).hexdigest().encode()
