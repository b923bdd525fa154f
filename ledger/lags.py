"""Who is behind on each resource, as receipts ask for it."""

from collections import defaultdict
from collections.abc import Iterable

from ledger.ids import ResourceName, Revision, StreamId, TypeUrl
from ledger.interest import Interest
from ledger.lag import Lag
from ledger.sparse import having, lacking
from ledger.subscribers import Subscribers
from ledger.wakes import Wake


class Lags(Subscribers):
    """The other side of every delivery: by resource (`Lag`). And who only claims to hold it."""

    def __init__(self) -> None:
        super().__init__()
        self._claimants: dict[TypeUrl, set[StreamId]] = {}
        self._lags: defaultdict[TypeUrl, dict[str, Lag]] = defaultdict(dict)
        self._due: list[Wake] = []

    @property
    def remembered(self) -> int:
        """How many resources are asked for by name, or how many somebody is behind on: whichever is more."""
        return max(sum(map(len, self._subscribers.values())), sum(map(len, self._lags.values())))

    # Claims

    def claim(self, interest: Interest, names: Iterable[str]) -> None:
        """The proxy says that it holds the newest form of these: nothing is sent, and nothing is credited (rule 23)."""
        interest.claimed = having(interest.claimed, frozenset(names))
        if interest.claimed:
            self._claimants.setdefault(interest.type_url, set()).add(interest.stream)

    def _forget_claims(self, interest: Interest, names: Iterable[str]) -> None:
        if interest.claimed:
            interest.claimed = lacking(interest.claimed, names)
            if not interest.claimed:
                self._claimants[interest.type_url].discard(interest.stream)

    # What receipts ask

    def lag(self, resource: ResourceName) -> Lag | None:
        """Who is behind on the resource; None if nobody is."""
        return self._lags[resource.type_url].get(resource.name)

    def lagging(self) -> list[ResourceName]:
        """The resources that somebody is behind on."""
        return [
            ResourceName(type_url, name)
            for type_url, lags in self._lags.items()
            for name, lag in lags.items()
            if lag.progress
        ]

    def reached(self, resource: ResourceName, revision: Revision) -> bool:
        """Whether every obliged stream holds the resource in a form built at `revision` or later, or says so."""
        lag = self._lags[resource.type_url].get(resource.name)
        return lag is None or lag.reached(revision)

    def let_go(self, resource: ResourceName, revision: Revision) -> bool:
        """Whether every obliged stream, also those that nobody waits for, holds a form built at `revision` or later."""
        lag = self._lags[resource.type_url].get(resource.name)
        return (lag is None or lag.held_by_all(revision)) and not self.claimants(resource)

    def wait(self, resource: ResourceName, revision: Revision, wake: Wake) -> int:
        """Has `wake` handed out by `take_due` once everybody holds a form built at `revision` or later."""
        return self._lags[resource.type_url].setdefault(resource.name, Lag()).wait(revision, wake)

    def forget_wait(self, resource: ResourceName, ticket: int) -> None:
        lag = self._lags[resource.type_url].get(resource.name)
        if lag is not None:
            lag.forget(ticket)
            if lag.idle:
                del self._lags[resource.type_url][resource.name]

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
