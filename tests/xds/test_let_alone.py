"""Since when proxies have let a draining instance alone: Envoy panics, and uses all, where others drain too."""

from ledger.ids import Generation, ObjectKey, Revision
from tests.xds.mesh import drain, selecting, workload
from xds.objects import Applied, ConfigObject, Deleted, ServiceEntry, WorkloadEntry
from xds.parsing.content import content_hash
from xds.plane import Plane

A, B, C = (workload(name, f"10.0.0.{number}") for number, name in enumerate("abc", 1))


class Scene:
    """A service of two instances, of which A is draining."""

    def __init__(self) -> None:
        self.plane = Plane()
        self._generation = 0
        self.plane.start(0.0, roster_known=True)
        self.apply(selecting("web"), drain(A), B)
        self.since = self.let_alone()

    def apply(self, *objects: ServiceEntry | WorkloadEntry | ObjectKey) -> None:
        """As one change; a key is of what is no more."""
        self._generation += 1
        self.plane.apply([self._event(one) for one in objects], 0.0)

    def let_alone(self) -> Revision | None:
        return self.plane.receipts.let_alone_since(A.key)

    def _event(self, one: ConfigObject | ObjectKey) -> Applied | Deleted:
        if isinstance(one, ObjectKey):
            return Deleted(one)
        return Applied(one, Generation(self._generation), content_hash(one))


def test_it_is_let_alone_while_others_come_and_go() -> None:
    scene = Scene()
    assert scene.since is not None
    scene.apply(C)
    scene.apply(drain(B))
    scene.apply(B.key)
    assert scene.let_alone() == scene.since


def test_it_is_used_while_all_are_draining_and_let_alone_anew_after_that() -> None:
    scene = Scene()
    scene.apply(drain(B))
    assert scene.let_alone() is None
    scene.apply(C)
    assert scene.let_alone() not in (None, scene.since)


def test_a_panic_that_is_over_within_one_change_counts() -> None:
    """It costs some time, and nothing else."""
    scene = Scene()
    scene.apply(drain(B), C)
    assert scene.let_alone() not in (None, scene.since)


def test_when_it_has_gone_what_was_so_then_stays() -> None:
    scene = Scene()
    scene.apply(A.key)
    scene.apply(drain(B))
    assert scene.let_alone() == scene.since


def test_when_it_has_gone_in_a_panic_that_is_known_and_also_when_the_panic_began_with_it() -> None:
    scene = Scene()
    scene.apply(drain(B))
    scene.apply(A.key)
    assert scene.let_alone() is None
    scene = Scene()
    scene.apply(drain(B), A.key)
    assert scene.let_alone() is None


def test_when_it_has_gone_after_a_panic_that_was_over_that_is_known() -> None:
    scene = Scene()
    scene.apply(drain(B), C, A.key)
    assert scene.let_alone() not in (None, scene.since)
