"""What outlives the process: which proxies there are, and what they may hold unbeknown to the next one."""

from collections.abc import Callable, Mapping

from ledger.deliveries import Deliveries
from ledger.ids import ResourceName, StreamId, TypeUrl
from ledger.roster import Proxy, Roster
from xds.protocol.stream import Stream
from xds.protocol.world import World
from xds.types import FULL_SET


class Memory:
    """What a restarted control plane must know, as plain values.

    catalogue_version: rises when there are other names to take away than before.
    """

    def __init__(self, world: World, roster: Roster) -> None:
        self._world = world
        self._deliveries: Deliveries = world.deliveries
        self._roster = roster
        self.catalogue_version = 0

    @property
    def version(self) -> int:
        """Rises whenever `dump` has something new that must be safe before proxies are answered."""
        self._look_at_taint()
        return self._roster.version + self.catalogue_version + self._deliveries.processes.version

    def dump(self) -> dict[str, object]:
        """The proxies, and the names of all that they may hold.

        Parts of a response that was rejected may have been applied; if the rejection is lost with this process, only
        the names of what was served tell the next one what to take away.
        """
        self._look_at_taint()
        names = self._world.snapshot.catalogue() | {r for r in self._deliveries.lagging() if r.type_url in FULL_SET}
        if self._deliveries.relics:
            names |= self._world.catalogue
        newcomers = self._deliveries.processes.dump()
        return {"proxies": self._roster.dump(), "names": sorted(map(list, names)), "newcomers": newcomers}

    def load(self, dumped: Mapping[str, object], now: float, new_id: Callable[[], StreamId]) -> None:
        """Takes in the `dump` of an earlier process: its proxies are absent, and may hold anything.

        Raises:
            ValueError: if it is not what `dump` gives.
        """
        match dumped:
            case {"proxies": list(proxies), "names": list(names), "newcomers": list(newcomers)}:
                self._world.catalogue = frozenset(_resource_name(name) for name in names)
                for proxy in self._roster.load(proxies, now):
                    targets = sorted(proxy.targets)
                    streams = [new_id() for _ in range(len(targets) or 1)]
                    self._deliveries.remember(streams, proxy.id, proxy.types, now, targets)
                self._deliveries.processes.load(newcomers)
            case _:
                raise ValueError("not a dump of a control plane: it lacks its proxies, names or newcomers")

    def told_by(self, stream: Stream) -> None:
        """What an earlier process knew to be rejected is forgotten by and by, as the proxy shows what it holds."""
        if stream.proxy is not None and stream.proxy.remembered_taint:
            self._deliveries.retainted.add(stream.proxy.id)

    def _look_at_taint(self) -> None:
        """Brings the roster up to date. Only what outlives the process asks for it: it may be thousands of names."""
        retainted = self._deliveries.retainted
        while retainted:
            proxy = self._roster.get(retainted.pop())
            if proxy is not None:
                self._roster.taint(proxy, self._taint_of(proxy))

    def _taint_of(self, proxy: Proxy) -> frozenset[ResourceName]:
        """What it has rejected, or may have: its NACK may have been lost with a stream (rule 31)."""
        several = bool(self._deliveries.processes.of(proxy.id))  # of which one may not have shown anything yet
        rejected = {name for name in proxy.remembered_taint if several or name.type_url not in proxy.shown}
        for record in self._deliveries.of_proxy.get(proxy.id, {}).values():
            for type_url, interest in record.interests.items():
                rejected.update(ResourceName(type_url, name) for name in interest.rejected | interest.doubtful)
        return frozenset(rejected)


def _resource_name(value: object) -> ResourceName:
    match value:
        case [str(type_url), str(name)]:
            return ResourceName(TypeUrl(type_url), name)
    raise ValueError(f"not the name of a resource: {value!r}")
