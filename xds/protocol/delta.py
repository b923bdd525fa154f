"""The incremental (delta) variant of a subscription (rules 21 to 25)."""

from collections.abc import Set

from ledger.ids import Nonce
from ledger.stream_record import Inheritance
from xds.protocol.delta_request import DeltaRequest
from xds.protocol.name_limits import WILDCARD
from xds.protocol.subscription import Subscription
from xds.resource import Resource
from xds.types import FULL_SET, PARENT
from xds.wire import embedded, text

# Field numbers of envoy.service.discovery.v3.DeltaDiscoveryResponse and of core.v3.ControlPlane.
_SYSTEM_VERSION_INFO, _TYPE_URL, _NONCE, _REMOVED_RESOURCES, _CONTROL_PLANE = 1, 4, 5, 6, 7
_IDENTIFIER = 1

ROOT_PREFIX = 12
"""Digits of the root that responses show: enough to tell states apart, short enough to read."""


class DeltaSubscription(Subscription):
    """One type on one delta stream."""

    def begin(self, request: DeltaRequest, inherited: Inheritance, now: float) -> None:
        """The first request of the type (rule 23): what differs from what the proxy says it holds is owed; the rest is
        claimed."""
        asked = request.subscribed
        wildcard = self.type_url in FULL_SET and (not asked or WILDCARD in asked)
        refused = request.unsubscribed | {WILDCARD}
        names: Set[str] = asked if asked.isdisjoint(refused) else asked - refused
        held = request.held
        snapshot, deliveries = self._world.snapshot, self._world.deliveries
        deliveries.set_wildcard(self.interest, wildcard)
        deliveries.subscribe(self.interest, names)
        newest = snapshot.versions(self._view, self.type_url)
        if wildcard:
            names = {*names, *newest, *held, *self._perhaps_held(inherited)}
        unsure = inherited.tainted | inherited.doubtful | self._awaited()
        # There may be thousands, of a thousand proxies at once: most of them are looked at together.
        claimed = request.current(newest)
        if unsure or not claimed <= names:
            claimed = (claimed & names) - unsure
        others: set[str] = set()
        for name in names - claimed:
            if name not in unsure and name in held and self._is_newest(name, held[name]):
                others.add(name)
            else:
                tainted = name in inherited.tainted
                self._owe(name, now, relic=inherited.relics and (tainted or bool(held)), tainted=tainted)
        if others:
            claimed = claimed | others
        deliveries.claim(self.interest, claimed)

    def receive(self, request: DeltaRequest, now: float) -> None:
        """A later request: an answer to a response, a change of names (rule 21: under any nonce), or both."""
        sent = self.outstanding
        if sent is not None and request.nonce == sent.nonce:
            if request.error is not None:  # rule 4
                self._reject(request.error, says_new_version=False)
            else:
                self._accept(now)
        subscribed, unsubscribed = request.subscribed, request.unsubscribed
        if not subscribed and not unsubscribed:
            return
        wildcard = self.interest.wildcard
        if self.type_url in FULL_SET:
            if WILDCARD in unsubscribed:
                wildcard = False
            if WILDCARD in subscribed:
                wildcard = True
        subscribed -= {WILDCARD}
        asked = self.interest.names
        again = (subscribed & asked) - self.interest.unsent
        self._rename(subscribed - asked, (asked & unsubscribed) - subscribed, wildcard, now)
        for name in again:
            self._owe(name, now, known=True)  # rule 22

    def _unnamed(self, name: str, now: float) -> None:
        self._owe(name, now, known=True)  # rule 22: answered with the resource, or its removal

    def _is_newest(self, name: str, version: str) -> bool:
        resource = self._resource(name)
        return resource is not None and resource.version == version

    def _awaited(self) -> set[str]:
        """Those of which a cluster (or listener) is on its way, and waits for them (rule 8)."""
        parent = PARENT.get(self.type_url)
        interest = self.record.interests.get(parent) if parent is not None else None
        return {name for name, progress in interest.behind.items() if progress.sent} if interest is not None else set()

    def next_response(self, nonce: Nonce, may_remove: bool, now: float) -> tuple[bytes, list[str]] | None:
        """The response to send now, and which resources are in it; None if there is nothing to send."""
        if self.outstanding is not None or not (self.interest.unsent or self.answer_due):
            return None
        resources, removed = self._batch(may_remove)
        if not resources and not removed and not self.answer_due:
            return None
        version = self._world.root[:ROOT_PREFIX]
        names = [resource.name.name for resource in resources]
        self._sent(nonce, version, [*names, *removed], now)
        return self._encode(version, resources, removed) + text(_NONCE, nonce), names

    def _encode(self, version: str, resources: list[Resource], removed: list[str]) -> bytes:
        """All but the nonce: that is what many streams are sent in turn."""
        last = self._world.last_encoded.get(self.type_url)
        if last is not None and last[:3] == (version, resources, removed):
            return last[3]
        encoded = _encode(self._world.identifier, self.type_url, version, resources, removed)
        self._world.last_encoded[self.type_url] = version, resources, removed, encoded
        return encoded


def _encode(identifier: str, type_url: str, version: str, resources: list[Resource], removed: list[str]) -> bytes:
    parts = [text(_SYSTEM_VERSION_INFO, version)]  # rule 12
    for resource in resources:
        parts += resource.delta_parts()
    parts.append(text(_TYPE_URL, type_url))
    parts += [embedded(_REMOVED_RESOURCES, name.encode()) for name in removed]
    parts.append(embedded(_CONTROL_PLANE, text(_IDENTIFIER, identifier)))  # rule 12
    return b"".join(parts)
