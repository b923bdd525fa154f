"""Receipts: the outcome, and who is counted."""

from ledger.ids import Generation, ProxyId, StreamId
from ledger.receipts import Outcome, Receipt
from tests.ledger.scene import CDS, OTHER_VIEW, Scene, cds, eds, key

# The outcome


def test_an_object_is_confirmed_when_everybody_has_acked_a_form_built_at_its_change_or_later() -> None:
    scene = Scene()
    one, two = scene.connect("one", "web"), scene.connect("two", "web")
    scene.apply("w", "web")
    assert scene.receipt("w").outcome is Outcome.PENDING
    scene.take(one)
    assert scene.receipt("w").outcome is Outcome.PENDING
    scene.change("web")  # by another object
    scene.take(two)
    assert scene.receipt("w").outcome is Outcome.CONFIRMED


def test_an_object_that_touches_nothing_that_anybody_asked_for_is_confirmed_at_once() -> None:
    scene = Scene()
    scene.connect("proxy", "web")
    scene.apply("w", "api")
    assert scene.receipt("w").outcome is Outcome.CONFIRMED


def test_a_later_change_by_another_object_does_not_take_a_confirmation_back() -> None:
    scene = Scene()
    proxy = scene.connect("proxy", "web")
    scene.apply("w", "web")
    scene.take(proxy)
    scene.apply("another", "web")
    assert scene.receipt("w").outcome is Outcome.CONFIRMED
    assert scene.receipt("another").outcome is Outcome.PENDING


def test_one_slow_proxy_delays_the_receipts_of_its_own_resources_and_no_other() -> None:
    scene = Scene()
    scene.connect("slow", "web")
    quick = scene.connect("quick", "api")
    scene.apply("w", "web")
    scene.apply("a", "api")
    scene.take(quick)
    assert scene.receipt("w").outcome is Outcome.PENDING
    assert scene.receipt("a").outcome is Outcome.CONFIRMED


def test_who_holds_what_an_object_has_left_holds_its_receipt_back_however_often_it_changed_since() -> None:
    scene = Scene()
    stuck, new = scene.connect("stuck", "old"), scene.connect("new", "new")
    scene.apply("w", "old", generation=1)
    scene.take(stuck)
    scene.apply("w", "old", "new", generation=2)
    for generation in range(3, 10):
        scene.apply("w", "new", generation=generation)
        scene.take(new)
    assert scene.receipt("w").outcome is Outcome.PENDING
    assert [s.resource for s in scene.receipt("w").stragglers] == [str(eds("old"))]
    scene.take(stuck)
    assert scene.receipt("w").outcome is Outcome.CONFIRMED


def test_an_instance_is_not_published_to_a_proxy_that_has_yet_to_take_its_cluster() -> None:
    scene = Scene()
    proxy = scene.show(scene.open(types=(CDS,)), CDS)
    scene.deliveries.set_wildcard(proxy, True)
    scene.change("web", wildcard=True, type_url=CDS)
    scene.apply("w", "web", awaited=[cds("web")])
    assert scene.receipt("w").outcome is Outcome.PENDING
    scene.take(proxy)
    assert scene.receipt("w").outcome is Outcome.CONFIRMED


def test_a_claim_of_an_awaited_cluster_is_as_good_as_an_ack() -> None:
    scene = Scene()
    proxy = scene.show(scene.open(types=(CDS,)), CDS, holds=True)
    scene.deliveries.set_wildcard(proxy, True)
    scene.deliveries.claim(proxy, ["web"])
    scene.apply("w", "web", awaited=[cds("web")])
    assert scene.receipt("w").outcome is Outcome.CONFIRMED


# Generations and deletions


def test_a_generation_that_is_not_applied_is_pending_with_the_reason() -> None:
    scene = Scene()
    scene.apply("w", "web", generation=4)
    receipt = scene.receipt("w", generation=5)
    assert receipt.outcome is Outcome.PENDING
    assert receipt.reasons == ("WorkloadEntry/default/w is applied at generation 4, not yet at 5",)
    assert receipt.applied == 4
    assert scene.receipt("w", generation=4).outcome is Outcome.CONFIRMED
    assert scene.receipt("w", generation=3).outcome is Outcome.CONFIRMED
    assert scene.receipt("w", generation=0).outcome is Outcome.CONFIRMED


def test_an_object_that_is_not_known_is_pending_and_its_absence_is_confirmed() -> None:
    scene = Scene()
    receipt = scene.receipt("w", generation=1)
    assert (receipt.outcome, receipt.reasons) == (Outcome.PENDING, ("WorkloadEntry/default/w is not known here",))
    assert (receipt.applied, receipt.deleted) == (0, True)
    assert scene.receipt("w", deleted=True).outcome is Outcome.CONFIRMED


def test_a_deletion_counts_as_the_highest_generation() -> None:
    scene = Scene()
    proxy = scene.connect("proxy", "web")
    scene.apply("w", "web")
    scene.delete("w", "web")
    assert scene.receipt("w", generation=99).outcome is Outcome.PENDING
    scene.take(proxy)
    receipt = scene.receipt("w", generation=99)
    assert (receipt.outcome, receipt.deleted, receipt.applied) == (Outcome.CONFIRMED, True, 0)


def test_the_deletion_of_an_object_that_is_there_is_pending() -> None:
    scene = Scene()
    scene.apply("w", "web", generation=3)
    receipt = scene.receipt("w", deleted=True)
    assert receipt.outcome is Outcome.PENDING
    assert receipt.reasons == ("WorkloadEntry/default/w is still there, at generation 3",)
    scene.delete("w", "web")
    assert scene.receipt("w", deleted=True).outcome is Outcome.CONFIRMED


# What else holds it back


def test_whatever_could_not_be_asked_makes_it_unknown_though_everybody_acked() -> None:
    scene = Scene()
    scene.apply("w", "web")
    scene.facts.troubles = ["files: the directory can't be read"]
    receipt = scene.receipt("w")
    assert receipt.outcome is Outcome.UNKNOWN
    assert receipt.reasons == ("files: the directory can't be read",)
    scene.facts.troubles = []
    assert scene.receipt("w").outcome is Outcome.CONFIRMED


def test_it_is_unknown_rather_than_pending_where_both_could_be_said_and_the_stragglers_are_named_still() -> None:
    scene = Scene()
    scene.connect("proxy", "web")
    scene.apply("w", "web")
    scene.facts.troubles = ["trouble"]
    receipt = scene.receipt("w", generation=9)
    assert receipt.outcome is Outcome.UNKNOWN
    assert len(receipt.reasons) == 2
    assert [s.proxy for s in receipt.stragglers] == ["proxy"]


def test_an_obstacle_to_one_object_holds_that_one_back_and_no_other() -> None:
    scene = Scene()
    scene.apply("w", "web")
    scene.apply("a", "web")
    scene.facts.hindrances[key("w")] = ["Envoy panics"]
    assert (scene.receipt("w").outcome, scene.receipt("w").reasons) == (Outcome.PENDING, ("Envoy panics",))
    assert scene.receipt("a").outcome is Outcome.CONFIRMED


def test_who_has_not_shown_what_it_holds_holds_every_receipt_back() -> None:  # rule 28
    scene = Scene()
    scene.apply("w", "web")
    scene.open("connecting")
    assert scene.receipt("w").outcome is Outcome.PENDING
    assert scene.receipt("never heard of", deleted=True).outcome is Outcome.PENDING


# Who is counted


def counts(receipt: Receipt) -> tuple[int, int, tuple[ProxyId, ...]]:
    return receipt.acked, receipt.audience, receipt.excluded


def test_the_audience_is_who_asks_for_an_affected_resource_and_the_others_are_excluded_by_name() -> None:
    scene = Scene()
    one = scene.connect("one", "web", "api")
    scene.connect("two", "web")
    scene.connect("b-stander", "db")
    scene.connect("a-stander", "db")
    scene.apply("w", "web", "api")
    assert counts(scene.receipt("w")) == (0, 2, ("a-stander", "b-stander"))
    scene.take(one)
    assert counts(scene.receipt("w")) == (1, 2, ("a-stander", "b-stander"))


def test_an_absent_proxy_is_of_the_audience_and_never_excluded() -> None:
    scene = Scene()
    scene.end(scene.connect("asks", "web"))
    scene.end(scene.connect("does not", "api"))
    scene.apply("w", "web")
    assert counts(scene.receipt("w")) == (0, 1, ())


def test_streams_that_have_shown_nothing_are_of_the_audience() -> None:
    scene = Scene()
    scene.deliveries.arrive(StreamId(100), scene.now)
    scene.open("connecting")
    scene.connect("proxy", "web")
    scene.apply("w", "api")
    assert counts(scene.receipt("w")) == (0, 2, ("proxy",))


def test_a_proxy_with_two_streams_is_excluded_only_if_neither_asks() -> None:
    scene = Scene()
    scene.connect("proxy", "web")
    scene.connect("proxy", "api")
    scene.apply("w", "web")
    assert counts(scene.receipt("w")) == (0, 1, ())


def test_a_proxy_that_covers_the_resource_by_wildcard_is_of_the_audience() -> None:
    scene = Scene()
    proxy = scene.show(scene.open("everything", types=(CDS,)), CDS)
    scene.deliveries.set_wildcard(proxy, True)
    scene.change("web", wildcard=True, type_url=CDS)
    scene.footprints.applied(key("s"), Generation(1), scene.revision, [cds("web")])
    assert counts(scene.receipt("s")) == (0, 1, ())
    scene.take(proxy)
    assert counts(scene.receipt("s")) == (1, 1, ())


def test_who_waits_for_an_awaited_cluster_is_counted_though_it_asks_for_nothing_else() -> None:
    scene = Scene()
    proxy = scene.show(scene.open("proxy", types=(CDS,)), CDS)
    scene.deliveries.set_wildcard(proxy, True)
    scene.change("web", wildcard=True, type_url=CDS)
    scene.apply("w", "web", awaited=[cds("web")])
    assert counts(scene.receipt("w")) == (0, 1, ())


def test_a_view_in_which_nothing_changed_holds_nothing_back() -> None:
    scene = Scene()
    scene.connect("elsewhere", "web", view=OTHER_VIEW)
    scene.change("web", views=["a view"])
    scene.footprints.applied(key("w"), Generation(1), scene.revision, [eds("web")])
    assert scene.receipt("w").outcome is Outcome.CONFIRMED
