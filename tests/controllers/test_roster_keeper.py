import asyncio
import errno
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import cast

import pytest
from structlog.testing import capture_logs

from controllers.clock import Clock
from controllers.roster_keeper import DiskRoster, RosterKeeper
from controllers.runtime import Runtime
from controllers.saved import SavedRoster
from controllers.state_dir import StateDir
from ledger.ids import ProxyId, TypeUrl
from xds.plane import Plane
from xds.timing import Timing

CLUSTERS = TypeUrl("type.googleapis.com/envoy.config.cluster.v3.Cluster")


class HandClock(Clock):
    """A clock that is set by hand."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Disk(StateDir):
    """A state directory whose disk fails, or is slow, when it is told to."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.failures = 0
        self.saved: list[SavedRoster] = []
        self.writing = threading.Event()
        self.go_on = threading.Event()
        self.go_on.set()

    def save_roster(self, roster: SavedRoster) -> None:
        self.writing.set()
        assert self.go_on.wait(10)
        if self.failures:
            self.failures -= 1
            raise OSError(errno.ENOSPC, "No space left on device")
        super().save_roster(roster)
        self.saved.append(roster)


class House:
    """A runtime with a keeper of its roster."""

    def __init__(self, path: Path) -> None:
        self.disk = Disk(path)
        self.clock = HandClock()
        self.plane = Plane(timing=Timing(settling=60.0), durable=True)
        self.runtime = Runtime(self.plane, self.clock)
        self.pauses: list[float] = []
        self.keeper = RosterKeeper(self.runtime, DiskRoster(self.disk), self._sleep)
        self.durable: list[int] = []
        self._changed = asyncio.Event()
        self.runtime.discovery.after_pump.append(self._changed.set)

    async def _sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)

    def connect(self, name: str) -> None:
        """A proxy connects; as the discovery server does it, where it matters here."""
        roster = self.plane.roster
        roster.asked(roster.connected(ProxyId(name), "10.0.0.1", "envoy", self.clock()), CLUSTERS)
        self.runtime.discovery.pump()

    async def until_saved(self) -> None:
        """Until the plane has been told that all of its roster is safe."""
        async with asyncio.timeout(10):
            while self.plane._durable_version != self.plane.dump_version:
                self._changed.clear()
                await self._changed.wait()


@asynccontextmanager
async def living(path: Path) -> AsyncIterator[House]:
    """A process, from its start to its end."""
    house = House(path)
    with house.disk:
        known = await house.keeper.load()
        task = asyncio.create_task(house.keeper.run())
        house.runtime.start(known)
        try:
            yield house
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


def names(saved: SavedRoster) -> list[str]:
    return [proxy["id"] for proxy in cast(list[dict[str, str]], saved.dump["proxies"])]


async def test_a_proxy_is_saved_and_then_the_plane_is_told(tmp_path: Path) -> None:
    async with living(tmp_path) as house:
        house.connect("a")
        await house.until_saved()
        assert names(house.disk.saved[-1]) == ["a"]
        assert house.keeper.failure is None


async def test_a_restarted_process_knows_the_proxies_as_absent(tmp_path: Path) -> None:
    async with living(tmp_path) as house:
        house.connect("a")
        await house.until_saved()
    async with living(tmp_path) as house:
        assert [(proxy.id, proxy.presence) for proxy in house.plane.roster.all()] == [("a", "ABSENT")]
        house.connect("b")
        await house.until_saved()
        assert names(house.disk.saved[-1]) == ["a", "b"]


async def test_the_first_start_ever_is_one_that_does_not_know_the_roster(tmp_path: Path) -> None:
    with StateDir(tmp_path):
        pass
    house = House(tmp_path)
    with house.disk:
        assert await house.keeper.load() is False


async def test_a_roster_is_complete_only_when_the_process_has_settled(tmp_path: Path) -> None:
    async with living(tmp_path) as house:
        house.connect("a")
        await house.until_saved()
        assert not house.disk.saved[-1].complete
    async with living(tmp_path) as house:
        assert any("just started" in reason for reason in house.plane.surroundings.unknowns()), (
            "restarted while it settled"
        )
        house.clock.now += 59
        house.runtime.discovery.tick()
        house.connect("b")
        await house.until_saved()
        assert not house.disk.saved[-1].complete
        house.clock.now += 1
        house.disk.writing.clear()
        house.runtime.discovery.tick()
        assert await asyncio.to_thread(house.disk.writing.wait, 10)
        house.connect("c")
        await house.until_saved()
        assert house.disk.saved[-1].complete
    async with living(tmp_path) as house:
        assert house.plane.surroundings.unknowns() == []
        house.connect("d")
        await house.until_saved()
        assert house.disk.saved[-1].complete


async def test_changes_during_a_write_are_saved_by_one_more(tmp_path: Path) -> None:
    async with living(tmp_path) as house:
        house.connect("a")
        await house.until_saved()
        before = len(house.disk.saved)
        house.disk.writing.clear()
        house.disk.go_on.clear()
        house.connect("b")
        assert await asyncio.to_thread(house.disk.writing.wait, 10)
        for name in "cdefg":
            house.connect(name)
        house.disk.go_on.set()
        await house.until_saved()
        assert [names(saved)[-1] for saved in house.disk.saved[before:]] == ["b", "g"]


async def test_a_version_is_safe_only_once_it_is_on_the_disk(tmp_path: Path) -> None:
    async with living(tmp_path) as house:
        house.connect("a")
        await house.until_saved()
        safe = house.plane._durable_version
        house.disk.writing.clear()
        house.disk.go_on.clear()
        house.connect("b")
        assert await asyncio.to_thread(house.disk.writing.wait, 10)
        assert house.plane._durable_version == safe
        house.disk.go_on.set()
        await house.until_saved()


async def test_on_a_full_disk_it_tries_again_with_longer_and_longer_pauses_and_tells_so_once(tmp_path: Path) -> None:
    async with living(tmp_path) as house:
        house.connect("a")
        await house.until_saved()
        house.disk.failures = 8
        with capture_logs() as logs:
            house.connect("b")
            await house.until_saved()
        assert house.pauses == pytest.approx([0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0])
        assert [line["event"] for line in logs] == [
            "the roster can't be saved: proxies have to wait",
            "the roster is saved again",
        ]
        assert house.keeper.failure is None


async def test_what_changes_nothing_in_the_roster_writes_nothing(tmp_path: Path) -> None:
    async with living(tmp_path) as house:
        house.connect("a")
        await house.until_saved()
        before = len(house.disk.saved)
        for _ in range(100):
            house.runtime.discovery.tick()
            await asyncio.sleep(0)
        assert len(house.disk.saved) == before


async def test_what_streams_leave_when_they_end_is_saved_before_the_process_does(tmp_path: Path) -> None:
    house = House(tmp_path)
    with house.disk:
        house.runtime.start(await house.keeper.load())
        house.connect("a")
        await house.keeper.finish()
        assert names(house.disk.saved[-1]) == ["a"]
        await house.keeper.finish()
        assert len(house.disk.saved) == 1, "nothing has changed since"


async def test_a_disk_that_fails_does_not_keep_the_process_from_ending(tmp_path: Path) -> None:
    house = House(tmp_path)
    with house.disk:
        house.runtime.start(await house.keeper.load())
        house.connect("a")
        house.disk.failures = 1
        await house.keeper.finish()
        assert house.keeper.failure is not None


async def test_who_ends_before_it_has_loaded_the_roster_leaves_it_as_it_is(tmp_path: Path) -> None:
    async with living(tmp_path) as house:
        house.connect("a")
        await house.until_saved()
    house = House(tmp_path)
    with house.disk:
        await house.keeper.finish()
        assert house.disk.saved == []
