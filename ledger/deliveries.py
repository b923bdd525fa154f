"""Deliveries: which stream is behind on which resource.

Cost follows what is in flight: a stream that has ACKed the newest form of a resource has no entry.
"""

from collections.abc import Hashable, Iterable
from typing import NamedTuple

from ledger.ids import NEVER, ResourceName, Revision, StreamId
from ledger.interest import Interest, Progress
from ledger.lag import Lag
from ledger.lags import Lags
from ledger.sparse import having, lacking
from ledger.stream_record import StreamRecord


class ResourceChange(NamedTuple):
    """A resource has a new form (or is gone, or has come to be).

    views: the views in which it changed; None for all. wildcard: whether wildcard subscriptions cover it. appears: it
    was not there before.
    """

    name: ResourceName
    views: frozenset[Hashable] | None
    wildcard: bool
    appears: bool = False


class Deliveries(Lags):
    """Both sides of every delivery: by stream (`Interest`) and by resource (`Lag`)."""

    def _drop_interest(self, record: StreamRecord, interest: Interest) -> None:
        super()._drop_interest(record, interest)
        for name in list(interest.behind):
            self._settle(interest, name)
        self._forget_claims(interest, list(interest.claimed))

    def release_absent(self, ended_before: float) -> bool:
        """Nobody waits any longer for streams that ended before then; they are on record all the same.

        Returns:
            Whether there are such streams that were waited for until now.
        """
        overdue = [r for r in self.streams.values() if r.ended is not None and r.ended <= ended_before]
        overdue = [record for record in overdue if record.id not in self.released]
        for record in overdue:
            self.released.add(record.id)
            for interest in record.interests.values():
                lags = self._lags[interest.type_url]
                for name in interest.behind:
                    lag = lags[name]
                    lag.exempt(record.id)
                    self._due.extend(lag.due())
        return bool(overdue)

    def _absorb_interest(self, record: StreamRecord, interest: Interest) -> None:
        super()._absorb_interest(record, interest)
        own = record.interests[interest.type_url]
        for name in interest.behind:
            self._take_over(own, interest, name)
        interest.behind.clear()
        interest.unsent.clear()
        own.rejected = having(own.rejected, interest.rejected)
        own.doubtful = having(own.doubtful, interest.doubtful)
        for name in interest.claimed & own.behind.keys():
            self._lower_held(own, name, NEVER)
        self.claim(own, interest.claimed - own.behind.keys())

    def _take_over(self, own: Interest, past: Interest, name: str) -> None:
        """What another stream is behind on, this one is instead: of both, on the older form. Nobody is woken by it."""
        progress, mine = past.behind[name], own.behind.get(name)
        lag = self._lags[own.type_url][name]
        lag.remove(past.stream)
        if mine is None:
            own.behind[name] = progress
            lag.add(own.stream, progress, exempt=own.stream in self.released)
            if name in own.claimed:  # which credits nothing
                self._forget_claims(own, [name])
                self._lower_held(own, name, NEVER)
        else:
            mine.need = max(mine.need, progress.need)
            mine.nack = mine.nack or progress.nack
            mine.relic = mine.relic or progress.relic
            self._lower_held(own, name, progress.held)
        if progress.relic:
            resource = ResourceName(own.type_url, name)
            self.relics.discard((past.stream, resource))
            self.relics.add((own.stream, resource))

    def _lower_held(self, interest: Interest, name: str, held: Revision) -> None:
        progress = interest.behind[name]
        if held < progress.held:
            lag = self._lags[interest.type_url][name]
            lag.remove(interest.stream)
            progress.held = held
            lag.add(interest.stream, progress, exempt=interest.stream in self.released)

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
        for resource, views, wildcard, appears in changes:
            for stream in self.audience(resource, wildcard):
                record = streams[stream]
                if views is None or record.view in views:
                    interest = record.interests[resource.type_url]
                    held = NEVER if resource.name in interest.claimed else since
                    self.owe(interest, resource.name, revision, now, held=held)
                    if appears:
                        interest.behind[resource.name].fresh = True
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
        tainted: bool = False,
    ) -> None:
        """The stream must be sent the resource, in a form built at `revision` or later.

        Args:
            held: what the proxy is known to hold; None: if it was not behind before, the form before this revision.
            relic: the proxy may hold a form from before this process started.
            tainted: the proxy rejected it on an earlier stream.
        """
        progress = interest.behind.get(name)
        if progress is None:
            if held is None:
                held = NEVER if name in interest.claimed else revision
            if interest.claimed:
                self._forget_claims(interest, [name])
            progress = Progress(revision, held, now, fresh=held == NEVER)
            interest.behind[name] = progress
            lags = self._lags[interest.type_url]
            lag = lags.get(name)
            if lag is None:
                lag = lags[name] = Lag()
            lag.add(interest.stream, progress, exempt=interest.stream in self.released)
        else:
            progress.need = max(progress.need, revision)
        if relic:
            progress.relic = True
            self.relics.add((interest.stream, ResourceName(interest.type_url, name)))
        if tainted:
            self._taint(interest, name, progress, "may have been rejected on an earlier stream")
        if name not in interest.given_up:
            interest.unsent.add(name)

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
            if interest.claimed:
                self._forget_claims(interest, [name])
            progress = interest.behind.get(name)
            if progress is None:
                continue
            progress.sent = NEVER
            progress.fresh = False
            progress.nack = ""
            progress.alone = False
            self._untaint(interest, name)
            if progress.relic:
                progress.relic = False
                self.relics.discard((interest.stream, ResourceName(interest.type_url, name)))
            if built >= progress.need and name not in interest.unsent:
                self._settle(interest, name)
            else:  # it changed since, or is to be sent again (rule 8)
                lag = self._lags[interest.type_url][name]
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
                self._taint(interest, name, progress, text or "rejected without a reason")
                if again and name not in interest.given_up:
                    interest.unsent.add(name)

    def _let_go(self, interest: Interest, name: str) -> None:
        super()._let_go(interest, name)
        self._forget_claims(interest, [name])
        if name in interest.behind:
            self._settle(interest, name)

    def _taint(self, interest: Interest, name: str, progress: Progress, text: str) -> None:
        progress.nack = text
        progress.alone = True
        interest.rejected = having(interest.rejected, {name})
        self.retainted.add(self.streams[interest.stream].proxy)

    def _untaint(self, interest: Interest, name: str) -> None:
        if name in interest.rejected or name in interest.doubtful:
            interest.rejected = lacking(interest.rejected, (name,))
            interest.doubtful = lacking(interest.doubtful, (name,))
            self.retainted.add(self.streams[interest.stream].proxy)

    def _settle(self, interest: Interest, name: str) -> None:
        progress = interest.behind.pop(name)
        interest.unsent.discard(name)
        if not interest.behind:  # most of the time; what it once took is given back
            interest.behind.clear()
            interest.unsent.clear()
        self._untaint(interest, name)
        if progress.relic:
            self.relics.discard((interest.stream, ResourceName(interest.type_url, name)))
        lags = self._lags[interest.type_url]
        lag = lags[name]
        lag.remove(interest.stream)
        self._due.extend(lag.due())
        if lag.idle:
            del lags[name]
