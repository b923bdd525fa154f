"""The roster: every proxy that is or may be routing by what this control plane sent."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from ledger.ids import ProxyId, ResourceName, TypeUrl


class Presence(StrEnum):
    """Whether a proxy is there. ABSENT: its streams ended, and nothing better is known. GONE: known not to run."""

    CONNECTED = "CONNECTED"
    ABSENT = "ABSENT"
    GONE = "GONE"


@dataclass(slots=True)
class Proxy:
    """One proxy.

    since: when `presence` last changed. types: what it has asked for, on any stream. shown: of which types it has shown
    to this process what it holds. tainted: what it has rejected and not ACKed since: it may have applied it all the
    same, or not, whatever it claims (rule 31). remembered_taint: that, as an earlier process had it.
    targets: the listeners that it asks for by name, as gRPC clients do.
    """

    id: ProxyId
    presence: Presence
    since: float
    address: str = ""
    user_agent: str = ""
    streams: int = 0
    types: set[TypeUrl] = field(default_factory=set)
    targets: set[str] = field(default_factory=set)
    shown: set[TypeUrl] = field(default_factory=set)
    tainted: frozenset[ResourceName] = frozenset()
    remembered_taint: frozenset[ResourceName] = frozenset()


class Roster:
    """The proxies by id, and a version that rises with every change that a restarted process must know of.

    Args:
        remember_gone: how many GONE proxies are kept for display.
    """

    def __init__(self, remember_gone: int = 100) -> None:
        self._proxies: dict[ProxyId, Proxy] = {}
        self._remember_gone = remember_gone
        self.version = 0

    def __len__(self) -> int:
        return len(self._proxies)

    def get(self, proxy: ProxyId) -> Proxy | None:
        return self._proxies.get(proxy)

    def all(self) -> list[Proxy]:
        """Every proxy, by id."""
        return sorted(self._proxies.values(), key=lambda proxy: proxy.id)

    def connected(self, proxy_id: ProxyId, address: str, user_agent: str, now: float) -> Proxy:
        """A stream has named its proxy."""
        proxy = self._proxies.get(proxy_id)
        if proxy is None or proxy.presence is Presence.GONE:
            proxy = self._proxies[proxy_id] = Proxy(proxy_id, Presence.CONNECTED, now)
            self.version += 1
        if proxy.presence is not Presence.CONNECTED:
            proxy.presence, proxy.since = Presence.CONNECTED, now
        proxy.address, proxy.user_agent = address, user_agent
        proxy.streams += 1
        return proxy

    def asked(self, proxy: Proxy, type_url: TypeUrl) -> None:
        """The proxy asked for a type, and so showed what it holds of it."""
        proxy.shown.add(type_url)
        if type_url not in proxy.types:
            proxy.types.add(type_url)
            self.version += 1

    def aimed(self, proxy: Proxy, targets: set[str]) -> None:
        """The proxy asks for these listeners by name now, on any stream of its, ended ones included."""
        if targets != proxy.targets:
            proxy.targets = targets
            self.version += 1

    def taint(self, proxy: Proxy, tainted: frozenset[ResourceName]) -> None:
        """What the proxy has rejected, and not ACKed since, is now this."""
        if proxy.tainted != tainted:
            proxy.tainted = tainted
            self.version += 1

    def stream_ended(self, proxy_id: ProxyId, now: float) -> None:
        """A stream of the proxy ended; with its last one the proxy is absent."""
        proxy = self._proxies[proxy_id]
        proxy.streams -= 1
        if not proxy.streams:
            proxy.presence, proxy.since = Presence.ABSENT, now

    def forget(self, proxy_id: ProxyId, now: float) -> bool:
        """An absent proxy is known to be gone.

        Returns:
            False if it is not absent: not known, gone already, or connected and so evidently not gone.
        """
        proxy = self._proxies.get(proxy_id)
        if proxy is None or proxy.presence is not Presence.ABSENT:
            return False
        proxy.presence, proxy.since = Presence.GONE, now
        self.version += 1
        gone = sorted((p for p in self._proxies.values() if p.presence is Presence.GONE), key=lambda p: p.since)
        for past in gone[: max(0, len(gone) - self._remember_gone)]:
            del self._proxies[past.id]
        return True

    # What outlives the process

    def dump(self) -> list[dict[str, object]]:
        """What a restarted process must know: the proxies that are not GONE, as plain values."""
        return [
            {
                "id": proxy.id,
                "types": sorted(proxy.types),
                "targets": sorted(proxy.targets),
                "tainted": sorted(map(list, proxy.tainted)),
                "address": proxy.address,
            }
            for proxy in self.all()
            if proxy.presence is not Presence.GONE
        ]

    def load(self, dumped: Iterable[object], now: float) -> list[Proxy]:
        """Takes in what `dump` gave, each proxy as absent since `now`.

        Raises:
            ValueError: if it is not what `dump` gives.
        """
        loaded = [_parse(item, now) for item in dumped]
        self._proxies.update((proxy.id, proxy) for proxy in loaded)
        return loaded


def _parse(item: object, now: float) -> Proxy:
    match item:
        case {
            "id": str(proxy_id),
            "types": list(types),
            "targets": list(targets),
            "tainted": list(tainted),
            "address": str(address),
        }:
            taint = frozenset(_resource_name(resource) for resource in tainted)
            return Proxy(
                ProxyId(proxy_id),
                Presence.ABSENT,
                now,
                address=address,
                types={TypeUrl(_text(type_url)) for type_url in types},
                targets={_text(target) for target in targets},
                tainted=taint,
                remembered_taint=taint,
            )
    raise ValueError(f"not a roster entry: {item!r}")


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(f"not a roster entry: {value!r} is no text")
    return value


def _resource_name(value: object) -> ResourceName:
    match value:
        case [str(type_url), str(name)]:
            return ResourceName(TypeUrl(type_url), name)
    raise ValueError(f"not a roster entry: {value!r} names no resource")
