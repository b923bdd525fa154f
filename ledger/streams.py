"""The streams of proxies: who opened them, what each has shown, which have ended."""

from collections.abc import Hashable, Iterable, Sequence
from itertools import zip_longest

from ledger.ids import NEVER, ProxyId, ResourceName, StreamId, TypeUrl
from ledger.interest import Interest
from ledger.stream_record import Inheritance, StreamRecord, all_back
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
        self._arrived_order[stream] = next(self._order)

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
        order = self._arrived_order.pop(stream, None) or next(self._order)
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
        hot_restart: float | None,
        ended: float,
        targets: Sequence[str] = (),
    ) -> None:
        """A proxy of the loaded roster: absent, and holding anything of these types until it is back.

        Args:
            streams: ids for as many streams as it had: one for each target; or one for each process, of which there
                were two if it restarted hot a short time ago.
            hot_restart: when that was.
            targets: of a gRPC process.
        """
        types = set(types)
        records = [
            StreamRecord(stream, proxy, None, ended, set(), next(self._order), claims_anything=True, ended=ended)
            for stream in streams
        ]
        for record, target in zip_longest(records, targets):
            record.targets = set() if target is None else {target}
            record.ended_order = next(self._order)
            self._file(record)
            for type_url in types:
                record.interests[type_url] = Interest(record.id, type_url)
                self.relics.add((record.id, ResourceName(type_url, EVERYTHING)))
        if hot_restart is not None:
            self.hot_restarts[proxy] = hot_restart
            self._supersede(records[0], hot_restart)
        for record in records:
            self._drop_if_empty(record)

    def show(self, record: StreamRecord, type_url: TypeUrl, claims_anything: bool) -> tuple[Interest, Inheritance]:
        """A stream's first request of a type: it shows what the proxy holds of that type.

        Returns:
            The stream's interest, and what it inherits of the streams that it may succeed.
        """
        record.claims_anything = record.claims_anything or claims_anything
        others = [other for other in self._kin(record) if other is not record and other.expects(type_url)]
        # Of any party: this one's may not be known yet, and it does no harm to believe less.
        records = self.of_proxy[record.proxy].values()
        former = [other for other in records if other.ended is not None and other.obliged(type_url)]
        beside = [other for other in others if other.was_beside(record) and other.obliged(type_url)]
        replaced = {stream for other in beside for stream in other.replaces}
        beside = [other for other in beside if other.id not in replaced]
        if beside and all_back(record, others):
            # No process of the proxy was away that this one could be.
            if not record.claims_anything and not record.targets:
                self.hot_restarts[record.proxy] = record.opened  # as it seems; from now on nothing is taken for granted
                record.newcomer_beside.update(other.id for other in beside)
            elif record.claims_anything and len(beside) == 1 and record.proxy not in self.hot_restarts:
                if beside[0].booted_again or record.opened < self.in_doubt_until:
                    self.hot_restarts[record.proxy] = record.opened  # the process before that one may be back
                else:
                    record.replaces.add(beside[0].id)  # its process came back before its end was seen
                    former += beside
        inherited = Inheritance()
        for past in former:
            interest = past.interests.get(type_url)
            if interest is not None:
                inherited.tainted |= interest.rejected
                inherited.doubtful |= interest.doubtful.union(n for n, p in interest.behind.items() if p.sent)
                inherited.behind |= interest.behind.keys()
                inherited.relics |= any(stream == past.id and r.type_url == type_url for stream, r in self.relics)
        interest = record.interests[type_url] = Interest(record.id, type_url)
        self._shown(record, {type_url})
        self._take_over_unshown(record)
        self._succeed(record, type_url)
        return interest, inherited

    def not_shown(self, record: StreamRecord, type_url: TypeUrl) -> None:
        """A first request failed while it was taken in: what the proxy holds of the type is not known after all."""
        record.claims_anything = True
        record.unshown.add(type_url)
        self.connecting.add(record.id)

    def aim(self, record: StreamRecord, targets: set[str]) -> None:
        """The stream asks for these listeners by name: that tells its party, and so whom it may succeed."""
        if not targets <= record.targets:
            record.targets |= targets
            for type_url in list(record.interests):
                self._succeed(record, type_url)

    def answered(self, record: StreamRecord) -> None:
        """The stream has ACKed or NACKed a response, so all its first requests are in (rule 28)."""
        if record.answered:
            return
        record.answered = True
        self._shown(record, set(record.unshown))
        for other in record.newcomer_beside:
            if not record.claims_anything and other in self.streams:
                self._supersede(self.streams[other], record.opened)  # a new process beside it: a hot restart
        for past in self._kin(record):
            for type_url in set(past.unshown) if past.ended is not None else ():
                if past in self._left_behind(record, type_url):
                    self._shown(past, {type_url})
            self._drop_if_empty(past)

    def holds_nothing(self, record: StreamRecord) -> None:
        """The stream has had time for all its first requests, and has claimed nothing in those it made."""
        if not record.may_hold:
            self._shown(record, set(record.unshown))

    def outgrown(self, record: StreamRecord, type_url: TypeUrl) -> None:
        """The process that is back on this stream needs nothing of the type, and will never ask for it."""
        for past in self._left_behind(record, type_url):
            self.retire(past, type_url)

    def end(self, stream: StreamId, now: float) -> StreamRecord:
        """The stream ended, which credits nothing (rule 27)."""
        record = self.streams[stream]
        record.ended = now
        record.ended_order = next(self._order)
        if not record.may_hold:
            self._shown(record, set(record.unshown))
        for interest in record.interests.values():
            for name, progress in interest.behind.items():
                if progress.sent:
                    interest.doubtful.add(name)
                    progress.sent = NEVER
        for type_url in record.unshown | record.interests.keys():
            self._succeed(record, type_url)
        for heir in self._kin(record):
            if heir.answered and record.id in self._replaced_by(heir):
                self._shown(record, set(record.unshown))  # all that the process has to show, it has shown there
        self._drop_if_empty(record)
        return record

    def forget(self, proxy: ProxyId) -> bool:
        """Drops the ended streams of a proxy that is known to be gone; living ones stay. Whether there were any."""
        gone = [record for record in self.of_proxy.get(proxy, {}).values() if record.ended is not None]
        for record in gone:
            self._release(record)
        return bool(gone)

    # The rest

    def _take_over_unshown(self, record: StreamRecord) -> None:
        """What an earlier stream of the process had not shown when it ended, this one has to show."""
        for past in self._kin(record):
            if past.ended is not None and past.may_hold:
                for type_url in past.unshown & record.unshown:
                    if past in self._left_behind(record, type_url):
                        record.takes_over = True
                        self._shown(past, {type_url})
                self._drop_if_empty(past)

    def _file(self, record: StreamRecord) -> None:
        self.streams[record.id] = record
        self.of_proxy.setdefault(record.proxy, {})[record.id] = record
        self.views[record.view] += 1
