"""The endpoints of one service port, kept encoded one by one."""

from bisect import insort
from dataclasses import dataclass
from typing import NamedTuple

from ledger.ids import ObjectKey
from xds.index.chunks import Chunks


class MemberKey(NamedTuple):
    """Names an endpoint by the object that gives it, never by its address: two objects may share one.

    `position` is that of an inline endpoint in its ServiceEntry; -1 for a WorkloadEntry.
    """

    key: ObjectKey
    position: int = -1


@dataclass(frozen=True, slots=True)
class Member:
    """One endpoint. `chunk` is its encoded form."""

    key: MemberKey
    address: str
    port: int
    locality: str
    weight: int
    draining: bool
    chunk: bytes

    @property
    def rank(self) -> tuple[bool, MemberKey]:
        """Of the members with one address and port, the one of least rank is sent; one that is not draining first."""
        return self.draining, self.key


@dataclass(slots=True)
class LocalityGroup:
    """The members of one locality that are sent; the sum of their weights."""

    chunks: Chunks[MemberKey]
    weight: int


class EndpointSet:
    """The endpoints of one service port.

    Adding or removing one leaves the others as they are encoded. Endpoints are unique by address and port within the
    set, since gRPC refuses duplicates (rule 32): of several, one is sent.
    """

    __slots__ = ("_by_address", "_members", "draining", "groups")

    def __init__(self) -> None:
        self._members: dict[MemberKey, Member] = {}
        self._by_address: dict[tuple[str, int], list[Member]] = {}
        self.groups: dict[str, LocalityGroup] = {}
        self.draining = 0

    def __len__(self) -> int:
        """How many endpoints are sent."""
        return len(self._by_address)

    @property
    def all_draining(self) -> bool:
        """Whether there are endpoints, and every one of them is draining."""
        return 0 < self.draining == len(self._by_address)

    def put(self, member: Member) -> bool:
        """Adds a member, or replaces it. Whether it differs from what was there; what is sent may be the same."""
        old = self._members.get(member.key)
        if old == member:
            return False
        if old is not None:
            self._take(old)
        self._members[member.key] = member
        sharing = self._by_address.setdefault((member.address, member.port), [])
        if sharing:
            self._hide(sharing[0])
        insort(sharing, member, key=lambda other: other.rank)
        self._show(sharing[0])
        return True

    def remove(self, key: MemberKey) -> bool:
        """Removes a member. Whether it was there."""
        member = self._members.pop(key, None)
        if member is None:
            return False
        self._take(member)
        return True

    def sharing(self, key: MemberKey) -> list[MemberKey]:
        """The other members with the same address and port."""
        member = self._members.get(key)
        if member is None:
            return []
        return [other.key for other in self._by_address[member.address, member.port] if other.key != key]

    def first(self) -> "EndpointSet":
        """A set of the first endpoint alone; one that is not draining if there is one."""
        alone = EndpointSet()
        shown = [self._members[key] for group in self.groups.values() for key in group.chunks.order]
        for member in sorted(shown, key=lambda member: member.rank)[:1]:
            alone.put(member)
        return alone

    def _take(self, member: Member) -> None:
        address = member.address, member.port
        sharing = self._by_address[address]
        self._hide(sharing[0])
        sharing.remove(member)
        if sharing:
            self._show(sharing[0])
        else:
            del self._by_address[address]

    def _show(self, member: Member) -> None:
        self.draining += member.draining
        group = self.groups.get(member.locality)
        if group is None:
            group = self.groups[member.locality] = LocalityGroup(Chunks(), 0)
        group.chunks.put(member.key, member.chunk)
        group.weight += member.weight

    def _hide(self, member: Member) -> None:
        self.draining -= member.draining
        group = self.groups[member.locality]
        group.chunks.drop(member.key)
        group.weight -= member.weight
        if not group.chunks:
            del self.groups[member.locality]
