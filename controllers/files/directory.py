"""The directory on the disk: lists it, and reads the files that have changed. All of it blocks."""

import errno
import os
import stat
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

from controllers.files.look import UNCHANGED, FileState, Identity, Look, Unreadable, Unsettled
from controllers.reports import printable

SUFFIXES = (".yaml", ".yml", ".json")

RACY_SECONDS = 2.0
"""A file that changed this short a time before it was read may change again and still have the same times: their
granularity is up to 2 s (FAT), and 4 ms on common Linux file systems. Git knows the problem as "racy git"."""

MAX_BYTES = 64 * 1024 * 1024
"""Of one file: 200 times what a thousand objects take."""

_FLAGS = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK  # the last: a named pipe must not hold us up

_NOT_REGULAR = "is not a regular file: remove it, or put a file there"


class _Signature(NamedTuple):
    """Two files with the same one have the same content, unless it is racy. The change time can't be set by users."""

    device: int
    inode: int
    size: int
    modified: int
    changed: int

    @classmethod
    def of(cls, status: os.stat_result) -> "_Signature":
        return cls(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)


class _Memory(NamedTuple):
    """How a file was when it was last read. `digest` is of its bytes."""

    signature: _Signature
    is_racy: bool
    digest: bytes


@dataclass(slots=True)
class _Listing:
    root: Identity
    files: dict[str, os.stat_result | Unreadable] = field(default_factory=dict)
    hidden: dict[str, str] = field(default_factory=dict)
    passed_over: dict[str, str] = field(default_factory=dict)


class Directory:
    """The configuration files in a directory and those below it.

    A file counts if its name ends in one of `SUFFIXES`. Names that begin with a dot are passed over, of directories
    too: so Kubernetes hides what is behind the links in a mounted ConfigMap, and editors what they are about to write.
    Links are followed; what counts is what they lead to.

    Args:
        path: the directory, or a link to it.
        clock: seconds, for the times of the looks.
        settle: how old the last write to a file must be before it is read, in seconds.
        wall: the time that files are stamped with, in seconds since the epoch.
    """

    def __init__(
        self,
        path: Path,
        clock: Callable[[], float],
        settle: float,
        wall: Callable[[], float] = time.time,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        self._path = os.fspath(path)
        self._clock = clock
        self._settle = settle
        self._wall = wall
        self._max_bytes = max_bytes
        self._memory: dict[str, _Memory] = {}

    def look(self) -> Look:
        """Looks at everything, and reads what has changed since the last look."""
        began = self._clock()
        try:
            listing = self._list()
        except OSError as error:
            return Look(began, self._clock(), trouble=self._trouble(error))
        files: dict[str, FileState] = {}
        memory: dict[str, _Memory] = {}
        for path, status in listing.files.items():
            state = status if isinstance(status, Unreadable) else self._look_at(path, status)
            if state is None:
                continue
            files[path] = state
            if path in self._memory and not isinstance(state, Unreadable):
                memory[path] = self._memory[path]
        self._memory = memory
        return Look(began, self._clock(), files, listing.root, listing.hidden, listing.passed_over)

    # What there is

    def identity(self) -> Identity:
        """What the path leads to now.

        Raises:
            OSError: it can't be told.
        """
        status = os.stat(self._path)
        return (status.st_dev, status.st_ino)

    def _list(self) -> _Listing:
        root = self.identity()
        listing = _Listing(root)
        seen: dict[Identity, str] = {root: "."}
        entries = _entries(self._path)  # of the directory itself: if that fails, nothing is known
        stack = [("", entries)]
        while stack:
            below, entries = stack.pop()
            for entry in entries:
                path = below + entry.name
                status = None if entry.name.startswith(".") else _list_entry(entry, path, listing)
                if status is None:
                    continue
                identity = (status.st_dev, status.st_ino)
                if identity in seen:
                    why = f"is the same directory as {printable(seen[identity])}, which is read already: passed over"
                    listing.passed_over[path] = why
                    continue
                seen[identity] = path
                try:
                    stack.append((f"{path}/", _entries(entry.path)))
                except (FileNotFoundError, NotADirectoryError):
                    pass  # it has just gone
                except OSError as error:
                    listing.hidden[path] = _cannot_read(error)
        return listing

    def _trouble(self, error: OSError) -> str:
        if error.errno == errno.ENOENT:
            return f"{self._path} does not exist: put the directory there"
        if error.errno == errno.ENOTDIR:
            return f"{self._path} is not a directory: put one there"
        return f"{self._path} {_cannot_read(error)}"

    # What is in a file

    def _look_at(self, path: str, status: os.stat_result) -> FileState | None:
        """The state of a file; None if it has just gone."""
        known = self._memory.get(path)
        if known is not None and not known.is_racy and known.signature == _Signature.of(status):
            return UNCHANGED
        try:
            return self._read(path, known)
        except FileNotFoundError:
            return None
        except OSError as error:
            return Unreadable(_cannot_read(error))

    def _read(self, path: str, known: _Memory | None) -> FileState:
        descriptor = os.open(os.path.join(self._path, path), _FLAGS)
        with open(descriptor, "rb") as file:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                return Unreadable(_NOT_REGULAR)
            if status.st_size > self._max_bytes:
                return Unreadable(f"has {status.st_size:,} bytes, more than {self._max_bytes:,}: split it")
            read_at = self._wall()
            age = read_at - status.st_mtime
            if 0 <= age < self._settle:
                return Unsettled(self._settle - age)
            data = file.read(self._max_bytes + 1)
            if _Signature.of(os.fstat(descriptor)) != _Signature.of(status):
                return Unsettled(self._settle)
        is_racy = read_at - max(status.st_mtime, status.st_ctime) < RACY_SECONDS
        digest = blake2b(data, digest_size=16).digest()
        if known is not None and known.digest == digest:
            self._memory[path] = _Memory(_Signature.of(status), is_racy, digest)
            return UNCHANGED
        try:
            text = data.decode()
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            return Unreadable(f"is not UTF-8 (see line {line}): save it as UTF-8")
        self._memory[path] = _Memory(_Signature.of(status), is_racy, digest)
        return text


def _list_entry(entry: os.DirEntry[str], path: str, listing: _Listing) -> os.stat_result | None:
    """Puts a file that counts on the list; returns the status of a directory."""
    counts = entry.name.endswith(SUFFIXES)
    if not counts and entry.is_file(follow_symlinks=False):
        return None
    try:
        status = entry.stat()
    except OSError as error:
        if error.errno == errno.ENOENT and not entry.is_symlink():
            return None  # it has just gone
        if counts:
            listing.files[path] = Unreadable(_cannot_read(error))
        else:
            listing.hidden[path] = _cannot_read(error)  # it may be meant to lead to a directory
        return None
    if stat.S_ISDIR(status.st_mode):
        return status
    if counts:
        listing.files[path] = status if stat.S_ISREG(status.st_mode) else Unreadable(_NOT_REGULAR)
    return None


def _entries(path: str) -> list[os.DirEntry[str]]:
    with os.scandir(path) as entries:
        return sorted(entries, key=lambda entry: entry.name)


def _cannot_read(error: OSError) -> str:
    match error.errno:
        case errno.ENOENT:
            return "is a link that leads nowhere: correct or remove it"
        case errno.ELOOP:
            return "is a link that leads back to itself: correct or remove it"
        case errno.EACCES | errno.EPERM:
            return "can't be read: give the user that lastack runs as the permission to"
        case _:
            return f"can't be read: {error.strerror}"
