"""The state-of-the-world variant of a subscription (rules 15 to 20)."""

from sys import intern

from ledger.ids import Nonce
from ledger.stream_record import Inheritance
from protos.discovery_pb2 import DiscoveryRequest
from xds.protocol.name_limits import WILDCARD
from xds.protocol.subscription import Subscription
from xds.resource import FullSet, Resource, version_of
from xds.types import FULL_SET
from xds.wire import embedded, text

# Field numbers of envoy.service.discovery.v3.DiscoveryResponse and of core.v3.ControlPlane.
_VERSION_INFO, _TYPE_URL, _NONCE, _CONTROL_PLANE = 1, 4, 5, 6
_IDENTIFIER = 1


class SotwSubscription(Subscription):
    """One type on one SotW stream."""

    _last_set: FullSet | None = None

    def begin(self, request: DiscoveryRequest, inherited: Inheritance, now: float) -> None:
        """The first request of the type.

        Whatever version it names, all that it asks for is sent: that answers it (rule 5), and a claim would credit
        nothing. A version shows that the proxy holds something, of which only its ACK will tell what.
        """
        names, wildcard = self._asked(request)
        deliveries = self._world.deliveries
        deliveries.set_wildcard(self.interest, wildcard)
        deliveries.subscribe(self.interest, names)
        if wildcard:
            # It does not list what it holds: what it has not been told to be gone is owed as well.
            served = self._world.snapshot.names(self._view, self.type_url)
            names = names.union(served, self._perhaps_held(inherited), inherited.behind)
        for name in names:
            tainted = name in inherited.tainted
            relic = inherited.relics and (tainted or bool(request.version_info))
            self._owe(name, now, relic=relic, tainted=tainted)

    def receive(self, request: DiscoveryRequest, now: float) -> None:
        """A later request: an answer to a response, a change of names, or both."""
        sent = self.outstanding
        if sent is not None and request.response_nonce == sent.nonce:
            if request.HasField("error_detail"):  # rule 4
                self._reject(request.error_detail.message, request.version_info == sent.version)
            elif request.version_info == sent.version:  # rule 20
                self._accept(now)
        elif not request.response_nonce:
            self.answer_due = True  # it starts over, and so is given everything
            for name in self.interest.names:
                self._owe(name, now, known=True)
        names, wildcard = self._asked(request)
        asked = self.interest.names
        if names != asked or wildcard != self.interest.wildcard:
            self._rename(names - asked, asked - names, wildcard, now)  # rule 15: also under a stale nonce

    def _asked(self, request: DiscoveryRequest) -> tuple[set[str], bool]:
        names = set(map(intern, request.resource_names))
        if self.type_url not in FULL_SET:
            return names - {WILDCARD}, False
        self._explicit = self._explicit or bool(names)
        return names - {WILDCARD}, WILDCARD in names or not self._explicit  # rule 17

    @property
    def _can_split(self) -> bool:
        return self.type_url not in FULL_SET

    def next_response(self, nonce: Nonce, may_remove: bool, now: float) -> tuple[bytes, list[str]] | None:
        """The response to send now, and which resources in it are new or changed; None if there is nothing to send."""
        if self.outstanding is not None or not (self.interest.unsent or self.answer_due):
            return None
        if self.type_url in FULL_SET:
            return self._next_full_set(nonce, may_remove, now)
        resources, _ = self._batch(may_remove)
        names = [resource.name.name for resource in resources]
        version = version_of(resources)
        self._sent(nonce, version, names, now)
        return _encode(self._world.identifier, self.type_url, nonce, version, resources), names

    def _next_full_set(self, nonce: Nonce, may_remove: bool, now: float) -> tuple[bytes, list[str]] | None:
        wanted = self._wanted()
        fresh = [name for name in self.interest.unsent if name in wanted.resources]
        gone = [name for name in self.interest.unsent if name not in wanted.resources]
        if gone and not may_remove:
            # Rule 7: removals come last, and leaving a resource out removes it; so it stays in for now.
            last = self._last_set.resources if self._last_set is not None else {}
            kept = {name: last[name] for name in gone if name in last}
            if kept and not fresh and not self.answer_due:
                return None
            if kept:
                wanted = FullSet({**wanted.resources, **kept})
        self._last_set = wanted
        resources = [wanted.resources[name] for name in sorted(wanted.resources)]
        settled = [name for name in wanted.resources if name not in self.interest.unsent or name in fresh]
        # Whatever is left out is gone with this set, also what went with an earlier one that was rejected.
        settled += [name for name in self.interest.behind if name not in wanted.resources]
        self._sent(nonce, wanted.version, settled, now)
        return _encode(self._world.identifier, self.type_url, nonce, wanted.version, resources), fresh

    def _wanted(self) -> FullSet:
        everything = FullSet({})
        if self.interest.wildcard:
            everything = self._world.snapshot.full_set(self._view, self.type_url)
        named = {name: found for name in self.interest.names if (found := self._resource(name)) is not None}
        if named.keys() <= everything.resources.keys():
            return everything
        return FullSet({**everything.resources, **named})


def _encode(identifier: str, type_url: str, nonce: str, version: str, resources: list[Resource]) -> bytes:
    return b"".join(
        (
            text(_VERSION_INFO, version),
            *(resource.any_field for resource in resources),
            text(_TYPE_URL, type_url),
            embedded(_CONTROL_PLANE, text(_IDENTIFIER, identifier)),  # rule 12
            text(_NONCE, nonce),
        )
    )
