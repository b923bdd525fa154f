"""Footprints: which resources each object touches, and since which revision."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from ledger.ids import Generation, ObjectKey, ResourceName, Revision


@dataclass(slots=True)
class Footprint:
    """What a receipt for an object has to look at.

    touched: resource -> the revision at which the object last changed while it contributed to the resource, before or
    after the change. A resource that the object has left stays in here until everybody has let go of it: a proxy may
    route by it still, however often the object changed since. awaited: resources that proxies must have taken before
    they ask for those at all; looked at in the object's newest form only. left_at: of a deleted object its `touched_at`
    before; None if it was used just then whatever proxies had ACKed, or was never there.
    """

    generation: Generation
    revision: Revision
    deleted: bool
    touched: dict[ResourceName, Revision] = field(default_factory=dict)
    awaited: tuple[ResourceName, ...] = ()
    left_at: Revision | None = None

    @property
    def touched_at(self) -> Revision:
        """The revision at which it last changed, or another's change moved it."""
        return max(self.touched.values(), default=self.revision)

    def conditions(self) -> Iterator[tuple[ResourceName, Revision]]:
        """The resources that everybody must hold, and built at which revision or later."""
        yield from self.touched.items()
        for resource in self.awaited:
            yield resource, self.revision


class Footprints:
    """The footprint of every object, and of every deleted object that somebody may still hold.

    Args:
        let_go: whether everybody holds a resource at a revision or later; what is let go of is forgotten.
        slack: how many deleted objects are kept before those that everybody has let go of are looked for.
    """

    def __init__(self, let_go: Callable[[ResourceName, Revision], bool], slack: int = 1024) -> None:
        self._let_go = let_go
        self._slack = slack
        self._prune_at = slack
        self._footprints: dict[ObjectKey, Footprint] = {}
        self._deleted: dict[ObjectKey, None] = {}

    def get(self, key: ObjectKey) -> Footprint | None:
        """The footprint; None if the object was never seen, or is deleted and everybody has let go."""
        return self._footprints.get(key)

    def applied(
        self,
        key: ObjectKey,
        generation: Generation,
        revision: Revision,
        touched: Iterable[ResourceName],
        awaited: Iterable[ResourceName] = (),
    ) -> None:
        """The object has a new form, and contributed to `touched` before it or does so after it."""
        self._deleted.pop(key, None)
        self._set(key, Footprint(generation, revision, False, awaited=tuple(awaited)), touched)

    def deleted(
        self, key: ObjectKey, revision: Revision, touched: Iterable[ResourceName], in_use: bool = False
    ) -> None:
        """The object is no more; it contributed to `touched`. in_use: whatever proxies had ACKed they used it."""
        old = self._footprints.get(key)
        left_at = None if old is None or in_use else old.touched_at
        self._set(key, Footprint(old.generation if old else Generation(0), revision, True, left_at=left_at), touched)
        self._deleted[key] = None
        if len(self._deleted) > self._prune_at:
            self._prune()

    def touch(self, key: ObjectKey, resources: Iterable[ResourceName], revision: Revision) -> None:
        """Another object's change, at `revision`, moved this object into or out of `resources`.

        What an object has left by another's hand counts as well: whoever deletes it later must still wait for those who
        have not heard.
        """
        footprint = self._footprints.get(key)
        if footprint is not None:
            for resource in resources:
                footprint.touched[resource] = revision

    @property
    def remembered(self) -> int:
        """How many deleted objects are held."""
        return len(self._deleted)

    def _set(self, key: ObjectKey, footprint: Footprint, touched: Iterable[ResourceName]) -> None:
        old = self._footprints.get(key)
        if old is not None:
            for resource, revision in old.touched.items():
                if not self._let_go(resource, revision):
                    footprint.touched[resource] = revision
        for resource in touched:
            footprint.touched[resource] = footprint.revision
        self._footprints[key] = footprint

    def _prune(self) -> None:
        for key in list(self._deleted):
            if all(self._let_go(resource, rev) for resource, rev in self._footprints[key].touched.items()):
                del self._deleted[key]
                del self._footprints[key]
        self._prune_at = max(self._slack, 2 * len(self._deleted))
