"""The streams of proxies: who opened them, what each has shown, which have ended."""

from collections.abc import Hashable, Iterable, Sequence, Set
from itertools import zip_longest

from ledger.ids import NEVER, ProxyId, ResourceName, StreamId, TypeUrl
from ledger.interest import Interest
from ledger.processes import RECONNECT_SECONDS
from ledger.sparse import NOTHING, having
from ledger.stream_record import Inheritance, StreamRecord
from ledger.succession import EVERYTHING, Succession


class Streams(Succession):
    """The life of every stream, from its opening until it obliges nobody."""

    @property
    def all_shown(self) -> bool:
        """Whether of every proxy that is waited for it is known what it holds, in this process's own revisions."""
        if self.arriving:
            return False
        if not self.released:
            return not (self.connecting or self.relics)
        return self.connecting <= self.released and all(stream in self.released for stream, _ in self.relics)

    # A stream's life

    def arrive(self, stream: StreamId, now: float) -> None:
        """A stream opened; whose it is will be known with its first request, or `leave` tells that it never was."""
        self.arriving[stream] = now
        self._arrived_order[stream] = self._next_moment()

    def overlook(self, stream: StreamId) -> None:
        """The stream has had time to say whose it is: no proxy uses it yet (Envoy may open ADS in advance).

        If it is a proxy's that is known, that one counts as absent anyway.
        """
        self.arriving.pop(stream, None)

    def leave(self, stream: StreamId) -> None:
        """A stream ended that never said whose it was."""
        self.arriving.pop(stream, None)
        self._arrived_order.pop(stream, None)

    def open(
        self, stream: StreamId, proxy: ProxyId, view: Hashable, expected: Iterable[TypeUrl], now: float
    ) -> StreamRecord:
        """A stream has named its proxy. `expected`: the types that can be asked for on it."""
        self.arriving.pop(stream, None)
        # What counts is when it opened, not when it first spoke: another may have ended in between.
        order = self._arrived_order.pop(stream, None) or self._next_moment()
        expected = frozenset(expected)
        record = StreamRecord(stream, proxy, view, now, set(expected), order, expected)
        self._file(record)
        self.connecting.add(stream)
        return record

    def remember(
        self,
        streams: Sequence[StreamId],
        proxy: ProxyId,
        types: Iterable[TypeUrl],
        ended: float,
        targets: Sequence[str] = (),
    ) -> None:
        """A proxy of the loaded roster: absent, and holding anything of these types until it is back.

        Args:
            streams: ids for as many streams as it had: one for each target; else one.
            targets: of a gRPC process.
        """
        types = set(types)
        for stream, target in zip_longest(streams, targets):
            record = StreamRecord(
                stream, proxy, None, ended, set(), self._next_moment(), claims_anything=True, ended=ended
            )
            record.targets = NOTHING if target is None else {target}
            record.ended_order = self._next_moment()
            self._file(record)
            self.absent.add(stream)
            for type_url in types:
                record.interests[type_url] = Interest(record.id, type_url)
                self.relics.add((record.id, ResourceName(type_url, EVERYTHING)))
            self._drop_if_empty(record)

    def show(self, record: StreamRecord, type_url: TypeUrl, claims_anything: bool) -> tuple[Interest, Inheritance]:
        """A stream's first request of a type: it shows what the proxy holds of that type.

        Returns:
            The stream's interest, and what it inherits of the streams that it may succeed.
        """
        record.claims_anything = record.claims_anything or claims_anything
        self._look_for_newcomers(record, type_url)
        inherited = Inheritance()
        # Of any party, and of open streams too: whose it is may not be known yet, and it does no harm to believe less.
        for other in self.of_proxy[record.proxy].values():
            interest = other.interests.get(type_url)
            if interest is not None:
                on_their_way = {name for name, progress in interest.behind.items() if progress.sent}
                inherited.tainted = having(inherited.tainted, interest.rejected)
                inherited.doubtful = having(inherited.doubtful, interest.doubtful | on_their_way)
                inherited.behind = having(inherited.behind, interest.behind.keys())
                inherited.relics |= (other.id, ResourceName(type_url, EVERYTHING)) in self.relics
                inherited.relics |= any(progress.relic for progress in interest.behind.values())
        interest = record.interests[type_url] = Interest(record.id, type_url)
        self._shown(record, {type_url})
        self._succeed_kin(record, {type_url})
        return interest, inherited

    def not_shown(self, record: StreamRecord, type_url: TypeUrl) -> None:
        """A first request failed while it was taken in: what the proxy holds of the type is not known after all."""
        record.claims_anything = True
        record.unshown.add(type_url)
        self.connecting.add(record.id)

    def aim(self, record: StreamRecord, targets: Set[str]) -> None:
        """The stream asks for these listeners by name: that tells its party, and so whom it may succeed."""
        if targets == record.targets:
            return
        new = not targets <= record.targets
        record.targets = set(targets)
        if new and record.interests:
            for type_url in record.interests:
                self._look_for_newcomers(record, type_url)
            self._succeed_kin(record, record.interests)

    def answered(self, record: StreamRecord, moment: int) -> None:
        """The stream has ACKed or NACKed what was sent at that moment, so all its first requests are in (rule 28)."""
        if not record.answered:
            record.answered = True
            self._shown(record, set(record.unshown))
            for past in self._kin(record):
                if past.ended is not None:
                    self._succeed(past, set(past.unshown))
        self._heard(record, moment)

    def holds_nothing(self, record: StreamRecord) -> None:
        """The stream has had time for all its first requests, and has claimed nothing in those it made."""
        if not record.claims_anything:
            self._shown(record, set(record.unshown))

    def doubt(self, record: StreamRecord, type_url: TypeUrl, names: Set[str]) -> None:
        """The process may hold any form of these, whatever it claims: until it ACKs them."""
        interest = record.interests[type_url]
        doubtful = names & interest.behind.keys()
        if doubtful:
            interest.doubtful = having(interest.doubtful, doubtful)
            self.retainted.add(record.proxy)

    def outgrown(self, record: StreamRecord, type_url: TypeUrl) -> None:
        """The process that is back on this stream needs nothing of the type, and will not ask for it."""
        if type_url not in record.outgrown:
            record.outgrown = having(record.outgrown, {type_url})
            self._succeed_kin(record, {type_url})

    def end(self, stream: StreamId, now: float) -> StreamRecord:
        """The stream ended, which credits nothing (rule 27)."""
        record = self.streams[stream]
        record.ended = now
        self.absent.add(stream)
        record.ended_order = self._next_moment()
        if not record.claims_anything:
            self._shown(record, set(record.unshown))
        for interest in record.interests.values():
            on_their_way = {name for name, progress in interest.behind.items() if progress.sent}
            if on_their_way:
                interest.doubtful = having(interest.doubtful, on_their_way)
                self.retainted.add(record.proxy)
            for name in on_their_way:
                interest.behind[name].sent = NEVER
        self.processes.wait_for_return(record.proxy, now + RECONNECT_SECONDS)
        self._succeed(record, record.unshown | record.interests.keys())
        if record.id in self.streams:
            for past in [past for past in self._kin(record) if past.ended is not None and past.is_like(record)]:
                self._absorb(record, past)
        return record

    def forget(self, proxy: ProxyId) -> bool:
        """Drops the ended streams of a proxy that is known to be gone; living ones stay. Whether there were any."""
        gone = [record for record in self.of_proxy.get(proxy, {}).values() if record.ended is not None]
        for record in gone:
            self._release(record)
        self.processes.forgotten(proxy)
        self.retainted.discard(proxy)
        return bool(gone)

    # The rest

    def _absorb(self, record: StreamRecord, past: StreamRecord) -> None:
        """Of two ended streams that differ in nothing, one is left, which obliges for both.

        Both are succeeded when all processes of the node id are accounted for, however many streams each has left.
        """
        if past is record:
            return
        record.opened_order = max(record.opened_order, past.opened_order)
        record.claims_anything = record.claims_anything or past.claims_anything
        record.unshown |= past.unshown
        if record.unshown:
            self.connecting.add(record.id)
        for type_url in list(past.interests):
            self._absorb_interest(record, past.interests[type_url])
        self._release(past)

    def _absorb_interest(self, record: StreamRecord, interest: Interest) -> None:
        """The stream obliges for what another has asked for, and was behind on, as well."""

    def _file(self, record: StreamRecord) -> None:
        self.streams[record.id] = record
        self.of_proxy.setdefault(record.proxy, {})[record.id] = record
        self.views[record.view] += 1
