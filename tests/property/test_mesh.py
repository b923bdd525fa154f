"""Index and snapshot, kept up to date one change at a time, are what all objects computed anew would give."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import permutations
from typing import TypeVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from ledger.deliveries import ResourceChange
from ledger.ids import ObjectKey, ResourceName, Version
from tests.property.naive_mesh import described, draining, grpc_target, memberships, panics, selects, shown_in
from tests.property.reading import read
from tests.xds.mesh import DRAINING, Mesh, Object, put, take
from xds.index.index import Touched
from xds.objects import AllDraining, Endpoint, Protocol, Resolution, ServiceEntry, ServicePort, WorkloadEntry
from xds.types import FULL_SET, LDS, RDS, TYPES, short_name
from xds.view import View

T = TypeVar("T")

VIEWS = [View(), View("shop"), View(redirect=True), View("shop", bind_address="127.0.0.2")]
NAMESPACES = st.sampled_from(["default", "shop"])
HOSTS = ["a.example", "b.example", "*.c.example"]
NUMBERS = [80, 81]
TARGETS = [(host, number) for host in HOSTS for number in NUMBERS]


def some(values: Sequence[T], least: int = 0, most: int = 2) -> st.SearchStrategy[tuple[T, ...]]:
    """A few of the values, each once, in any order."""
    return st.sampled_from([chosen for size in range(least, most + 1) for chosen in permutations(values, size)])


SELECTORS = [{"app": "a"}, {"app": "b"}, {"track": "x"}, {"app": "a", "track": "x"}, {"app": "b", "track": "y"}]
LABELS = st.sampled_from([{}, {"track": "y"}, *SELECTORS])


@st.composite
def endpoints(draw: st.DrawFn) -> Endpoint:
    labels = {**draw(LABELS), **(DRAINING if draw(st.booleans()) else {})}
    address = draw(st.sampled_from(["10.0.0.1", "10.0.0.2", "2001:db8::7", "w.example", "unix:///run/s"]))
    return Endpoint(
        address,
        {} if address.startswith("unix:") else draw(st.sampled_from([{}, {"one": 7001}, {"two": 7002}])),
        labels,
        draw(st.sampled_from(["", "eu", "us/a"])),
        weight=draw(st.sampled_from([1, 3])),
    )


@st.composite
def services(draw: st.DrawFn) -> ServiceEntry:
    numbers = draw(some(NUMBERS, least=1))
    ports = tuple(
        ServicePort(number, name, draw(st.sampled_from(Protocol)), draw(st.sampled_from([None, 7001])))
        for name, number in zip(("one", "two"), numbers, strict=False)
    )
    selector = draw(st.sampled_from([None, *SELECTORS]))
    return ServiceEntry(
        draw(NAMESPACES),
        draw(st.sampled_from("abc")),
        draw(some(HOSTS, least=1)),
        ports,
        draw(some(["10.9.0.1", "10.9.0.2", "10.8.0.0/16", "2001:db8::9"])),
        resolution=draw(st.sampled_from(Resolution)),
        endpoints=() if selector is not None else tuple(draw(endpoints()) for _ in range(draw(st.integers(0, 2)))),
        selector=selector,
        export_to=draw(st.sampled_from([("*",), (".",), ("~",), ("shop",), ("default", ".")])),
        subject_alt_names=draw(some(["san-1"], most=1)),
        all_draining=draw(st.sampled_from(AllDraining)),
        created=draw(st.sampled_from(["", "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"])),
    )


WORKLOADS = st.builds(WorkloadEntry, NAMESPACES, st.sampled_from("uvwxyz"), endpoints())
OBJECTS: st.SearchStrategy[Object] = services() | WORKLOADS


class Meshes(RuleBasedStateMachine):
    """Objects come, change and go; views open and close."""

    def __init__(self) -> None:
        super().__init__()
        self.mesh = Mesh(views=VIEWS[:1])
        self.objects: dict[ObjectKey, Object] = {}
        self.before = self.versions()

    @rule(one=OBJECTS)
    def apply_one(self, one: Object) -> None:
        old = self.objects.get(one.key)
        self.objects[one.key] = one
        moves = isinstance(old, ServiceEntry) and isinstance(one, ServiceEntry) and old.export_to != one.export_to
        touched = put(self.mesh.index, one)
        self.told(self.mesh.snapshot.update([touched]), exactly=not moves)
        self.touches({**self.objects, one.key: old} if old else without(self.objects, one.key), one.key, touched)

    @rule(data=st.data())
    @precondition(lambda self: self.objects)
    def delete_one(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(sorted(self.objects)))
        before = dict(self.objects)
        del self.objects[key]
        touched = take(self.mesh.index, key)
        self.told(self.mesh.snapshot.update([touched]), exactly=True)
        self.touches(before, key, touched)

    @rule(batch=st.lists(OBJECTS, min_size=2, max_size=5), data=st.data())
    def apply_several_as_one(self, batch: list[Object], data: st.DataObject) -> None:
        touched: list[Touched] = []
        for one in batch:
            if one.key in self.objects and data.draw(st.booleans()):
                del self.objects[one.key]
                touched.append(take(self.mesh.index, one.key))
            else:
                self.objects[one.key] = one
                touched.append(put(self.mesh.index, one))
        self.told(self.mesh.snapshot.update(touched), exactly=False)

    @rule(view=st.sampled_from(VIEWS))
    def open_view(self, view: View) -> None:
        self.mesh.snapshot.add_view(view)
        self.before = self.versions()

    @rule(view=st.sampled_from(VIEWS))
    def close_view(self, view: View) -> None:
        self.mesh.snapshot.drop_view(view)
        self.before = self.versions()

    # What must hold

    @invariant()
    def every_view_has_what_it_should(self) -> None:
        for view in self.mesh.snapshot.views():
            has = {
                (short_name(name.type_url), name.name): read(resource)
                for name, resource in self.mesh.everything(view).items()
            }
            assert has == described(self.objects.values(), view)

    @invariant()
    def grpc_targets_lead_where_they_should(self) -> None:
        for view in self.mesh.snapshot.views():
            for host, number in TARGETS:
                routes = self.mesh.find(RDS, f"{host}:{number}", view)
                leads_to = grpc_target(self.objects.values(), view, host, number)
                assert (read(routes) if routes is not None else None) == (leads_to and {"*": leads_to})
                assert (self.mesh.find(LDS, f"{host}:{number}", view) is None) == (leads_to is None)

    @invariant()
    def full_sets_hold_what_wildcards_cover(self) -> None:
        for view in self.mesh.snapshot.views():
            for type_url in FULL_SET:
                full = self.mesh.snapshot.full_set(view, type_url).resources
                assert {name: one.version for name, one in full.items()} == {
                    name: self.mesh.get(type_url, name, view).version
                    for name in self.mesh.snapshot.names(view, type_url)
                }

    @invariant()
    def versions_are_those_of_what_there_is(self) -> None:
        for view in self.mesh.snapshot.views():
            found = {
                ResourceName(type_url, name): version
                for type_url in TYPES
                for name, version in self.mesh.snapshot.versions(view, type_url).items()
            }
            assert found == {name: resource.version for name, resource in self.mesh.everything(view).items()}

    def told(self, changes: Iterable[ResourceChange], exactly: bool) -> None:
        """Each view is told of what is now another version, or gone, or new to it."""
        before, self.before = self.before, self.versions()
        changes = list(changes)
        for view, now in self.before.items():
            was = before[view]
            changed = {name for name in was.keys() | now.keys() if was.get(name) != now.get(name)}
            told = {change.name for change in changes if change.views is None or view in change.views}
            assert changed <= told
            if exactly:
                assert told == changed
        assert len({change.name for change in changes}) == len(changes)

    def touches(self, before: Mapping[ObjectKey, Object], key: ObjectKey, touched: Touched) -> None:
        """Receipts look at all that the object was or is in, and at what others were moved into or out of by it."""
        now = self.objects
        for one in before.keys() | now.keys():
            was, is_ = memberships(before.values(), one), memberships(now.values(), one)
            if one != key:
                assert names(touched.moved.get(one, set())) >= was ^ is_
            elif key in self.mesh.index.workloads or isinstance(before.get(key), WorkloadEntry):
                assert names(touched.footprint) == was | is_
        for service in now.values():
            old = before.get(service.key)
            if isinstance(service, ServiceEntry) and isinstance(old, ServiceEntry):
                calms_down = panics(old, before.values()) and not panics(service, now.values())
                for workload in now.values() if calms_down else ():
                    if (
                        isinstance(workload, WorkloadEntry)
                        and selects(service, workload)
                        and draining(workload.endpoint)
                    ):
                        assert names(touched.moved[workload.key]) >= shown_in(service)

    def versions(self) -> dict[View, dict[ResourceName, Version]]:
        """By view, the version of every resource that it has, those of gRPC clients too."""
        found = {}
        for view in self.mesh.snapshot.views():
            names = list(self.mesh.everything(view))
            names += [ResourceName(url, f"{host}:{number}") for url in (LDS, RDS) for host, number in TARGETS]
            resources = {name: self.mesh.find(name.type_url, name.name, view) for name in names}
            found[view] = {name: one.version for name, one in resources.items() if one is not None}
        return found

    def teardown(self) -> None:
        """The same objects applied at once, in another order, give the same bytes; and deletion leaves nothing."""
        replica = Mesh(*reversed(self.objects.values()), views=self.mesh.snapshot.views())
        for view in self.mesh.snapshot.views():
            assert {name: one.body for name, one in self.mesh.everything(view).items()} == {
                name: one.body for name, one in replica.everything(view).items()
            }
        self.mesh.delete(*self.objects.values())
        assert not any(vars(self.mesh.index).values())
        assert self.mesh.snapshot.catalogue() == set()
        assert not self.mesh.snapshot._owner
        assert all(
            self.mesh.everything(view) == described([], view) for view in self.mesh.snapshot.views() - {VIEWS[2]}
        )


def names(resources: Iterable[ResourceName]) -> set[tuple[str, str]]:
    return {(short_name(resource.type_url), resource.name) for resource in resources}


def without(objects: Mapping[ObjectKey, Object], key: ObjectKey) -> dict[ObjectKey, Object]:
    return {other: one for other, one in objects.items() if other != key}


def test_a_mesh_that_follows_every_change_is_one_computed_anew() -> None:
    run_state_machine_as_test(
        Meshes, settings=settings(derandomize=True, max_examples=40, stateful_step_count=20, deadline=None)
    )
