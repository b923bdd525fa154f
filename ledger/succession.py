"""Which ended streams of a proxy still oblige it, and which later stream has succeeded them.

The obligated party is the stream, not the node id: during a hot restart two processes share one. A stream that ends
credits nothing (rule 27) and stays obliged, as an absent proxy, until the same process is back on a later stream and
shows what it holds; or the proxy is forgotten. Envoy processes of one node id can't be told apart by what they send, so
where two have been seen at once, both must be back; or the older one's time is up, since it was replaced in a hot
restart. A gRPC process has a stream for each target; each of them must be back itself.
"""

from collections import Counter
from collections.abc import Hashable
from itertools import count

from ledger.ids import ProxyId, ResourceName, StreamId, TypeUrl
from ledger.interest import Interest
from ledger.stream_record import StreamRecord, processes

EVERYTHING = "*"
"""Stands for every resource of a type in `Succession.relics`: what a proxy of the loaded roster may hold."""

PARENT_SHUTDOWN_SECONDS = 930.0
"""A process that was replaced in a hot restart has ended by then: Envoy's `--parent-shutdown-time-s` is 900 s, and some
seconds for it to be carried out."""

LOST_STREAM_SECONDS = 120.0
"""By then the server's keepalive (30 s, and 20 s for the answer) has ended a stream whose other end is gone."""


class Succession:
    """Who is obliged.

    arriving: streams that have not yet said whose they are. connecting: streams, ended ones too, of which it is not yet
    known what they hold (rule 28). relics: (stream, resource) where a proxy may hold a form from before this process
    started; what an object touched back then is not known here, so any of these three holds back every receipt.
    views: how many streams, ended ones too, have each. released: ended streams that nobody waits for.
    hot_restarts: when a proxy's newest hot restart was, while processes of before it may be running. in_doubt_until:
    until then it is not known of which proxies there are two processes.
    """

    def __init__(self) -> None:
        self.streams: dict[StreamId, StreamRecord] = {}
        self.of_proxy: dict[ProxyId, dict[StreamId, StreamRecord]] = {}
        self.arriving: dict[StreamId, float] = {}
        self._arrived_order: dict[StreamId, int] = {}
        self.connecting: set[StreamId] = set()
        self.relics: set[tuple[StreamId, ResourceName]] = set()
        self.views: Counter[Hashable] = Counter()
        self.released: set[StreamId] = set()
        self.hot_restarts: dict[ProxyId, float] = {}
        self.in_doubt_until = 0.0
        self._superseded: set[StreamId] = set()
        self._order = count(1)

    def expire(self, now: float) -> None:
        """Ended streams of processes that were replaced in a hot restart, and have ended by now, oblige no more."""
        for stream in list(self._superseded):
            record = self.streams.get(stream)
            if record is None or record.superseded_at is None:
                continue  # released with one before it
            if record.ended is not None and now - record.superseded_at >= PARENT_SHUTDOWN_SECONDS:
                types = set(record.interests)
                self._release(record)
                for type_url in types:
                    self._succeed(record, type_url)
        for proxy, at in list(self.hot_restarts.items()):
            if now - at >= PARENT_SHUTDOWN_SECONDS + LOST_STREAM_SECONDS:
                del self.hot_restarts[proxy]
                self._outlived(proxy)

    def _outlived(self, proxy: ProxyId) -> None:
        """Only one process of this node id is left, and it is connected: it is the one whose stream is open.

        Whatever that has shown, no ended stream of the proxy obliges for: it is of this process, or of none any more.
        """
        for living in [record for record in self.of_proxy.get(proxy, {}).values() if record.ended is None]:
            for type_url in living.expected or ():
                kin = [other for other in self._kin(living) if other is not living and other.expects(type_url)]
                if any(other.ended is None for other in kin):
                    continue  # a parent may be given more time; and either may be the process of an ended stream
                if living.answered or type_url in living.interests:
                    for past in kin:
                        self.retire(past, type_url)

    def _kin(self, record: StreamRecord) -> list[StreamRecord]:
        """The streams of the record's party, itself too."""
        return [other for other in self.of_proxy.get(record.proxy, {}).values() if record.is_kin(other)]

    def _succeed(self, record: StreamRecord, type_url: TypeUrl) -> None:
        """Ended streams whose processes are all back, on later streams that have shown the type, oblige no more."""
        records = [other for other in self._kin(record) if other.expects(type_url)]
        living = [other for other in records if other.ended is None]
        heirs = [other for other in living if type_url in other.interests]
        replacing = {stream: heir for heir in heirs for stream in self._replaced_by(heir)}
        for past in [past for past in records if past.id in replacing and past.ended is not None]:
            replacing[past.id].replaces |= past.replaces
            self.retire(past, type_url)
        # Also those that never asked for it: which process a stream was of can only be told when all of them are back.
        ended = [past for past in records if past.ended is not None and past.id not in replacing]
        if not any(past.obliged(type_url) for past in ended):
            return
        last_end = max(past.ended_order for past in ended)
        returned = [other for other in living if other.opened_order > last_end]
        shown = [other for other in returned if type_url in other.interests]
        obliged = [past for past in ended if past.obliged(type_url)]
        if len(returned) < processes(ended) or len(shown) < processes(obliged):
            return
        for past in obliged:
            if len(returned) == 1:
                returned[0].replaces |= past.replaces
            self.retire(past, type_url)
        for heir in returned:
            heir.booted_again = heir.booted_again or not heir.claims_anything

    def _left_behind(self, record: StreamRecord, type_url: TypeUrl) -> list[StreamRecord]:
        """The ended streams of the process that is back on this stream; none where that can't be told."""
        ended = [past for past in self._kin(record) if past.ended is not None and past.expects(type_url)]
        known = self._replaced_by(record)
        replaced = [past for past in ended if past.id in known]
        others = [past for past in ended if past not in replaced]
        before = [past for past in others if past.ended_order < record.opened_order]
        back = replaced + before if not others or processes(others) == 1 else replaced
        return [past for past in back if past.obliged(type_url)]

    def _replaced_by(self, record: StreamRecord) -> set[StreamId]:
        """The streams that the record's process had before, and that were still open then: one after the other."""
        found: set[StreamId] = set()
        new = set(record.replaces)
        while new:
            found |= new
            new = {s for stream in new if stream in self.streams for s in self.streams[stream].replaces} - found
        return found

    def _supersede(self, record: StreamRecord, now: float) -> None:
        if record.superseded_at is None:
            record.superseded_at = now
            self._superseded.add(record.id)

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
        self._superseded.discard(record.id)
        self.released.discard(record.id)
        self.views[record.view] -= 1
        if not self.views[record.view]:
            del self.views[record.view]
        streams = self.of_proxy[record.proxy]
        del streams[record.id]
        if not streams:
            del self.of_proxy[record.proxy]
