"""What SotW and delta have in common: one type on one stream."""

from collections.abc import Iterable, Set
from dataclasses import dataclass
from functools import partial

from ledger.ids import NEVER, Nonce, ResourceName, Revision, TypeUrl
from ledger.interest import Interest
from ledger.stream_record import Inheritance, StreamRecord
from xds.naming import by_wildcard
from xds.protocol.name_limits import check_number, most_names
from xds.protocol.world import World
from xds.resource import Resource
from xds.types import CHILD, FULL_SET, PARENT, VANISHES_AS_EMPTY
from xds.view import View

RESPONSE_BYTES = 2 * 1024 * 1024
"""A response that may be split (all but SotW's full sets) is, at this size: gRPC clients refuse messages over 4 MiB."""

MAX_NACK_TEXT = 4096
"""Characters kept of a proxy's reason for a NACK; Envoy names every resource that it rejects in it."""

MAX_AMBIGUOUS_NACKS = 3
"""How often in a row a NACK that names the new version has the same content sent again (rule 30)."""


@dataclass(frozen=True, slots=True)
class Outstanding:
    """The response that is not answered yet (rule 13: there is at most one).

    names: the resources that it settles, those that it says are gone too. built: the revision it was built at. moment:
    see `ledger.succession`.
    """

    nonce: Nonce
    version: str
    names: tuple[str, ...]
    built: Revision
    sent_at: float
    moment: int


class Subscription:
    """One type on one stream. `interest` holds what is asked for and what is behind; this holds the rest."""

    def __init__(self, world: World, record: StreamRecord, view: View, interest: Interest) -> None:
        self._world = world
        self.record = record
        self._view = view
        self.interest = interest
        self.type_url: TypeUrl = interest.type_url
        self.outstanding: Outstanding | None = None
        self.answer_due = True  # rule 5: the first request is always answered
        self.stale = False
        self.acked_version = ""
        self.acked_at = 0.0
        self.last_error = ""
        self._explicit = False
        self._ambiguous_nacks = 0

    # What is asked for

    def _rename(self, added: Set[str], dropped: Set[str], wildcard: bool, now: float) -> None:
        """Changes what is asked for. What is newly asked for is owed; what no longer is, is given up.

        Args:
            added: names that were not asked for.
            dropped: names that were.
        """
        deliveries, interest = self._world.deliveries, self.interest
        check_number(len(interest.names) + len(added) - len(dropped), self.type_url, most_names(self._world))
        was_wildcard = interest.wildcard
        if wildcard != was_wildcard:
            deliveries.set_wildcard(interest, wildcard)
        deliveries.subscribe(interest, added)
        for name in added:
            covered = was_wildcard and by_wildcard(ResourceName(self.type_url, name))
            self._owe(name, now, known=covered)
        if wildcard and not was_wildcard:
            for name in self._world.snapshot.names(self._view, self.type_url):
                if name not in interest.names:
                    self._owe(name, now)
        if wildcard:
            for name in dropped:
                deliveries.unname(interest, name)
                self._unnamed(name, now)
        else:
            if was_wildcard:
                dropped = dropped | (interest.behind.keys() | interest.claimed) - interest.names - interest.given_up
            deliveries.give_up(interest, dropped, self._still_used)
            self._release_children()

    def _perhaps_held(self, inherited: Inheritance) -> Set[str]:
        """What the proxy may hold without claiming it, perhaps of names that are gone: parts of responses it rejected.

        The rejection itself may have been lost, with the stream or with an earlier process of the control plane.
        """
        names = inherited.tainted | inherited.doubtful
        if inherited.relics:
            names |= {r.name for r in self._world.catalogue if r.type_url == self.type_url}
        return names

    def _owe(self, name: str, now: float, *, known: bool = False, relic: bool = False, tainted: bool = False) -> None:
        """Has the resource sent. `known`: the stream was kept up to date on it until now."""
        revision = self._world.revision
        held = None if known else NEVER
        self._world.deliveries.owe(self.interest, name, revision, now, held=held, relic=relic, tainted=tainted)

    def send_again(self, names: Iterable[str], now: float) -> None:
        """Rule 8: a cluster (or listener) that was sent waits for what it names, even if that is unchanged."""
        for name in names:
            if name in self.interest.names:
                self._owe(name, now, known=True)

    def _unnamed(self, name: str, now: float) -> None:
        """A name was given up that the wildcard goes on covering."""

    def _in_use(self, record: StreamRecord, child: TypeUrl, name: str) -> bool:
        """Whether a stream's proxy may go on using what it has of a name that the stream asks for no longer (rule 26).

        Clusters and listeners a proxy drops when it gives them up. A load assignment is used for as long as the cluster
        of its name is not known to be gone; likewise a RouteConfiguration and its listener. Where another stream of the
        proxy asks for the clusters, that one tells.
        """
        parent = PARENT.get(child)
        if parent is None:
            return False
        streams = [record] if parent in record.interests else self._world.deliveries.of_proxy[record.proxy].values()
        for stream in streams:
            interest = stream.interests.get(parent)
            if interest is None:
                continue
            if name in interest.behind or name in interest.claimed:
                return True
            asked = interest.wildcard or name in interest.names
            if asked and self._world.snapshot.uses(self._view, ResourceName(child, name)):
                return True
        return False

    def _still_used(self, name: str) -> bool:
        return self._in_use(self.record, self.type_url, name)

    # What is answered

    def _accept(self, now: float) -> None:
        """The outstanding response was ACKed."""
        sent = self.outstanding
        assert sent is not None
        self.outstanding = None
        self.stale = False
        self.acked_version, self.acked_at = sent.version, now
        self.last_error = ""
        self._ambiguous_nacks = 0
        self._world.traffic.acked[self.type_url] += 1
        self._world.deliveries.acked(self.interest, sent.names, sent.built)
        self._world.deliveries.answered(self.record, sent.moment)
        self._let_go_of_children()

    def _reject(self, text: str, says_new_version: bool) -> None:
        """The outstanding response was NACKed.

        Every resource in it is tainted (rule 31) and sent again by itself, until one by itself is rejected: that one
        waits for its next change (rule 6). A SotW full set can't be taken apart, and waits as a whole. A NACK naming
        the new version may be the late echo of an earlier one: the same is sent again (rule 30).
        """
        sent = self.outstanding
        assert sent is not None
        text = text[:MAX_NACK_TEXT]
        self.outstanding = None
        self.stale = False
        self.last_error = text or "rejected without a reason"
        self._ambiguous_nacks = self._ambiguous_nacks + 1 if says_new_version else 0
        again = self._can_split and len(sent.names) > 1
        again = again or 0 < self._ambiguous_nacks <= MAX_AMBIGUOUS_NACKS
        self._world.traffic.nacked[self.type_url] += 1
        self._world.deliveries.nacked(self.interest, sent.names, text, again)
        self._world.deliveries.answered(self.record, sent.moment)

    @property
    def _can_split(self) -> bool:
        return True

    def _let_go_of_children(self) -> None:
        """After an ACK of clusters: load assignments that were given up, and are used by none, oblige no more."""
        self._release_children()
        child = CHILD.get(self.type_url)
        if child is None:
            return
        if not self.interest.behind and not self._world.snapshot.uses_any(self._view, child):
            # A restarted proxy whose clusters need no load assignments will never ask for any.
            self._world.deliveries.outgrown(self.record, child)

    def _release_children(self) -> None:
        child = CHILD.get(self.type_url)
        if child is None:
            return
        deliveries = self._world.deliveries
        for record in list(deliveries.of_proxy[self.record.proxy].values()):
            interest = record.interests.get(child)
            if interest is not None and interest.given_up:
                deliveries.release(interest, partial(self._in_use, record, child))

    # What is to be sent

    @property
    def making(self) -> bool:
        """Whether something new of this type is on its way, on which later types may depend (rule 7)."""
        if self.outstanding is None and not self.interest.unsent:
            return False
        return any(
            progress.fresh and not progress.nack and not self._is_removal(name)
            for name, progress in self.interest.behind.items()
        )

    @property
    def settled(self) -> bool:
        """Whether nothing is on its way."""
        return self.outstanding is None and not self.interest.unsent

    @property
    def updating(self) -> bool:
        """Whether something that exists waits to be sent."""
        return any(not self._is_removal(name) for name in self.interest.unsent)

    def _is_asked(self, name: str) -> bool:
        interest = self.interest
        return name in interest.names or (interest.wildcard and by_wildcard(ResourceName(self.type_url, name)))

    def _is_removal(self, name: str) -> bool:
        return self.type_url in FULL_SET and self._resource(name) is None

    def _resource(self, name: str) -> Resource | None:
        resource = ResourceName(self.type_url, name)
        if self.type_url in FULL_SET and not self._is_asked(name):
            return None
        if self.type_url in VANISHES_AS_EMPTY:
            return self._world.snapshot.get_or_empty(self._view, resource)
        return self._world.snapshot.get(self._view, resource)

    def _batch(self, may_remove: bool) -> tuple[list[Resource], list[str]]:
        """What goes into the next response, where a type can be sent in parts: resources, and names that are gone.

        A tainted resource goes alone, after all others (rule 31).
        """
        behind = self.interest.behind
        unsent = sorted(self.interest.unsent)
        together = [name for name in unsent if not behind[name].alone]
        alone = [name for name in unsent if behind[name].alone]
        resources: list[Resource] = []
        removed: list[str] = []
        for names in (together, alone):
            size = 0
            for name in names:
                resource = self._resource(name)
                if resource is not None:
                    resources.append(resource)
                    size += len(resource.any_field)
                elif may_remove:
                    removed.append(name)
                if size >= RESPONSE_BYTES or (names is alone and (resources or removed)):
                    break
            if resources or removed:
                break
        return resources, removed

    def _sent(self, nonce: Nonce, version: str, names: Iterable[str], now: float) -> None:
        names = tuple(names)
        moment = self._world.deliveries.moment
        self.outstanding = Outstanding(nonce, version, names, self._world.revision, now, moment)
        self.answer_due = False
        self._world.traffic.sent[self.type_url] += 1
        self._world.deliveries.sent(self.interest, names, self._world.revision, now)
