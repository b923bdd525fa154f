"""Deliveries: which stream is behind on which resource.

Cost follows what is in flight: a stream that has ACKed the newest form of a resource has no entry.
"""

from collections.abc import Hashable, Iterable
from typing import NamedTuple

from ledger.ids import NEVER, ResourceName, Revision, StreamId, TypeUrl
from ledger.interest import Interest, Progress
from ledger.lag import Lag, Wake
from ledger.stream_record import StreamRecord
from ledger.subscribers import Subscribers


class ResourceChange(NamedTuple):
    """A resource has a new form (or is gone, or has come to be).

    views: the views in which it changed; None for all. wildcard: whether wildcard subscriptions cover it. appears: it
    was not there before.
    """

    name: ResourceName
    views: frozenset[Hashable] | None
    wildcard: bool
    appears: bool = False


class Deliveries(Subscribers):
    """Both sides of every delivery: by stream (`Interest`) and by resource (`Lag`)."""

    def __init__(self) -> None:
        super().__init__()
        self._claimants: dict[TypeUrl, set[StreamId]] = {}
        self._lags: dict[ResourceName, Lag] = {}
        self._due: list[Wake] = []

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
                for name in interest.behind:
                    lag = self._lags[ResourceName(interest.type_url, name)]
                    lag.exempt(record.id)
                    self._due.extend(lag.due())
        return bool(overdue)

    def _absorb_interest(self, record: StreamRecord, interest: Interest) -> None:
        super()._absorb_interest(record, interest)
        own = record.interests[interest.type_url]
        for name, progress in interest.behind.items():
            self._absorb_progress(own, name, progress)
        own.rejected |= interest.rejected
        own.doubtful |= interest.doubtful
        self.claim(own, interest.claimed - own.behind.keys())

    def _absorb_progress(self, interest: Interest, name: str, progress: Progress) -> None:
        before = interest.behind.get(name)
        held = progress.held if before is None else min(progress.held, before.held)
        self.owe(interest, name, progress.need, progress.since, held=held, relic=progress.relic)
        own = interest.behind[name]
        own.nack = own.nack or progress.nack
        if own.held > held:
            lag = self._lags[ResourceName(interest.type_url, name)]
            lag.remove(interest.stream)
            own.held = held
            lag.add(interest.stream, own, exempt=interest.stream in self.released)

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
            self._forget_claims(interest, [name])
            resource = ResourceName(interest.type_url, name)
            progress = Progress(revision, held, now, relic=relic, fresh=held == NEVER)
            interest.behind[name] = progress
            lag = self._lags.get(resource)
            if lag is None:
                lag = self._lags[resource] = Lag()
            lag.add(interest.stream, progress, exempt=interest.stream in self.released)
            if relic:
                self.relics.add((interest.stream, resource))
        else:
            progress.need = max(progress.need, revision)
        if tainted:
            self._taint(interest, name, progress, "may have been rejected on an earlier stream")
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
            progress.fresh = False
            progress.nack = ""
            progress.alone = False
            self._untaint(interest, name)
            resource = ResourceName(interest.type_url, name)
            if progress.relic:
                progress.relic = False
                self.relics.discard((interest.stream, resource))
            if built >= progress.need and name not in interest.unsent:
                self._settle(interest, name)
            else:  # it changed since, or is to be sent again (rule 8)
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
        interest.rejected.add(name)
        self.retainted.add(self.streams[interest.stream].proxy)

    def _untaint(self, interest: Interest, name: str) -> None:
        if name in interest.rejected or name in interest.doubtful:
            interest.rejected.discard(name)
            interest.doubtful.discard(name)
            self.retainted.add(self.streams[interest.stream].proxy)

    def _settle(self, interest: Interest, name: str) -> None:
        progress = interest.behind.pop(name)
        interest.unsent.discard(name)
        self._untaint(interest, name)
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

    @property
    def remembered(self) -> int:
        """How many resources are asked for by name, or how many somebody is behind on: whichever is more."""
        return max(len(self._subscribers), len(self._lags))

    # What receipts ask

    def lag(self, resource: ResourceName) -> Lag | None:
        """Who is behind on the resource; None if nobody is."""
        return self._lags.get(resource)

    def lagging(self) -> list[ResourceName]:
        """The resources that somebody is behind on."""
        return [resource for resource, lag in self._lags.items() if lag.progress]

    def reached(self, resource: ResourceName, revision: Revision) -> bool:
        """Whether every obliged stream holds the resource in a form built at `revision` or later, or says so."""
        lag = self._lags.get(resource)
        return lag is None or lag.reached(revision)

    def let_go(self, resource: ResourceName, revision: Revision) -> bool:
        """Whether every obliged stream, also those that nobody waits for, holds a form built at `revision` or later."""
        lag = self._lags.get(resource)
        return (lag is None or lag.held_by_all(revision)) and not self.claimants(resource)

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
