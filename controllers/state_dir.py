"""The state directory: what a restarted process must know of the one before it.

- `roster.json`: the proxies that may be routing by what was sent, and what they may hold (`Plane.dump`). If it is not
  there, as at the first start ever, or can't be used, then nobody knows who holds what: never that nobody does.
- `generations.json`: how far objects were counted (`Generations.dump`).
- `lock`: held by the process that uses the directory.

A file is one JSON object with a format version and a checksum of its body. It is written beside its place and renamed,
so that it is the old one or the new one whatever happens, the power failing included. A file that can't be used is
never overwritten: it is set aside as `roster.json.bad-1`, and so on.
"""

import contextlib
import fcntl
import itertools
import os
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import TypeVar

import structlog

from controllers.generations import Generations
from controllers.saved import SavedRoster, enclosed, opened, roster_body, roster_of

log = structlog.get_logger("state")

ROSTER = "roster.json"
GENERATIONS = "generations.json"
LOCK = "lock"

_T = TypeVar("_T")


class StateError(Exception):
    """The state directory can't be used. Terminal: somebody has to put it right first; the text says what."""


class StateDir:
    """The directory, held by this process from `open` to `close`. All of it blocks; it may be called from threads.

    Args:
        path: it is made if it is not there.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock: int | None = None
        self._saving = Lock()

    def open(self) -> None:
        """Takes the directory for this process.

        Raises:
            StateError: another process has it, or it can't be written to.
        """
        lock = None
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            lock = os.open(self.path / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.ftruncate(lock, 0)
            os.write(lock, b"%d\n" % os.getpid())
        except BlockingIOError:
            holder = os.read(lock, 20).decode(errors="replace").strip() if lock is not None else ""
            self._give_back(lock)
            raise StateError(
                f"the state directory {self.path} is in use by process {holder or 'unknown'}: "
                "end that one, or give each its own directory"
            ) from None
        except OSError as error:
            self._give_back(lock)
            raise StateError(
                f"the state directory {self.path} can't be used: {error.strerror}: "
                "name a directory that lastack may write to"
            ) from error
        self._lock = lock

    def close(self) -> None:
        """Lets go of the directory."""
        self._give_back(self._lock)
        self._lock = None

    def __enter__(self) -> "StateDir":
        self.open()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # The roster

    def save_roster(self, roster: SavedRoster) -> None:
        """Makes the roster outlive the process. When it returns, it is on the disk.

        Raises:
            OSError: it could not be written; what was saved before is still there.
        """
        self._write(ROSTER, lambda: roster_body(roster))

    def load_roster(self) -> SavedRoster | None:
        """The roster that was saved last, which `Plane.load` takes; None if there is none that can be used.

        Raises:
            StateError: it can't be read, and can't be set aside either.
        """
        return self._load(ROSTER, roster_of)

    # The generations

    def save_generations(self, generations: Generations) -> None:
        """Makes the counts outlive the process.

        Raises:
            OSError: as with `save_roster`.
        """
        self._write(GENERATIONS, generations.dump)

    def load_generations(self, now: float) -> Generations:
        """The counts that were saved last; new ones if there are none.

        Counts that are there and can't be used are lost; but no generation may fall. So objects are then counted from
        the time in milliseconds, which is above what counting by ones can have reached.

        Args:
            now: seconds since the epoch.

        Raises:
            StateError: as with `load_roster`.
        """
        found = (self.path / GENERATIONS).exists()
        generations = self._load(GENERATIONS, Generations.load)
        if generations is None:
            generations = Generations(floor=int(1000 * now) if found else 0)
        return generations

    # Files

    def _load(self, name: str, read: Callable[[object], _T]) -> _T | None:
        """What is in the file; None if it is not there, or is of no use (it is set aside then)."""
        path = self.path / name
        try:
            return read(opened(path.read_bytes()))
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            reason = str(error)
        aside = next(bad for n in itertools.count(1) if not (bad := self.path / f"{name}.bad-{n}").exists())
        try:
            path.rename(aside)
        except OSError as error:
            raise StateError(
                f"{path} can't be used ({reason}), and can't be set aside either ({error.strerror}): remove it"
            ) from error
        log.error("a file of the state directory can't be used", file=str(path), reason=reason, kept_as=str(aside))
        return None

    def _write(self, name: str, body: Callable[[], object]) -> None:
        with self._saving:  # the body is made within, so that what is written last is the newest
            path = self.path / name
            beside = self.path / f"{name}.tmp"
            try:
                with open(beside, "wb") as file:
                    file.write(enclosed(body()))
                    file.flush()
                    os.fsync(file.fileno())
                beside.rename(path)
            except OSError:
                with contextlib.suppress(OSError):
                    beside.unlink()  # on a full disk, it is in the way of what is tried next
                raise
            directory = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                os.fsync(directory)
            finally:
                os.close(directory)

    @staticmethod
    def _give_back(lock: int | None) -> None:
        if lock is not None:
            os.close(lock)
