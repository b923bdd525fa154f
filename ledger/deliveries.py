"""Deliveries: which stream is behind on which resource.

Cost follows what is in flight: a stream that has ACKed the newest form of a resource has no entry. The obligated party
is the stream, not the node id (two streams of one proxy are both obliged); a stream that ends stays obliged, as an
absent proxy, until a later stream of the same proxy has shown what it holds, or the proxy is forgotten.
"""

from collections import Counter
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from ledger.ids import NEVER, ProxyId, ResourceName, Revision, StreamId, TypeUrl
from ledger.interest import Interest, Progress
from ledger.lag import Lag, Wake

EVERYTHING = "*"
"""Stands for every resource of a type in `Deliveries.relics`: what a proxy of the loaded roster may hold."""


class ResourceChange(NamedTuple):
    """A resource has a new form (or is gone, or has come to be).

    views: the views in which it changed; None for all. wildcard: whether wildcard subscriptions cover it.
    """

    name: ResourceName
    views: frozenset[Hashable] | None
    wildcard: bool


@dataclass(slots=True)
class Inheritance:
    """What a stream inherits of the streams of its proxy that ended, for one type.

    tainted: resources whose claims are not to be believed, since a response with them was NACKed (rule 31).
    all_tainted: it is not known which these are. relics: whether the proxy may hold something from before this process
    started.
    """

    tainted: set[str] = field(default_factory=set)
    all_tainted: bool = False
    relics: bool = False


@dataclass(slots=True, eq=False)
class StreamRecord:
    """One stream and what it asks for.

    ended: when the stream ended; None while it lives.
    claims_anything: some first request said that the proxy holds something already.
    unshown: the types of which the proxy may hold something and has not said what; a stream with any is `connecting`.
    """

    id: StreamId
    proxy: ProxyId
    view: Hashable
    opened: float
    unshown: set[TypeUrl]
    ended: float | None = None
    claims_anything: bool = False
    interests: dict[TypeUrl, Interest] = field(default_factory=dict)


class Deliveries:
    """Both sides of every delivery: by stream (`Interest`) and by resource (`Lag`).

    arriving: streams that have not yet said whose they are. connecting: streams, ended ones too, of which it is not yet
    known what they hold (rule 28). relics: (stream, resource) where a proxy may hold a form from before this process
    started; what an object touched back then is not known here, so any of these three holds back every receipt. views:
    how many streams, ended ones too, have each.
    """

    def __init__(self) -> None:
        self.arriving: dict[StreamId, float] = {}
        self.connecting: set[StreamId] = set()
        self.streams: dict[StreamId, StreamRecord] = {}
        self.of_proxy: dict[ProxyId, dict[StreamId, StreamRecord]] = {}
        self._subscribers: dict[ResourceName, set[StreamId]] = {}
        self._wildcards: dict[TypeUrl, dict[StreamId, StreamRecord]] = {}
        self._claimants: dict[TypeUrl, set[StreamId]] = {}
        self._lags: dict[ResourceName, Lag] = {}
        self.relics: set[tuple[StreamId, ResourceName]] = set()
        self._due: list[Wake] = []
        self.views: Counter[Hashable] = Counter()

    @property
    def all_shown(self) -> bool:
        """Whether of every proxy it is known what it holds, in terms of this process's own revisions."""
        return not (self.arriving or self.connecting or self.relics)

    # Streams

    def arrive(self, stream: StreamId, now: float) -> None:
        """A stream opened; whose it is will be known with its first request, or `leave` tells that it never was."""
        self.arriving[stream] = now

    def leave(self, stream: StreamId) -> None:
        """A stream ended that never said whose it was. If it was a proxy's that is known, that one is absent anyway."""
        self.arriving.pop(stream, None)

    def open(
        self, stream: StreamId, proxy: ProxyId, view: Hashable, expected: Iterable[TypeUrl], now: float
    ) -> StreamRecord:
        """A stream has named its proxy. `expected`: the types that can be asked for on it."""
        self.arriving.pop(stream, None)
        record = StreamRecord(stream, proxy, view, now, set(expected))
        self._file(record)
        self.connecting.add(stream)
        return record

    def remember(self, stream: StreamId, proxy: ProxyId, types: Iterable[TypeUrl], ended: float) -> StreamRecord:
        """A proxy of the loaded roster: absent, and holding anything of these types until it is back."""
        record = StreamRecord(stream, proxy, None, ended, set(), ended, claims_anything=True)
        self._file(record)
        for type_url in types:
            record.interests[type_url] = Interest(stream, type_url)
            self.relics.add((stream, ResourceName(type_url, EVERYTHING)))
        self._drop_if_empty(record)
        return record

    def show(self, record: StreamRecord, type_url: TypeUrl, claims_anything: bool) -> tuple[Interest, Inheritance]:
        """A stream's first request of a type: it shows what the proxy holds of that type.

        Streams of the same proxy that ended before now are no longer obliged for the type; this stream is.

        Returns:
            The stream's interest, and what it inherits of the streams that it succeeds.
        """
        inherited = Inheritance()
        for past in self.predecessors(record):
            interest = past.interests.get(type_url)
            if interest is not None:
                inherited.tainted.update(name for name, progress in interest.behind.items() if progress.nack)
                inherited.relics |= any(stream == past.id and r.type_url == type_url for stream, r in self.relics)
            self.retire(past, type_url)
        interest = Interest(record.id, type_url)
        record.interests[type_url] = interest
        record.claims_anything = record.claims_anything or claims_anything
        self._shown(record, {type_url})
        return interest, inherited

    def answered(self, record: StreamRecord) -> None:
        """The stream has ACKed or NACKed a response, so all its first requests are in (rule 28)."""
        self._shown(record, set(record.unshown))
        for past in self.predecessors(record):
            self._shown(past, set(past.unshown))
            self._drop_if_empty(past)

    def predecessors(self, record: StreamRecord) -> list[StreamRecord]:
        """The ended streams of the same proxy that opened before this one."""
        streams = self.of_proxy[record.proxy]
        if len(streams) == 1:
            return []
        return [past for past in streams.values() if past.ended is not None and past.id < record.id]

    def end(self, stream: StreamId, now: float) -> StreamRecord:
        """The stream ended, which credits nothing (rule 27): it stays obliged until a successor shows what it holds.

        A living stream of the same proxy that opened later is such a successor already.
        """
        record = self.streams[stream]
        record.ended = now
        if not record.claims_anything:
            self._shown(record, set(record.unshown))
        for interest in record.interests.values():
            for progress in interest.behind.values():
                progress.sent = NEVER
        for other in list(self.of_proxy[record.proxy].values()):
            if other.ended is None and other.id > stream:
                for type_url in other.interests:
                    self.retire(record, type_url)
                if stream in self.connecting and other.id not in self.connecting:
                    self._shown(record, set(record.unshown))
        self._drop_if_empty(record)
        return record

    def retire(self, record: StreamRecord, type_url: TypeUrl) -> None:
        """An ended stream is obliged for the type no longer."""
        interest = record.interests.pop(type_url, None)
        if interest is not None:
            for name in interest.names | interest.given_up:
                self._unindex(record.id, ResourceName(type_url, name))
            self._wildcards.get(type_url, {}).pop(record.id, None)
            for name in list(interest.behind):
                self._settle(interest, name)
            self._forget_claims(interest, list(interest.claimed))
            self.relics.discard((record.id, ResourceName(type_url, EVERYTHING)))
        self._shown(record, {type_url})
        self._drop_if_empty(record)

    def forget(self, proxy: ProxyId) -> bool:
        """Drops the ended streams of a proxy that is known to be gone; living ones stay. Whether there were any."""
        gone = [record for record in self.of_proxy.get(proxy, {}).values() if record.ended is not None]
        for record in gone:
            self._shown(record, set(record.unshown))
            for type_url in list(record.interests):
                self.retire(record, type_url)
            self._drop_if_empty(record)
        return bool(gone)

    def _file(self, record: StreamRecord) -> None:
        self.streams[record.id] = record
        self.of_proxy.setdefault(record.proxy, {})[record.id] = record
        self.views[record.view] += 1

    def _shown(self, record: StreamRecord, types: set[TypeUrl]) -> None:
        record.unshown -= types
        if not record.unshown:
            self.connecting.discard(record.id)

    def _drop_if_empty(self, record: StreamRecord) -> None:
        if record.ended is not None and not record.interests and not record.unshown:
            if self.streams.pop(record.id, None) is not None:
                self.views[record.view] -= 1
            streams = self.of_proxy.get(record.proxy)
            if streams is not None:
                streams.pop(record.id, None)
                if not streams:
                    del self.of_proxy[record.proxy]

    # Subscriptions

    def subscribe(self, interest: Interest, names: Iterable[str]) -> None:
        for name in names:
            interest.names.add(name)
            interest.given_up.discard(name)
            self._subscribers.setdefault(ResourceName(interest.type_url, name), set()).add(interest.stream)

    def set_wildcard(self, interest: Interest, wildcard: bool) -> None:
        interest.wildcard = wildcard
        streams = self._wildcards.setdefault(interest.type_url, {})
        if wildcard:
            streams[interest.stream] = self.streams[interest.stream]
        else:
            streams.pop(interest.stream, None)

    def give_up(self, interest: Interest, names: Iterable[str], still_used: Callable[[str], bool]) -> None:
        """The stream asks for the names no longer.

        `still_used` says for a name whether the proxy may go on using what it has of it (rule 26): such a name keeps the
        stream obliged, though nothing of it can be sent, until `release` finds it unused.
        """
        for name in names:
            interest.names.discard(name)
            if still_used(name):
                interest.given_up.add(name)
                interest.unsent.discard(name)
            else:
                self._let_go(interest, name)

    def release(self, interest: Interest, still_used: Callable[[str], bool]) -> None:
        """Looks again at the names given up: those that are used no longer oblige no more."""
        for name in [name for name in interest.given_up if not still_used(name)]:
            interest.given_up.discard(name)
            self._let_go(interest, name)

    def unname(self, interest: Interest, name: str) -> None:
        """The stream asks for the resource by name no longer, and still by its wildcard."""
        interest.names.discard(name)
        self._unindex(interest.stream, ResourceName(interest.type_url, name))

    def _let_go(self, interest: Interest, name: str) -> None:
        self._unindex(interest.stream, ResourceName(interest.type_url, name))
        self._forget_claims(interest, [name])
        if name in interest.behind:
            self._settle(interest, name)

    def _unindex(self, stream: StreamId, resource: ResourceName) -> None:
        streams = self._subscribers.get(resource)
        if streams is not None:
            streams.discard(stream)
            if not streams:
                del self._subscribers[resource]

    def audience(self, resource: ResourceName, wildcard: bool) -> set[StreamId]:
        """The streams, absent ones too, that are obliged for the resource, whatever their view."""
        streams = set(self._subscribers.get(resource, ()))
        if wildcard:
            streams.update(self._wildcards.get(resource.type_url, ()))
        return streams

    # Progress

    def changed(
        self, changes: Iterable[ResourceChange], since: Revision, revision: Revision, now: float
    ) -> set[StreamId]:
        """Marks every subscriber of a changed resource as behind.

        Args:
            since: the revision before the first of the changes: what a stream that was not behind is known to hold.
            revision: the revision after the last of them.

        Returns:
            The living streams that have something to send now.
        """
        woken: set[StreamId] = set()
        streams = self.streams
        for resource, views, wildcard in changes:
            for stream in self.audience(resource, wildcard):
                record = streams[stream]
                if views is None or record.view in views:
                    interest = record.interests[resource.type_url]
                    held = NEVER if resource.name in interest.claimed else since
                    self.owe(interest, resource.name, revision, now, held=held)
                    if record.ended is None:
                        woken.add(stream)
        return woken

    def owe(
        self,
        interest: Interest,
        name: str,
        revision: Revision,
        now: float,
        *,
        held: Revision | None = None,
        relic: bool = False,
        alone: bool = False,
    ) -> None:
        """The stream must be sent the resource, in a form built at `revision` or later.

        Args:
            held: what the proxy is known to hold; None: if it was not behind before, the form before this revision.
            relic: the proxy may hold a form from before this process started.
            alone: in a response of its own.
        """
        progress = interest.behind.get(name)
        if progress is None:
            if held is None:
                held = NEVER if name in interest.claimed else Revision(revision - 1)
            self._forget_claims(interest, [name])
            resource = ResourceName(interest.type_url, name)
            progress = Progress(revision, held, now, alone=alone, relic=relic)
            interest.behind[name] = progress
            lag = self._lags.get(resource)
            if lag is None:
                lag = self._lags[resource] = Lag()
            lag.add(interest.stream, progress)
            if relic:
                self.relics.add((interest.stream, resource))
        else:
            progress.need = max(progress.need, revision)
            progress.alone = progress.alone or alone
        if name not in interest.given_up:
            interest.unsent.add(name)

    def claim(self, interest: Interest, names: Iterable[str]) -> None:
        """The proxy says that it holds the newest form of these: nothing is sent, and nothing is credited (rule 23)."""
        interest.claimed.update(names)
        if interest.claimed:
            self._claimants.setdefault(interest.type_url, set()).add(interest.stream)

    def ask_claims(self, resource: ResourceName, revision: Revision, now: float) -> set[StreamId]:
        """Has the resource sent again to every stream that only claims it. Returns the living ones of them."""
        woken: set[StreamId] = set()
        for stream in list(self._claimants.get(resource.type_url, ())):
            record = self.streams[stream]
            interest = record.interests[resource.type_url]
            if resource.name in interest.claimed:
                self.owe(interest, resource.name, revision, now)
                if record.ended is None:
                    woken.add(stream)
        return woken

    def sent(self, interest: Interest, names: Iterable[str], built: Revision, now: float) -> None:
        """A response with these resources, built at `built`, is on its way."""
        for name in names:
            interest.unsent.discard(name)
            progress = interest.behind.get(name)
            if progress is not None:
                progress.sent = built
                progress.sent_at = now

    def acked(self, interest: Interest, names: Iterable[str], built: Revision) -> None:
        """The stream accepted a response that held these resources in a form built at `built` (rule 26)."""
        for name in names:
            self._forget_claims(interest, [name])
            progress = interest.behind.get(name)
            if progress is None:
                continue
            progress.sent = NEVER
            progress.nack = ""
            progress.alone = False
            resource = ResourceName(interest.type_url, name)
            if progress.relic:
                progress.relic = False
                self.relics.discard((interest.stream, resource))
            if built >= progress.need:
                self._settle(interest, name)
            else:
                lag = self._lags[resource]
                lag.raise_held(interest.stream, built)
                self._due.extend(lag.due())

    def nacked(self, interest: Interest, names: Iterable[str], text: str, again: bool) -> None:
        """The stream rejected a response that held these resources: any of them may have been applied (rule 31).

        Args:
            text: the proxy's reason.
            again: send each once more, alone, as it is; else each waits for its next change.
        """
        for name in names:
            progress = interest.behind.get(name)
            if progress is not None:
                progress.sent = NEVER
                progress.nack = text or "rejected without a reason"
                progress.alone = True
                if again and name not in interest.given_up:
                    interest.unsent.add(name)

    def _settle(self, interest: Interest, name: str) -> None:
        progress = interest.behind.pop(name)
        interest.unsent.discard(name)
        resource = ResourceName(interest.type_url, name)
        if progress.relic:
            self.relics.discard((interest.stream, resource))
        lag = self._lags[resource]
        lag.remove(interest.stream)
        self._due.extend(lag.due())
        if lag.idle:
            del self._lags[resource]

    def _forget_claims(self, interest: Interest, names: Iterable[str]) -> None:
        if interest.claimed:
            interest.claimed.difference_update(names)
            if not interest.claimed:
                self._claimants[interest.type_url].discard(interest.stream)

    # What receipts ask

    def lag(self, resource: ResourceName) -> Lag | None:
        """Who is behind on the resource; None if nobody is."""
        return self._lags.get(resource)

    def reached(self, resource: ResourceName, revision: Revision) -> bool:
        """Whether every obliged stream holds the resource in a form built at `revision` or later, or says so."""
        lag = self._lags.get(resource)
        return lag is None or lag.reached(revision)

    def let_go(self, resource: ResourceName, revision: Revision) -> bool:
        """Whether every obliged stream is known to hold a form built at `revision` or later."""
        return self.reached(resource, revision) and not self.claimants(resource)

    def wait(self, resource: ResourceName, revision: Revision, wake: Wake) -> int:
        """Has `wake` handed out by `take_due` once everybody holds a form built at `revision` or later."""
        return self._lags.setdefault(resource, Lag()).wait(revision, wake)

    def forget_wait(self, resource: ResourceName, ticket: int) -> None:
        lag = self._lags.get(resource)
        if lag is not None:
            lag.forget(ticket)
            if lag.idle:
                del self._lags[resource]

    def claimants(self, resource: ResourceName) -> list[StreamId]:
        """The streams that only claim to hold the resource in its newest form."""
        return [
            stream
            for stream in self._claimants.get(resource.type_url, ())
            if resource.name in self.streams[stream].interests[resource.type_url].claimed
        ]

    def take_due(self) -> list[Wake]:
        """Takes out the waiters whose resource everybody holds."""
        due, self._due = self._due, []
        return due
