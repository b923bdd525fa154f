"""Which ended streams of a proxy still oblige it, and which later streams have succeeded them.

The obligated party is the stream, not the node id: during a hot restart two processes share one. A stream that ends
credits nothing (rule 27) and stays obliged, as an absent proxy, until every process that there may be of the node id
has shown what it holds on a stream that is open (`ledger.processes` tells how many there may be); or the proxy is
forgotten. A gRPC process has a stream for each target; each of them must be back itself.
"""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Hashable, Iterable

from ledger.ids import ProxyId, ResourceName, StreamId, TypeUrl
from ledger.interest import Interest
from ledger.processes import LOST_STREAM_SECONDS, ONE_LEFT_SECONDS, RECONNECT_SECONDS, Newcomer, Processes
from ledger.stream_record import StreamRecord

EVERYTHING = "*"
"""Stands for every resource of a type in `Succession.relics`: what a proxy of the loaded roster may hold."""


class Succession:
    """Who is obliged.

    arriving: streams that have not yet said whose they are. connecting: streams, ended ones too, of which it is not yet
    known what they hold (rule 28). relics: (stream, resource) where a proxy may hold a form from before this process
    started; what an object touched back then is not known here, so any of these three holds back every receipt.
    views: how many streams, ended ones too, have each. released: ended streams that nobody waits for. absent: streams
    that have ended and oblige. in_doubt_until: until then it is not known of which proxies there are two processes.
    reachable_since: when proxies could connect first. retainted: the proxies of which it has changed what they have
    rejected, or may have; whoever looks takes them out.
    """

    def __init__(self) -> None:
        self.streams: dict[StreamId, StreamRecord] = {}
        self.of_proxy: dict[ProxyId, dict[StreamId, StreamRecord]] = {}
        self.processes = Processes()
        self.arriving: dict[StreamId, float] = {}
        self._arrived_order: dict[StreamId, int] = {}
        self.connecting: set[StreamId] = set()
        self.relics: set[tuple[StreamId, ResourceName]] = set()
        self.views: Counter[Hashable] = Counter()
        self._vacated: set[Hashable] = set()
        self.released: set[StreamId] = set()
        self.absent: set[StreamId] = set()
        self.retainted: set[ProxyId] = set()
        self.in_doubt_until = 0.0
        self.reachable_since = 0.0
        self.moment = 0
        """The place of the newest opening or ending of a stream in the order of all of them."""

    def _next_moment(self) -> int:
        self.moment += 1
        return self.moment

    def take_vacated(self) -> set[Hashable]:
        """Takes out the views that some stream has left, and none has by now."""
        vacated, self._vacated = self._vacated, set()
        return {view for view in vacated if view not in self.views}

    # How many processes there may be

    def _look_for_newcomers(self, record: StreamRecord, type_url: TypeUrl) -> None:
        """The stream has asked for the type, or has told its party: is there a process more?

        A process asks for a type on one stream only (on others for others, perhaps).
        """
        others = [other for other in self._kin(record) if other is not record and type_url in other.interests]
        beside = [other for other in others if other.was_beside(record)]
        if beside:
            # If it claims something, a process that was there before has lost its stream unnoticed: the one beside it,
            # unless others are about to come back.
            in_doubt = record.opened < self.in_doubt_until or self.processes.may_return(record.proxy, record.opened)
            if in_doubt or not record.claims_anything:
                self._add_newcomer(record)
        elif not record.claims_anything:
            self._booted(record, [other for other in others if other.had_ended(record)])
        for later in others:
            if later.opened_order > record.opened_order:  # it spoke first, and seemed to be alone
                self._add_newcomer(later)

    def _booted(self, record: StreamRecord, ended: list[StreamRecord]) -> None:
        """A process without any configuration is there, and none beside it: an earlier one has booted again.

        Or it has just lost its stream, and this is its child in a hot restart: then it is soon back.
        """
        last_end = max((other.ended for other in ended if other.ended is not None), default=None)
        if last_end is None:
            return
        self.processes.booted(record.proxy, record.opened)
        until = max(last_end, self.reachable_since) + RECONNECT_SECONDS
        if until > record.opened:
            self._add_newcomer(record, until)

    def reachable(self, now: float) -> None:
        """Proxies can connect from now on."""
        self.reachable_since = now
        for proxy in self.processes:
            if any(newcomer.returning for newcomer in self.processes.of(proxy)):
                self.processes.booted(proxy, now)
                self.processes.wait_for_return(proxy, now + RECONNECT_SECONDS)

    def _add_newcomer(self, record: StreamRecord, until: float | None = None) -> None:
        if not any(one.stream is record for one in self.processes.of(record.proxy)):
            returning = until is not None
            until = record.opened + ONE_LEFT_SECONDS if until is None else until
            self.processes.add(Newcomer(record, until, returning))

    def _heard(self, record: StreamRecord, moment: int) -> None:
        """The process of the stream answers what was sent to it then: no stream that was open by then replaces it."""
        before, record.heard_order = record.heard_order, max(record.heard_order, moment)
        others = [other for other in self.of_proxy[record.proxy].values() if other is not record]
        if not any(max(before, record.opened_order) < other.opened_order <= moment for other in others):
            return
        for other in others:
            if other.ended is None and record.was_used_at(other.opened_order):
                self._count_at(other)
        self._succeed_all(record.proxy)

    def _count_at(self, record: StreamRecord) -> None:
        """More streams may have been in use when this one opened than there are processes, as far as is known."""
        for type_url in record.interests:
            kin = [o for o in self._kin(record) if o.ended is None and type_url in o.interests]
            if sum(o.was_used_at(record.opened_order) for o in kin) > self.processes.count(record, type_url):
                self._add_newcomer(record)

    def expire(self, now: float) -> None:
        """Looks at node ids of which there may be several processes: which streams are open still, which time is up."""
        absent = {self.streams[stream].proxy for stream in self.absent}
        for proxy in absent.union(self.processes):
            news = self._look_who_is_open(proxy, now)
            for newcomer in self.processes.due(proxy, now):
                news = True
                if not newcomer.returning and self._all_there(newcomer.stream):
                    self.processes.stay(newcomer)
                else:
                    self.processes.drop(newcomer)
            if news:
                self._succeed_all(proxy)
        self.processes.expire(now)

    def _look_who_is_open(self, proxy: ProxyId, now: float) -> bool:
        """A stream that stays open when another has been there for long was in use then: else its end would be noticed.

        Returns:
            Whether that tells anything new.
        """
        records = self.of_proxy.get(proxy, {}).values()
        living = [record for record in records if record.ended is None]
        if not living:
            return False
        known = max((r.opened_order for r in records if now - r.opened >= LOST_STREAM_SECONDS), default=0)
        news = [record for record in living if record.heard_order < known]
        for record in news:
            record.heard_order = known
        return bool(news)

    def _all_there(self, record: StreamRecord) -> bool:
        """Whether as many processes are connected as there may be."""
        return any(self._last_census(record, type_url) for type_url in record.expected or ())

    # Who succeeds whom

    def _kin(self, record: StreamRecord) -> list[StreamRecord]:
        """The streams of the record's party, itself too."""
        return [other for other in self.of_proxy.get(record.proxy, {}).values() if record.is_kin(other)]

    def _last_census(self, record: StreamRecord, type_url: TypeUrl, answered: bool = False) -> int:
        """When, in the order of openings and endings, every process that there may be was last known to use a stream
        that is open still and has shown the type (or, with `answered`, all that it has to show). 0 for never.

        Of whatever stream opened before, the process has another now, or is gone.
        """
        needed = self.processes.count(record, type_url)
        living = [other for other in self._kin(record) if other.ended is None and other.expects(type_url)]
        living = [other for other in living if other.has_shown(type_url) or (answered and other.answered)]
        opened = sorted(other.opened_order for other in living)
        heard = sorted(max(other.opened_order, other.heard_order) for other in living)
        for order in reversed(heard):
            if bisect_right(opened, order) - bisect_left(heard, order) >= needed:
                return order
        return 0

    def _succeed_all(self, proxy: ProxyId) -> None:
        for record in list(self.of_proxy.get(proxy, {}).values()):
            if record.ended is not None:
                self._succeed(record, record.interests.keys() | record.unshown)

    def _succeed_kin(self, record: StreamRecord, types: Iterable[TypeUrl]) -> None:
        """The stream has shown these types: which ended ones of its party are obliged for them no longer?"""
        types = set(types)
        for past in self._kin(record):
            if past.ended is not None:
                self._succeed(past, types)

    def _succeed(self, past: StreamRecord, types: Iterable[TypeUrl]) -> None:
        """The ended stream obliges no more for those types that all its kin have shown on later streams."""
        for type_url in types:
            if type_url in past.interests:
                if past.opened_order <= self._last_census(past, type_url):
                    self.retire(past, type_url)
            elif type_url in past.unshown and past.opened_order <= self._last_census(past, type_url, answered=True):
                self._shown(past, {type_url})
        self._drop_if_empty(past)

    def retire(self, record: StreamRecord, type_url: TypeUrl) -> None:
        """An ended stream is obliged for the type no longer."""
        interest = record.interests.pop(type_url, None)
        if interest is not None:
            self._drop_interest(record, interest)
            self.relics.discard((record.id, ResourceName(type_url, EVERYTHING)))
        self._shown(record, {type_url})
        self._drop_if_empty(record)

    def _release(self, record: StreamRecord) -> None:
        self._shown(record, set(record.unshown))
        for type_url in list(record.interests):
            self.retire(record, type_url)
        self._drop_if_empty(record)

    def _drop_interest(self, record: StreamRecord, interest: Interest) -> None:
        """Forgets what the stream was behind on, and what it asked for."""

    def _shown(self, record: StreamRecord, types: set[TypeUrl]) -> None:
        record.unshown -= types
        if not record.unshown:
            self.connecting.discard(record.id)

    def _drop_if_empty(self, record: StreamRecord) -> None:
        if record.ended is None or record.interests or record.unshown:
            return
        if self.streams.pop(record.id, None) is None:
            return
        self.released.discard(record.id)
        self.absent.discard(record.id)
        self.views[record.view] -= 1
        if not self.views[record.view]:
            del self.views[record.view]
            self._vacated.add(record.view)
        streams = self.of_proxy[record.proxy]
        del streams[record.id]
        if not streams:
            del self.of_proxy[record.proxy]
