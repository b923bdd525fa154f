"""How many processes there may be of one node id, at most: one, and each newcomer that may be another.

Nothing on the wire tells processes of one node id apart. In a hot restart there are two of them for a while; where a
node id was given to two proxies by mistake, for ever. A stream whose first requests claim nothing may be that of a new
process; a stream that claims something is that of a process which was there before, on an earlier stream.
"""

import math
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from ledger.ids import ProxyId, StreamId, TypeUrl
from ledger.stream_record import StreamRecord

PARENT_SHUTDOWN_SECONDS = 930.0
"""A process that was replaced in a hot restart has ended by then: Envoy's `--parent-shutdown-time-s` is 900 s, and some
seconds for it to be carried out."""

LOST_STREAM_SECONDS = 120.0
"""By then the server's keepalive (30 s, and 20 s for the answer) has ended a stream whose other end is gone."""

RECONNECT_SECONDS = 60.0
"""By then a process that lives is back on a new stream, if others of its node id can connect: Envoy waits for 30 s at
most between its attempts."""

ONE_LEFT_SECONDS = PARENT_SHUTDOWN_SECONDS + LOST_STREAM_SECONDS
"""So long after a hot restart one process is left, and no stream of the other is taken for open any more."""

UNCOUNTED = 1 << 30
"""More processes than there can be: none of them is known to be back."""

_MOST = 16
"""Newcomers of one node id that are told apart. Beyond, it is just too many, until the last of them is old."""


@dataclass(frozen=True, slots=True)
class Newcomer:
    """A process that may be there besides the others of its node id.

    stream: the one on which it was first seen, which tells what it is asked for on. until: when there is certainly one
    process less; `math.inf` where as many have been connected at once for longer than a hot restart takes.
    returning: an earlier process may be about to return; it has time until `until`.
    """

    stream: StreamRecord
    until: float
    returning: bool = False


class Processes:
    """The newcomers of every node id.

    version: rises with every change that a restarted control plane must know of.
    """

    def __init__(self) -> None:
        self._newcomers: dict[ProxyId, list[Newcomer]] = {}
        self._booted: dict[ProxyId, float] = {}
        self.version = 0

    def of(self, proxy: ProxyId) -> list[Newcomer]:
        """The newcomers of a node id."""
        return self._newcomers.get(proxy, [])

    def __iter__(self) -> Iterator[ProxyId]:
        """The node ids of which there may be several processes."""
        return iter(self._newcomers)

    def count(self, stream: StreamRecord, type_url: TypeUrl) -> int:
        """How many processes may ask for this type, of the party that the stream is of."""
        newcomers = self.of(stream.proxy)
        if len(newcomers) > _MOST:
            return UNCOUNTED
        kin = [one.stream for one in newcomers if one.stream.is_kin(stream) and one.stream.expects(type_url)]
        # A process may have a stream for some types, and another for the rest: each is a newcomer of its kind.
        return 1 + max(Counter(one.expected for one in kin).values(), default=0)

    def add(self, newcomer: Newcomer) -> None:
        """There may be one process more.

        Of those that are about to return there is one: a third process of a node id ends the first (in Envoy's hot
        restart it does).
        """
        proxy = newcomer.stream.proxy
        newcomers = self._newcomers.setdefault(proxy, [])
        if newcomer.returning:
            newcomers[:] = [one for one in newcomers if not (one.returning and one.stream.is_kin(newcomer.stream))]
        if len(newcomers) <= _MOST:
            newcomers.append(newcomer)
        if len(newcomers) > _MOST:  # those that are not kept are as young as this one at most
            newcomers[:] = [replace(one, until=max(one.until, newcomer.until), returning=False) for one in newcomers]
        self.version += 1

    # A process that boots when none is connected: the earlier one booted again, or a hot restart while it is away

    def booted(self, proxy: ProxyId, at: float) -> None:
        """A process without any configuration is there, and no other of its node id is connected."""
        self._booted[proxy] = at

    def may_return(self, proxy: ProxyId, now: float) -> bool:
        """Whether a process may be back that was taken for one that has booted again."""
        return now - self._booted.get(proxy, -math.inf) < ONE_LEFT_SECONDS

    def wait_for_return(self, proxy: ProxyId, until: float) -> None:
        """A stream has ended: it may be that of a process which others are waited to stand beside."""
        newcomers = self.of(proxy)
        newcomers[:] = [replace(one, until=max(one.until, until)) if one.returning else one for one in newcomers]

    # What outlives the process

    def dump(self) -> list[dict[str, object]]:
        """The newcomers, as plain values."""
        return [
            {
                "proxy": one.stream.proxy,
                "until": None if one.until == math.inf else one.until,
                "returning": one.returning,
                "types": sorted(one.stream.expected or ()),
                "targets": sorted(one.stream.targets),
                "everything": one.stream.asks_for_everything,
            }
            for newcomers in self._newcomers.values()
            for one in newcomers
        ]

    def load(self, dumped: Iterable[object]) -> None:
        """Takes in what `dump` gave.

        Raises:
            ValueError: if it is not what `dump` gives.
        """
        for item in dumped:
            newcomer = _parse(item)
            self._newcomers.setdefault(newcomer.stream.proxy, []).append(newcomer)

    # The end

    def due(self, proxy: ProxyId, now: float) -> list[Newcomer]:
        """The newcomers whose time is up."""
        return [one for one in self.of(proxy) if one.until <= now]

    def stay(self, newcomer: Newcomer) -> None:
        """The node id has several processes for good: they have been connected at once for too long."""
        newcomers = self._newcomers[newcomer.stream.proxy]
        newcomers[newcomers.index(newcomer)] = replace(newcomer, until=math.inf, returning=False)
        self.version += 1

    def drop(self, newcomer: Newcomer) -> None:
        """There is one process less."""
        newcomers = self._newcomers[newcomer.stream.proxy]
        newcomers.remove(newcomer)
        if not newcomers:
            del self._newcomers[newcomer.stream.proxy]
        self.version += 1

    def forgotten(self, proxy: ProxyId) -> None:
        """Processes of this node id are known to be gone: whether there are several is to be found out anew."""
        newcomers = self.of(proxy)
        newcomers[:] = [replace(one, until=0.0) if one.until == math.inf else one for one in newcomers]

    def expire(self, now: float) -> None:
        """Forgets who booted long ago."""
        for proxy in [proxy for proxy in self._booted if not self.may_return(proxy, now)]:
            del self._booted[proxy]


def _parse(item: object) -> Newcomer:
    match item:
        case {
            "proxy": str(proxy),
            "until": (None | float()) as until,
            "returning": bool(returning),
            "types": list(types),
            "targets": list(targets),
            "everything": bool(everything),
        } if all(isinstance(text, str) for text in [*types, *targets]):
            stream = StreamRecord(StreamId(0), ProxyId(proxy), None, 0.0, set(), 0, frozenset(types))
            stream.targets, stream.asks_for_everything = set(targets), everything
            return Newcomer(stream, math.inf if until is None else until, returning)
    raise ValueError(f"not a newcomer: {item!r}")
