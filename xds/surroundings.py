"""What receipts must know that deliveries do not (`ledger.receipts.Surroundings`)."""

from collections.abc import Callable, Mapping

from ledger.ids import ObjectKey, ResourceName
from xds.index.index import Index
from xds.index.remarks import obstacles
from xds.naming import by_wildcard

Concerns = Callable[[ObjectKey], bool]


class Surroundings:
    """What can't be known now, and what ACKs say nothing of."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self.loading = True
        self.settles_at: float | None = None
        """Until when it is not known which proxies there are."""
        self._troubles: dict[str, str] = {}
        self._concerns: dict[str, Concerns | None] = {}

    @property
    def troubles(self) -> Mapping[str, str]:
        """The sources that can't tell what is so, and why."""
        return self._troubles

    def trouble(self, source: str, what: str | None, concerns: Concerns | None) -> None:
        """See `Plane.trouble`."""
        if what is None:
            self._troubles.pop(source, None)
        else:
            self._troubles[source], self._concerns[source] = what, concerns

    def settled(self, now: float) -> bool:
        """Whether it is known from now on which proxies there are, and was not before."""
        if self.settles_at is None or now < self.settles_at:
            return False
        self.settles_at = None
        return True

    def unknowns(self, key: ObjectKey | None = None) -> list[str]:
        """What could not be asked about the object, each as a sentence; without one, about every object."""
        if self.loading:
            return ["the control plane is still loading"]
        unknown = []
        for source, what in sorted(self._troubles.items()):
            concerns = self._concerns[source]
            if concerns is None or (key is not None and concerns(key)):
                unknown.append(f"{source}: {what}")
        if self.settles_at is not None:
            unknown.append("the control plane has just started, and does not know yet which proxies there are")
        return unknown

    def obstacles(self, key: ObjectKey) -> list[str]:
        """Why proxies use the object although they ACKed what says not to (Envoy's panic mode)."""
        return obstacles(self._index, key)

    def by_wildcard(self, resource: ResourceName) -> bool:
        """Whether wildcard subscriptions cover the resource."""
        return by_wildcard(resource)
