"""What a stream asks for: names given up, claims, and what receipts have sent again."""

from ledger.ids import NEVER, Revision
from ledger.interest import DeliveryState, Interest
from tests.ledger.scene import CDS, Scene, cds, eds


def used(_: str) -> bool:
    return True


def unused(_: str) -> bool:
    return False


# Giving up


def test_a_name_given_up_that_nothing_uses_obliges_no_more() -> None:
    scene = Scene()
    proxy = scene.connect("proxy", "web", "api")
    scene.change("web", "api")
    scene.deliveries.give_up(proxy, ["web"], unused)
    assert scene.deliveries.reached(eds("web"), scene.revision)
    assert not scene.deliveries.reached(eds("api"), scene.revision)
    assert scene.deliveries.audience(eds("web"), wildcard=False) == set()
    assert proxy.names == proxy.unsent == {"api"}


def test_a_name_given_up_that_is_used_still_obliges_and_is_not_sent() -> None:  # rule 26
    scene = Scene()
    proxy = scene.connect("proxy", "web")
    scene.change("web")
    scene.deliveries.give_up(proxy, ["web"], used)
    assert not scene.deliveries.reached(eds("web"), scene.revision)
    assert not proxy.unsent
    assert proxy.state("web") is DeliveryState.GAVE_UP


def test_a_later_change_of_a_name_given_up_counts_against_the_stream_while_it_uses_it() -> None:
    scene = Scene()
    proxy = scene.connect("proxy", "web")
    scene.deliveries.give_up(proxy, ["web"], used)
    assert scene.deliveries.reached(eds("web"), scene.revision), "it was up to date when it gave it up"
    scene.change("web")
    assert not scene.deliveries.reached(eds("web"), scene.revision)
    assert not proxy.unsent


def test_release_lets_go_of_what_is_used_no_more_and_of_nothing_else() -> None:
    scene = Scene()
    proxy = scene.connect("proxy", "web", "api")
    scene.change("web", "api")
    scene.deliveries.give_up(proxy, ["web", "api"], used)
    scene.deliveries.release(proxy, lambda name: name == "api")
    assert scene.deliveries.reached(eds("web"), scene.revision)
    assert not scene.deliveries.reached(eds("api"), scene.revision)
    assert proxy.given_up == {"api"}
    scene.deliveries.release(proxy, unused)
    assert scene.deliveries.reached(eds("api"), scene.revision)
    assert not proxy.given_up
    scene.change("web", "api")
    assert not proxy.behind


def test_an_ack_that_was_under_way_when_the_name_was_given_up_counts() -> None:
    scene = Scene()
    proxy = scene.connect("proxy", "web")
    scene.change("web")
    built = scene.send(proxy)
    scene.deliveries.give_up(proxy, ["web"], used)
    scene.ack(proxy, "web", built=built)
    assert scene.deliveries.reached(eds("web"), scene.revision)


def test_an_ack_of_an_older_build_of_a_name_given_up_does_not_credit_a_later_change() -> None:
    scene = Scene()
    proxy = scene.connect("proxy", "web")
    scene.change("web")
    built = scene.send(proxy)
    scene.deliveries.give_up(proxy, ["web"], used)
    scene.change("web")
    scene.ack(proxy, "web", built=built)
    assert scene.deliveries.reached(eds("web"), built)
    assert not scene.deliveries.reached(eds("web"), scene.revision)


def test_a_nack_does_not_have_a_name_given_up_sent_again() -> None:
    scene = Scene()
    proxy = scene.connect("proxy", "web")
    scene.change("web")
    scene.send(proxy)
    scene.deliveries.give_up(proxy, ["web"], used)
    scene.nack(proxy, "web", again=True)
    assert not proxy.unsent
    assert not scene.deliveries.reached(eds("web"), scene.revision)


def test_a_name_asked_for_again_is_sent_again() -> None:
    scene = Scene()
    proxy = scene.connect("proxy", "web")
    scene.deliveries.give_up(proxy, ["web"], used)
    scene.change("web")
    scene.ask(proxy, "web")
    assert proxy.unsent == {"web"}
    assert not proxy.given_up
    scene.take(proxy)
    assert scene.deliveries.reached(eds("web"), scene.revision)


def test_a_name_that_the_wildcard_still_covers_keeps_what_is_known_of_it() -> None:
    scene = Scene()
    proxy = scene.connect("proxy", "web", type_url=CDS)
    scene.deliveries.set_wildcard(proxy, True)
    scene.change("web", type_url=CDS)
    scene.deliveries.unname(proxy, "web")
    assert not proxy.names
    assert not scene.deliveries.reached(cds("web"), scene.revision)
    scene.take(proxy)
    assert scene.deliveries.audience(cds("web"), wildcard=True) == {proxy.stream}
    assert scene.deliveries.audience(cds("web"), wildcard=False) == set()


# Claims


def claiming(scene: Scene, *names: str, proxy: str = "proxy") -> Interest:
    """A stream that says of the names that the proxy holds their newest forms."""
    interest = scene.show(scene.open(proxy), holds=True)
    scene.deliveries.subscribe(interest, names)
    scene.deliveries.claim(interest, names)
    return interest


def test_a_claim_has_nothing_sent_and_is_no_letting_go() -> None:  # rule 23
    scene = Scene()
    proxy = claiming(scene, "web")
    assert not proxy.unsent
    assert scene.deliveries.claimants(eds("web")) == [proxy.stream]
    assert scene.deliveries.reached(eds("web"), scene.revision)
    assert not scene.deliveries.let_go(eds("web"), NEVER)


def test_a_change_of_a_claimed_resource_leaves_the_stream_behind_with_nothing_known_to_be_held() -> None:
    scene = Scene()
    for _ in range(7):
        scene.change("api")
    proxy = claiming(scene, "web")
    scene.change("web")
    assert not proxy.claimed
    assert proxy.behind["web"].held == NEVER
    scene.take(proxy)
    assert scene.deliveries.let_go(eds("web"), scene.revision)


def test_claims_are_asked_by_having_the_resource_sent_again() -> None:
    scene = Scene()
    scene.change("web")
    one, two = claiming(scene, "web", "api", proxy="one"), claiming(scene, "web", proxy="two")
    up_to_date = scene.connect("up to date", "web")
    assert scene.deliveries.ask_claims(eds("web"), Revision(1), scene.now) == {one.stream, two.stream}
    assert one.unsent == two.unsent == {"web"}
    assert one.claimed == {"api"}
    assert not up_to_date.unsent
    assert not scene.deliveries.reached(eds("web"), Revision(1))
    scene.take(one)
    scene.take(two)
    assert scene.deliveries.let_go(eds("web"), Revision(1))
    assert scene.deliveries.ask_claims(eds("web"), Revision(1), scene.now) == set()


def test_the_claims_of_an_absent_proxy_are_asked_too_and_nobody_is_woken() -> None:
    scene = Scene()
    proxy = claiming(scene, "web")
    scene.end(proxy)
    assert scene.deliveries.ask_claims(eds("web"), Revision(1), scene.now) == set()
    assert not scene.deliveries.reached(eds("web"), Revision(1))


def test_a_name_given_up_is_claimed_no_more_unless_it_is_used() -> None:
    scene = Scene()
    proxy = claiming(scene, "web", "api")
    scene.deliveries.give_up(proxy, ["web"], unused)
    scene.deliveries.give_up(proxy, ["api"], used)
    assert scene.deliveries.claimants(eds("web")) == []
    assert scene.deliveries.claimants(eds("api")) == [proxy.stream]


def test_an_ack_of_a_repeated_resource_settles_a_claim() -> None:
    scene = Scene()
    proxy = claiming(scene, "web")
    scene.deliveries.owe(proxy, "web", scene.revision, scene.now)
    assert not proxy.claimed
    scene.take(proxy)
    assert scene.deliveries.claimants(eds("web")) == []
    assert not proxy.behind
