"""Keeps the roster of proxies where it outlives the process, so that the next one knows who may hold what."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

import structlog

from controllers.runtime import Runtime
from controllers.saved import SavedRoster
from controllers.state_dir import StateDir

log = structlog.get_logger("roster")

FIRST_PAUSE = 0.1
LONGEST_PAUSE = 5.0
"""Seconds, after the first attempt that failed, and at most."""


class RosterStore(Protocol):
    """Where a roster outlives the process. `place` tells people where that is."""

    place: str

    async def save(self, roster: SavedRoster) -> None:
        """Makes the roster outlive the process. When it returns, it is safe.

        Raises:
            OSError: it could not be saved; what was saved before is still there.
        """

    async def load(self) -> SavedRoster | None:
        """The roster that was saved last; None if there is none that can be used."""


class DiskRoster:
    """The roster in a state directory."""

    def __init__(self, state: StateDir) -> None:
        self.place = str(state.path)
        self._state = state

    async def save(self, roster: SavedRoster) -> None:
        """As `RosterStore.save`."""
        await asyncio.to_thread(self._state.save_roster, roster)

    async def load(self) -> SavedRoster | None:
        """As `RosterStore.load`.

        Raises:
            StateError: it can't be read, and can't be set aside either.
        """
        return await asyncio.to_thread(self._state.load_roster)


class RosterKeeper:
    """Saves the roster whenever it has changed; one write at a time, with all changes that came in meanwhile.

    The plane is to be made with `durable=True`: then no proxy is answered before the newest roster is saved, so that a
    restart at any moment forgets nobody. So while the disk is full and the roster changes, proxies have to wait.

    A roster is saved as complete only if this process knows that nobody else holds anything: it has loaded a complete
    one, or its settling time is over. A process that is restarted while it settles must settle again, or it would take
    the few proxies that had come back for all that there are.

    Args:
        sleep: waits so many seconds between attempts.
    """

    def __init__(
        self, runtime: Runtime, store: RosterStore, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> None:
        self._runtime = runtime
        self._store = store
        self._sleep = sleep
        self._is_loaded = False
        self._is_known = False
        self._complete_at: float | None = None
        self._saved: tuple[int, bool] | None = None
        """`Plane.dump_version`, and whether it was complete, of what is on the disk."""
        self._changed = asyncio.Event()
        self._writing = asyncio.Lock()
        self.failure: str | None = None
        """Why the roster can't be saved at the moment."""
        runtime.discovery.after_pump.append(self._look)

    async def load(self) -> bool:
        """Gives the plane the roster of the earlier process. To be called once, before `Runtime.start`.

        Returns:
            Whether it is known who may hold what. If not, as at the first start ever, `Runtime.start` must be told so.

        Raises:
            StateError: the saved roster can't be read, and can't be set aside either.
        """
        saved = await self._store.load()
        if saved is not None:
            self._runtime.plane.load(saved.dump, self._runtime.clock())
            self._is_known = saved.complete
        self._is_loaded = True
        return self._is_known

    async def run(self) -> None:
        """Saves, until it is cancelled."""
        self._look()
        while True:
            await self._changed.wait()
            self._changed.clear()
            await self._save()

    async def finish(self) -> None:
        """Saves for the last time: streams that have just ended may have left something to know. One attempt.

        What an earlier process has saved is left as it is where it was never loaded.
        """
        if self._is_loaded and self._newest() != self._saved:
            await self._try_to_save()

    async def _save(self) -> None:
        """Saves the roster as it is, however often that takes."""
        pause = FIRST_PAUSE
        while not await self._try_to_save():
            await self._sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    async def _try_to_save(self) -> bool:
        """Whether what was newest when it began is saved."""
        plane = self._runtime.plane
        async with self._writing:
            newest = self._newest()
            roster = SavedRoster(plane.dump(), newest[1])
            try:
                await self._store.save(roster)
            except OSError as error:
                self._failed(error)
                return False
        if self.failure is not None:
            log.info("the roster is saved again", place=self._store.place)
            self.failure = None
        self._saved = newest
        plane.saved(newest[0])
        self._runtime.discovery.pump()
        return True

    def _failed(self, error: OSError) -> None:
        reason = str(error)
        if reason != self.failure:
            log.error(
                "the roster can't be saved: proxies have to wait",
                place=self._store.place,
                reason=reason,
                remedy="make room there, or let lastack write there",
            )
        self.failure = reason

    def _look(self) -> None:
        if self._complete_at is None and self._runtime.plane.ready:
            # The plane starts to settle at the same moment, or has done so before.
            self._complete_at = self._runtime.clock() + self._runtime.plane.timing.settling
        if self._newest() != self._saved:
            self._changed.set()

    def _newest(self) -> tuple[int, bool]:
        settled = self._complete_at is not None and self._runtime.clock() >= self._complete_at
        return self._runtime.plane.dump_version, self._is_known or settled
