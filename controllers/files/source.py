"""Runs the catalog on the event loop: looks at the directory when something is heard of it, or time has passed."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import structlog

from controllers.files.catalog import Catalog, Outcome, Patience
from controllers.files.directory import Directory
from controllers.files.look import Identity
from controllers.files.watching import changes
from controllers.generations import Generations
from controllers.reports import Report, Severity, Standing, news
from controllers.source import Sink, SourceError
from ledger.ids import ObjectKey

log = structlog.get_logger("files")


class FileSource:
    """A directory's objects, for as long as `run` runs.

    Args:
        directory: what to watch, with all below it.
        runtime: where the objects go.
        generations: the counts of an earlier process; sources may share them.
        save: makes `generations` outlive the process. It is called in a thread, before events with new generations are
            applied. If it raises an OSError, the events are applied all the same, and it is called again with the next
            look: to serve what is meant comes first, and a generation that is lost holds receipts back at worst.
        watch: hears of changes, as `watching.changes` does.
    """

    def __init__(
        self,
        directory: Path,
        runtime: Sink,
        generations: Generations | None = None,
        *,
        save: Callable[[Generations], None] | None = None,
        patience: Patience | None = None,
        watch: Callable[[Path, asyncio.Event], AsyncIterator[None]] = changes,
    ) -> None:
        self.name = f"files:{directory}"
        """Names the source where trouble is told."""
        self.watching = asyncio.Event()
        """Set while changes are heard of."""
        self._path = directory
        self._runtime = runtime
        self._generations = Generations() if generations is None else generations
        self._save = save
        self._patience = patience or Patience()
        self._watch = watch
        self._directory = Directory(directory, runtime.clock, self._patience.settle)
        self._catalog = Catalog(str(directory), self._generations, self._patience)
        self._saved_version = self._generations.version
        self._save_failed = False
        self._standing = Standing()
        self._trouble: str | None = None
        self._next_look_at = 0.0
        self._wake = asyncio.Event()
        self._looking = asyncio.Lock()
        self._queued: asyncio.Task[Outcome] | None = None
        self._looks: set[asyncio.Task[Outcome]] = set()
        self._replaced = asyncio.Event()
        self._watched: Identity | None = None

    async def start(self) -> None:
        """Applies all that is in the directory.

        Raises:
            SourceError: there is no such directory, or it can't be read.
        """
        outcome = await self._look()
        if outcome.trouble is not None:
            raise SourceError(outcome.trouble)
        if outcome.unapplied_since is not None:
            await self.catch_up()

    async def run(self) -> None:
        """Applies changes, until it is cancelled."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._hear())
                tasks.create_task(self._look_when_due())
        finally:
            for look in self._looks:
                look.cancel()

    async def catch_up(self, _: ObjectKey | None = None) -> None:
        """Returns when everything that was on disk before the call has been applied.

        What is only seen as removed is waited for, too: for the grace period, or, if the file keeps on changing, until
        the source is in trouble on account of it. Does so without `run` as well; calls at the same time share the work.
        """
        outcome = await self._look()
        seen_at = self._runtime.clock()
        while outcome.unapplied_since is not None and outcome.unapplied_since <= seen_at:
            await asyncio.sleep(max(0.0, outcome.next_look_at - self._runtime.clock()))
            outcome = await self._look()

    async def refresh(self) -> None:
        """As `catch_up`, which does not tell objects apart."""
        await self.catch_up()

    def reports(self) -> list[Report]:
        """What is wrong in the files now, by file and line."""
        return list(self._standing.reports)

    def report_for(self, key: ObjectKey) -> Report | None:
        """Why the files can't be taken at their word about this object, or a warning about it; None if all is well.

        With an error, the object that is served may not be the one that is meant: a receipt for it should say so.
        """
        return self._standing.report_for(key)

    # When to look

    async def _hear(self) -> None:
        failed: str | None = None
        while True:
            try:
                await self._hear_until_replaced()
                failed = None
                continue
            except (FileNotFoundError, NotADirectoryError):
                pass  # looks tell the trouble
            except (OSError, RuntimeError) as error:  # the latter is what watchfiles makes of errors it doesn't know
                if failed != str(error):
                    failed = str(error)
                    meanwhile = f"it is looked at every {self._patience.safety:g} s instead"
                    log.warning("can't be told of changes", source=self.name, reason=failed, meanwhile=meanwhile)
            await asyncio.sleep(self._patience.absent)

    async def _hear_until_replaced(self) -> None:
        self._replaced.clear()
        self._watched = await asyncio.to_thread(self._directory.identity)
        try:
            async for _ in self._watch(self._path, self._replaced):
                self.watching.set()
                self._wake.set()
        finally:
            self.watching.clear()

    async def _look_when_due(self) -> None:
        while True:
            try:
                async with asyncio.timeout(max(0.0, self._next_look_at - self._runtime.clock())):
                    await self._wake.wait()
            except TimeoutError:
                pass
            self._wake.clear()
            await self._look()

    async def _look(self) -> Outcome:
        """A look that begins after the call; those who call before it begins share it."""
        if self._queued is None:
            self._queued = asyncio.create_task(self._look_in_turn())
            self._looks.add(self._queued)
            self._queued.add_done_callback(self._looks.discard)
        return await asyncio.shield(self._queued)

    async def _look_in_turn(self) -> Outcome:
        async with self._looking:
            self._queued = None
            return await self._look_and_apply()

    # What a look does

    async def _look_and_apply(self) -> Outcome:
        try:
            outcome = await asyncio.to_thread(self._look_in_thread)
            if outcome.trouble is not None:
                self._tell_trouble(outcome.trouble)
            if outcome.events:
                await self._runtime.apply(outcome.events)
        except Exception as error:
            # What was seen and not applied is not known to anybody any more.
            self._tell_trouble(f"internal error, {type(error).__name__}: restart lastack, and report it")
            raise
        if outcome.trouble is None:
            self._tell_trouble(None)
        if outcome.root != self._watched:
            self._replaced.set()  # what is watched is no more what has this name
        self._next_look_at = outcome.next_look_at
        return outcome

    def _tell_trouble(self, trouble: str | None) -> None:
        if trouble == self._trouble:
            return
        if trouble is None:
            log.info("the source is in order again", source=self.name)
        else:
            log.error("the source is in trouble", source=self.name, reason=trouble)
        self._trouble = trouble
        self._runtime.trouble(self.name, trouble)

    def _look_in_thread(self) -> Outcome:
        look = self._directory.look()
        outcome = self._catalog.look(look)
        self._save_generations()
        for report in news(self._standing.reports, outcome.standing.reports):
            tell = log.error if report.severity is Severity.ERROR else log.warning
            tell(
                "problem in a file",
                file=report.file,
                line=report.line,
                object=None if report.key is None else str(report.key),
                reason=report.reason,
            )
        self._standing = outcome.standing
        return outcome

    def _save_generations(self) -> None:
        version = self._generations.version
        if self._save is None or version == self._saved_version:
            return
        try:
            self._save(self._generations)
        except OSError as error:
            if not self._save_failed:
                log.error("generations can't be saved, which is tried again", source=self.name, reason=str(error))
            self._save_failed = True
        else:
            self._save_failed = False
            self._saved_version = version
