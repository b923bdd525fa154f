"""Which resources a receipt has to look at."""

from ledger.footprints import Footprints
from ledger.ids import Generation, ResourceName, Revision
from tests.ledger.scene import cds, eds, key

WEB = key("web")


class Holders:
    """Who has let go of what: everybody of everything, but for what a test says."""

    def __init__(self) -> None:
        self.held: dict[ResourceName, Revision] = {}
        self.asked = 0

    def let_go(self, resource: ResourceName, revision: Revision) -> bool:
        self.asked += 1
        return resource not in self.held or self.held[resource] >= revision

    def stuck(self, *names: str, at: int = 0) -> None:
        """Somebody holds these in a form built at `at`."""
        self.held.update({eds(name): Revision(at) for name in names})


def applied(footprints: Footprints, revision: int, *names: str, generation: int = 1, name: str = "web") -> None:
    footprints.applied(key(name), Generation(generation), Revision(revision), [eds(name) for name in names])


def touched(footprints: Footprints, name: str = "web") -> dict[str, int]:
    footprint = footprints.get(key(name))
    return {resource.name: revision for resource, revision in footprint.touched.items()} if footprint else {}


def test_an_object_that_was_never_seen_has_no_footprint() -> None:
    assert Footprints(Holders().let_go).get(WEB) is None


def test_a_change_is_looked_for_in_every_resource_that_the_object_has_a_part_in() -> None:
    footprints = Footprints(Holders().let_go)
    applied(footprints, 7, "a", "b", generation=3)
    footprint = footprints.get(WEB)
    assert footprint is not None
    assert (footprint.generation, footprint.revision, footprint.deleted) == (3, 7, False)
    assert dict(footprint.conditions()) == {eds("a"): 7, eds("b"): 7}


def test_what_must_be_there_before_proxies_ask_is_awaited_in_the_newest_form_only() -> None:
    holders = Holders()
    holders.stuck("a")
    footprints = Footprints(holders.let_go)
    footprints.applied(WEB, Generation(1), Revision(7), [eds("a")], awaited=[cds("a"), cds("b")])
    footprint = footprints.get(WEB)
    assert footprint is not None
    assert list(footprint.conditions()) == [(eds("a"), 7), (cds("a"), 7), (cds("b"), 7)]
    applied(footprints, 8, "a", generation=2)
    footprint = footprints.get(WEB)
    assert footprint is not None
    assert list(footprint.conditions()) == [(eds("a"), 8)]


def test_a_resource_that_the_object_has_left_is_kept_until_everybody_has_let_go_of_it() -> None:
    holders = Holders()
    footprints = Footprints(holders.let_go)
    applied(footprints, 1, "old", generation=1)
    applied(footprints, 2, "old", "new", generation=2)  # it moves from one to the other
    holders.stuck("old", at=1)
    applied(footprints, 3, "new", generation=3)
    applied(footprints, 4, "new", generation=4)
    assert touched(footprints) == {"old": 2, "new": 4}
    holders.stuck("old", at=2)
    applied(footprints, 5, "new", generation=5)
    assert touched(footprints) == {"new": 5}


def test_an_object_that_comes_back_to_a_resource_is_looked_for_at_its_newest_revision() -> None:
    holders = Holders()
    holders.stuck("a", "b")
    footprints = Footprints(holders.let_go)
    applied(footprints, 1, "a")
    applied(footprints, 2, "a", "b")
    applied(footprints, 3, "b", "a")
    assert touched(footprints) == {"a": 3, "b": 3}


def test_another_objects_change_touches_only_what_it_says() -> None:
    footprints = Footprints(Holders().let_go)
    applied(footprints, 1, "a", "b")
    footprints.touch(WEB, [eds("b"), eds("c")], Revision(2))
    assert touched(footprints) == {"a": 1, "b": 2, "c": 2}
    footprint = footprints.get(WEB)
    assert footprint is not None
    assert footprint.generation == 1, "the object itself is as it was"


def test_what_is_not_known_is_not_touched() -> None:
    footprints = Footprints(Holders().let_go)
    footprints.touch(WEB, [eds("a")], Revision(1))
    assert footprints.get(WEB) is None


def test_a_deletion_keeps_what_is_not_let_go_of_and_the_generation_that_was_there() -> None:
    holders = Holders()
    holders.stuck("old")
    footprints = Footprints(holders.let_go)
    applied(footprints, 1, "old", generation=4)
    applied(footprints, 2, "old", "new", generation=5)
    footprints.deleted(WEB, Revision(3), [eds("new")])
    footprint = footprints.get(WEB)
    assert footprint is not None
    assert (footprint.generation, footprint.deleted, footprint.awaited) == (5, True, ())
    assert touched(footprints) == {"old": 2, "new": 3}


def test_the_deletion_of_what_was_never_seen_is_remembered_as_one() -> None:
    footprints = Footprints(Holders().let_go)
    footprints.deleted(WEB, Revision(1), [])
    footprint = footprints.get(WEB)
    assert footprint is not None
    assert (footprint.generation, footprint.deleted) == (0, True)


def test_an_object_that_is_there_again_is_no_deleted_one_and_still_has_what_it_left() -> None:
    holders = Holders()
    holders.stuck("a")
    footprints = Footprints(holders.let_go)
    applied(footprints, 1, "a")
    footprints.deleted(WEB, Revision(2), [eds("a")])
    applied(footprints, 3, "b")
    footprint = footprints.get(WEB)
    assert footprint is not None
    assert not footprint.deleted
    assert footprints.remembered == 0
    assert touched(footprints) == {"a": 2, "b": 3}


def test_deleted_objects_that_everybody_has_let_go_of_are_forgotten_in_time() -> None:
    footprints = Footprints(Holders().let_go, slack=10)
    for number in range(1000):
        applied(footprints, number, "a", name=f"w{number}")
        footprints.deleted(key(f"w{number}"), Revision(number), [eds("a")])
        assert footprints.remembered <= 11


def test_a_deleted_object_that_somebody_holds_is_never_forgotten() -> None:
    holders = Holders()
    holders.stuck("held")
    footprints = Footprints(holders.let_go, slack=4)
    for number in range(1, 200):
        resource = "held" if number % 10 == 0 else "free"
        footprints.deleted(key(f"w{number}"), Revision(number), [eds(resource)])
    for number in range(10, 200, 10):
        assert footprints.get(key(f"w{number}")) is not None
    assert footprints.remembered <= 2 * 19 + 1


def test_looking_for_what_can_be_forgotten_costs_little_on_average_though_much_is_held() -> None:
    holders = Holders()
    holders.stuck("held")
    footprints = Footprints(holders.let_go, slack=4)
    for number in range(1, 5001):
        footprints.deleted(key(f"w{number}"), Revision(number), [eds("held")])
    assert holders.asked <= 2 * 5000
    assert footprints.remembered == 5000
