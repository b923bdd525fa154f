"""A plane that serves a mesh, and beside it the truth: what each view has, and which object changed it when."""

import json
from collections.abc import Iterable, Set
from dataclasses import dataclass

from ledger.ids import Generation, ObjectKey, ProxyId, ResourceName, StreamId, TypeUrl
from ledger.processes import ONE_LEFT_SECONDS
from ledger.receipts import Outcome, Query, Receipt
from tests.property.small_mesh import FIRST, NAMES, VIEWS
from tests.xds.mesh import Mesh, Object
from xds.objects import Applied, Deleted, Event
from xds.parsing.content import content_hash
from xds.plane import Plane
from xds.protocol.stream import Stream
from xds.resource import Resource
from xds.types import TYPES
from xds.view import View

NOW = 1_000_000.0
"""Time stands still: nothing here depends on deadlines."""


@dataclass(frozen=True, slots=True)
class Change:
    """A resource has another form since `at`, by the hand of any of these objects, which changed together."""

    at: int
    by: Set[ObjectKey]


class Served:
    """One control plane after the other, with the same objects.

    count: how many changes there were. woken: the streams that the plane says it has something for.
    """

    def __init__(self) -> None:
        self.objects: dict[ObjectKey, Applied] = {}
        self.count = 0
        self.woken: set[StreamId] = set()
        self._ever: set[ObjectKey] = set()
        self._generation = 0
        self._truth = Mesh(views=VIEWS.values())
        self._changes: dict[tuple[View, ResourceName], list[Change]] = {}
        self._versions = self._all_versions()
        self.plane = Plane()
        self.plane.start(NOW, roster_known=True)
        self.change(FIRST, ())

    # Objects

    def change(self, put: Iterable[Object], gone: Iterable[ObjectKey]) -> None:
        """Applies and deletes objects, as one change."""
        events = self._record(put, gone)
        self.plane.apply(events, NOW)
        self.after()

    def restart(self, put: Iterable[Object], gone: Iterable[ObjectKey]) -> list[ResourceName]:
        """The control plane's process ends, objects change, another process starts with what the first one saved.

        Returns:
            The names that it saved: of what proxies may hold unbeknown.
        """
        saved = json.loads(json.dumps(self.plane.dump()))
        self._record(put, gone)
        self.woken.clear()
        self.plane = Plane()
        self.plane.load(saved, NOW)
        self.plane.apply(list(self.objects.values()), NOW)
        self.plane.start(NOW, roster_known=True)
        return [ResourceName(TypeUrl(type_url), name) for type_url, name in saved["names"]]

    def _record(self, put: Iterable[Object], gone: Iterable[ObjectKey]) -> list[Event]:
        events: list[Event] = []
        for one in put:
            self._generation += 1
            applied = Applied(one, Generation(self._generation), content_hash(one))
            self.objects[one.key] = applied
            self._truth.apply(one)
            events.append(applied)
        for key in gone:
            deleted = self.objects.pop(key)
            assert isinstance(deleted.object, Object)
            self._truth.delete(deleted.object)
            events.append(Deleted(key))
        self.count += 1
        keys = {event.key for event in events}
        self._ever |= keys
        before, self._versions = self._versions, self._all_versions()
        for place, version in self._versions.items():
            if before[place] != version:
                self._changes.setdefault(place, []).append(Change(self.count, keys))
        return events

    # The truth

    def form(self, view: View, resource: ResourceName) -> Resource | None:
        """What whoever asks for the resource should hold of it."""
        return self._truth.snapshot.get_or_empty(view, resource)

    def names(self, view: View, type_url: TypeUrl) -> list[str]:
        """What a wildcard covers."""
        return self._truth.snapshot.names(view, type_url)

    def changes_since(self, view: View, resource: ResourceName, at: int) -> list[Change]:
        """The changes of the resource that are not in what was built at `at`."""
        return [change for change in self._changes.get((view, resource), ()) if change.at > at]

    def _all_versions(self) -> dict[tuple[View, ResourceName], str]:
        found = {}
        for view in VIEWS.values():
            for type_url in TYPES:
                assert set(self.names(view, type_url)) <= set(NAMES[type_url])
                for name in NAMES[type_url]:
                    resource = self._truth.find(type_url, name, view)
                    found[view, ResourceName(type_url, name)] = resource.version if resource is not None else ""
        return found

    # Receipts

    def receipt(self, key: ObjectKey) -> Receipt:
        """Of the object as it is now, or of its absence."""
        return self.plane.receipt(self._query(key), NOW)

    def is_confirmed(self, key: ObjectKey) -> bool:
        return self.receipt(key).outcome is Outcome.CONFIRMED

    def wait_for_all(self) -> None:
        """Somebody waits for the receipt of every object that ever was: whoever only claims something is asked."""
        for key in self._ever:
            self.plane.wait(self._query(key), lambda _: None, NOW)
        self.after()

    def forget(self, node: str) -> None:
        """The operator knows that no stream of this node that has ended is anybody's any more."""
        self.plane.forget(ProxyId(node), NOW)
        self.after()

    def let_time_pass(self) -> None:
        """So much that there is one process of every node id, and that one has a stream which is open."""
        self.plane.tick(NOW + ONE_LEFT_SECONDS)
        self.after()

    def check_all_confirmed(self) -> None:
        for key in self._ever:
            receipt = self.receipt(key)
            assert receipt.outcome is Outcome.CONFIRMED, receipt

    def _query(self, key: ObjectKey) -> Query:
        applied = self.objects.get(key)
        return Query(key, applied.generation) if applied is not None else Query(key, deleted=True)

    # Streams

    def receive(self, stream: Stream, data: bytes) -> None:
        self.plane.receive(stream, data, NOW)
        self.after()

    def end(self, stream: Stream) -> None:
        self.plane.end_stream(stream, NOW)
        self.after()

    def after(self) -> None:
        """To be called after every call of the plane: only whom it names is written to."""
        self.woken |= self.plane.take_woken()
