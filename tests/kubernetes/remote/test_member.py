"""The life of a cluster that a Secret names, and the end of whoever ends it."""

import asyncio
from typing import Any, cast

import pytest

from controllers.kubernetes.cluster import Cluster
from controllers.kubernetes.remote.member import Member
from controllers.sources import Sink
from ledger.ids import ObjectKey


class _Source:
    """One that takes its time to end."""

    name = "kubernetes:remote/second"
    trouble = None

    def __init__(self) -> None:
        self.is_ending, self.may_end, self.is_over = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def start(self) -> None: ...

    async def synced(self) -> None: ...

    def serves(self, _: ObjectKey) -> bool:
        return False

    async def run(self) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            self.is_ending.set()
            await self.may_end.wait()


class _Sink:
    def trouble(self, source: str, what: str | None) -> None: ...

    async def retain(self, holds: Any) -> None: ...


class _Cluster:
    may_be_away = False
    controllers = ()

    def __init__(self) -> None:
        self.source = _Source()


async def test_who_is_to_end_while_a_cluster_ends_does_end() -> None:
    """A process that is told to end just when a Secret has gone: else it waits for the end of what goes on."""
    cluster = _Cluster()
    member = Member("second", cast(Cluster, cluster), cast(Sink, _Sink()), asyncio.Event())
    await member.ready.wait()
    stopping = asyncio.create_task(member.stop())
    await cluster.source.is_ending.wait()
    stopping.cancel()
    cluster.source.may_end.set()
    with pytest.raises(asyncio.CancelledError):
        await stopping
    await asyncio.wait({member.task})
