"""What a cluster's source keeps on the disk, so that the next process has something to serve without an API server."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from threading import Lock

import structlog

from controllers.journal import Journal
from controllers.kubernetes.objects import Change, Name, Object
from controllers.source import SourceError

log = structlog.get_logger("kubernetes")


class Keeping:
    """Objects by kind, in a journal.

    Args:
        source: names it in messages.
        journal: None: nothing is kept.
    """

    def __init__(self, source: str, journal: Journal | None) -> None:
        self._source = source
        self._journal = journal
        self._writing = Lock()
        self._is_closed = False
        self.trouble: str | None = None
        """Why the next process could serve something that is older than what was served here."""

    async def restore(self, kinds: Iterable[str]) -> dict[str, dict[Name, Object]] | None:
        """What was kept; None if nothing was.

        Raises:
            SourceError: the file can't be read.
        """
        if self._journal is None:
            return None
        try:
            kept = await asyncio.to_thread(self._journal.load)
        except OSError as error:
            raise SourceError(f"{self._journal.path} can't be read: {error.strerror}") from error
        if kept is None:
            return None
        of_kind: dict[str, dict[Name, Object]] = {kind: {} for kind in kinds}
        for text, document in kept.items():
            kind, namespace, name = text.split("/")
            of_kind.setdefault(kind, {})[Name(namespace, name)] = document
        return of_kind

    async def write(self, kind: str, changes: Sequence[Change]) -> None:
        """Before anything is acted upon: the next process must serve nothing older."""
        journal = self._journal
        if journal is not None:
            kept = [(f"{kind}/{name.namespace}/{name.name}", new) for name, new in changes]
            await self._try(journal, lambda: journal.write(kept))

    async def complete(self) -> None:
        """All that there is was written."""
        if self._journal is not None:
            await self._try(self._journal, self._journal.complete)

    def close(self) -> None:
        """Lets go of the file, which another source may use then: when a write is over that was given up."""
        with self._writing:
            self._is_closed = True
            if self._journal is not None:
                self._journal.close()

    async def _try(self, journal: Journal, write: Callable[[], None]) -> None:
        try:
            await asyncio.to_thread(self._unless_closed, write)
            self.trouble = None
        except OSError as error:
            # Gone is as good as written: the next process has nothing to serve then, and waits.
            left = "" if not journal.path.exists() else f", and {journal.path} is out of date: remove it"
            self.trouble = f"what changes can't be kept: {error.strerror or error}{left}" if left else None
            log.warning("can't keep what changes", source=self._source, reason=str(error))

    def _unless_closed(self, write: Callable[[], None]) -> None:
        with self._writing:
            if not self._is_closed:
                write()
