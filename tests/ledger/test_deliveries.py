"""Who is behind on what: changes, responses and ACKs."""

from ledger.deliveries import ResourceChange
from ledger.ids import NEVER, Revision, StreamId
from ledger.interest import DeliveryState
from tests.ledger.scene import CDS, EDS, OTHER_VIEW, VIEW, Scene, calls, cds, eds


def held(scene: Scene, name: str) -> dict[StreamId, Revision]:
    """What each stream that is behind on an assignment is known to hold."""
    lag = scene.deliveries.lag(eds(name))
    return {stream: progress.held for stream, progress in lag.progress.items()} if lag else {}


# Changes


def test_a_change_leaves_every_subscriber_of_the_name_behind_and_nobody_else() -> None:
    scene = Scene()
    one, two = scene.connect("one", "web", "api"), scene.connect("two", "web")
    other = scene.connect("other", "api")
    assert scene.change("web") == {one.stream, two.stream}
    assert one.behind.keys() == one.unsent == {"web"}
    assert two.behind.keys() == two.unsent == {"web"}
    assert not other.behind


def test_a_stream_that_was_up_to_date_is_known_to_hold_the_form_before_the_change() -> None:
    scene = Scene()
    proxy = scene.connect("proxy", "web")
    for _ in range(4):
        scene.change("api")
    scene.change("web")
    assert held(scene, "web") == {proxy.stream: Revision(4)}
    assert scene.deliveries.reached(eds("web"), Revision(4))
    assert not scene.deliveries.reached(eds("web"), Revision(5))


def test_of_a_stream_that_is_behind_already_a_change_raises_what_it_needs_and_not_what_it_holds() -> None:
    scene = Scene()
    proxy = scene.connect("proxy", "web")
    scene.change("web")
    scene.now += 5
    scene.change("web")
    assert held(scene, "web") == {proxy.stream: NEVER}
    assert proxy.behind["web"].need == Revision(2)
    assert proxy.behind["web"].since == 1000.0, "it fell behind with the first change"


def test_a_change_in_one_view_does_not_concern_streams_of_another() -> None:
    scene = Scene()
    here, there = scene.connect("here", "web", view=VIEW), scene.connect("there", "web", view=OTHER_VIEW)
    assert scene.change("web", views=[VIEW]) == {here.stream}
    assert not there.behind
    assert scene.change("web", views=[]) == set()


def test_a_wildcard_subscriber_is_concerned_by_what_wildcards_cover_and_by_what_it_names() -> None:
    scene = Scene()
    proxy = scene.show(scene.open(types=(CDS,)), CDS)
    scene.deliveries.set_wildcard(proxy, True)
    assert scene.change("web", wildcard=True, type_url=CDS) == {proxy.stream}
    assert scene.change("api", wildcard=False, type_url=CDS) == set()
    scene.ask(proxy, "api")
    assert scene.change("api", wildcard=False, type_url=CDS) == {proxy.stream}
    scene.deliveries.set_wildcard(proxy, False)
    scene.take(proxy)
    assert scene.change("web", wildcard=True, type_url=CDS) == set()


def test_an_absent_proxy_falls_behind_and_is_not_woken() -> None:
    scene = Scene()
    proxy = scene.connect("proxy", "web")
    scene.end(proxy)
    assert scene.change("web") == set()
    assert held(scene, "web") == {proxy.stream: NEVER}


def test_a_name_that_does_not_exist_is_owed_when_it_comes_to_exist() -> None:  # rule 9
    scene = Scene()
    proxy = scene.connect("proxy", "not yet")
    assert scene.change("not yet") == {proxy.stream}


def test_the_audience_of_a_resource_is_who_names_it_and_who_covers_it_by_wildcard() -> None:
    scene = Scene()
    named = scene.connect("named", "web", type_url=CDS)
    everything = scene.show(scene.open("everything", types=(CDS,)), CDS)
    scene.deliveries.set_wildcard(everything, True)
    scene.connect("assignments", "web", type_url=EDS)
    assert scene.deliveries.audience(cds("web"), wildcard=True) == {named.stream, everything.stream}
    assert scene.deliveries.audience(cds("web"), wildcard=False) == {named.stream}
    assert scene.deliveries.audience(cds("nobody's"), wildcard=False) == set()


# Responses


def test_an_ack_of_the_newest_form_settles_the_resource() -> None:
    scene = Scene()
    proxy = scene.connect("proxy", "web", "api")
    scene.change("web", "api")
    scene.send(proxy)
    assert proxy.state("web") is DeliveryState.SENT
    scene.ack(proxy, "web")
    assert proxy.behind.keys() == {"api"}
    assert scene.deliveries.lag(eds("web")) is None


def test_an_ack_of_an_older_build_does_not_credit_a_newer_change() -> None:
    scene = Scene()
    proxy = scene.connect("proxy", "web")
    scene.change("web")
    built = scene.send(proxy)
    scene.change("web")
    scene.ack(proxy, "web", built=built)
    assert held(scene, "web") == {proxy.stream: built}
    assert scene.deliveries.reached(eds("web"), built)
    assert not scene.deliveries.reached(eds("web"), scene.revision)
    assert proxy.unsent == {"web"}
    assert proxy.state("web") is DeliveryState.NOT_SENT


def test_an_ack_of_a_response_that_is_to_be_repeated_credits_its_build_and_leaves_the_stream_behind() -> None:  # rule 8
    scene = Scene()
    proxy = scene.connect("proxy", "web")
    scene.change("web")
    built = scene.send(proxy)
    scene.deliveries.owe(proxy, "web", scene.revision, scene.now)
    scene.ack(proxy, "web", built=built)
    assert proxy.unsent == {"web"}
    assert held(scene, "web") == {proxy.stream: built}
    scene.take(proxy)
    assert not proxy.behind


def test_an_ack_of_what_the_stream_is_not_behind_on_changes_nothing() -> None:  # rule 29
    scene = Scene()
    proxy = scene.connect("proxy", "web")
    scene.ack(proxy, "web", "never heard of", built=Revision(99))
    assert not proxy.behind
    scene.change("web")
    assert not scene.deliveries.reached(eds("web"), scene.revision)


def test_several_changes_are_merged_into_one_delivery() -> None:  # rule 13
    scene = Scene()
    proxy = scene.connect("proxy", "web")
    for _ in range(100):
        scene.change("web")
    assert proxy.unsent == {"web"}
    scene.take(proxy)
    assert not proxy.behind


def test_sending_again_does_not_take_back_what_the_stream_is_known_to_hold_of_earlier_changes() -> None:
    scene = Scene()
    proxy = scene.connect("proxy", "web")
    scene.change("web")
    scene.take(proxy)
    scene.change("api")
    scene.deliveries.owe(proxy, "web", scene.revision, scene.now)
    assert scene.deliveries.reached(eds("web"), Revision(1))


def test_a_resource_is_fresh_to_a_stream_until_it_has_acked_a_form_of_it() -> None:
    scene = Scene()
    proxy = scene.ask(scene.show(scene.open()), "web")
    assert proxy.behind["web"].fresh
    built = scene.send(proxy)
    scene.change("web")
    assert proxy.behind["web"].fresh
    scene.ack(proxy, "web", built=built)
    assert not proxy.behind["web"].fresh, "the stream has an older form"
    scene.take(proxy)
    scene.change("web")
    assert not proxy.behind["web"].fresh


def test_a_resource_that_was_not_there_is_fresh_to_all_when_it_appears() -> None:  # rule 9
    scene = Scene()
    proxy = scene.connect("proxy", "web")
    scene.deliveries.changed([ResourceChange(eds("web"), None, False, True)], scene.revision, scene.revision, scene.now)
    assert proxy.behind["web"].fresh


def test_each_state_of_a_delivery_has_its_name() -> None:
    scene = Scene()
    proxy = scene.connect("proxy", "unsent", "sent", "nacked", "given up", "claimed")
    scene.change("unsent", "sent", "nacked", "given up")
    scene.send(proxy, "sent", "nacked")
    scene.nack(proxy, "nacked")
    scene.deliveries.give_up(proxy, ["given up"], lambda _: True)
    scene.deliveries.claim(proxy, ["claimed"])
    states = {name: proxy.state(name) for name in ("unsent", "sent", "nacked", "given up", "claimed")}
    assert states == {
        "unsent": DeliveryState.NOT_SENT,
        "sent": DeliveryState.SENT,
        "nacked": DeliveryState.NACKED,
        "given up": DeliveryState.GAVE_UP,
        "claimed": DeliveryState.CLAIMED,
    }


def test_what_somebody_is_behind_on_can_be_listed() -> None:
    scene = Scene()
    proxy = scene.connect("proxy", "web", "api")
    assert scene.deliveries.lagging() == []
    scene.change("web")
    scene.deliveries.wait(eds("api"), scene.revision, lambda: None)
    assert scene.deliveries.lagging() == [eds("web")]
    scene.take(proxy)
    assert scene.deliveries.lagging() == []


# Cost


def test_nothing_is_left_of_a_delivery_that_everybody_acked() -> None:
    scene = Scene()
    proxies = [scene.connect(f"proxy-{number}", "web", "api") for number in range(50)]
    scene.change("web", "api")
    for proxy in proxies:
        scene.take(proxy)
    assert all(not (p.behind or p.unsent or p.rejected or p.claimed) for p in proxies)
    assert scene.deliveries.lag(eds("web")) is None
    assert scene.deliveries.lag(eds("api")) is None
    assert scene.deliveries.take_due() == []


def test_nothing_is_left_of_a_proxy_that_is_gone() -> None:
    scene = Scene()
    empty = footprint_of(Scene())
    proxy = scene.connect("proxy", "web", "api", "db")
    scene.deliveries.give_up(proxy, ["api"], lambda _: True)
    scene.deliveries.claim(proxy, ["db"])
    scene.change("web", "api")
    scene.end(proxy)
    view = scene.deliveries.streams[proxy.stream].view
    assert scene.deliveries.forget(scene.deliveries.streams[proxy.stream].proxy)
    assert scene.deliveries.take_vacated() == {view}
    assert footprint_of(scene) == empty


def test_a_change_costs_its_subscribers_and_not_the_others() -> None:
    costs = []
    for bystanders in (1, 500):
        scene = Scene()
        scene.connect("proxy", "web")
        for number in range(bystanders):
            scene.connect(f"bystander-{number}", "api")
        costs.append(calls(scene.change, "web"))
    assert costs[0] == costs[1]


def test_an_ack_does_not_cost_more_where_others_are_behind_too() -> None:
    costs = []
    for others in (1, 500):
        scene = Scene()
        proxy = scene.connect("proxy", "web")
        for number in range(others):
            scene.connect(f"other-{number}", "web")
        scene.change("web")
        scene.send(proxy)
        costs.append(calls(scene.ack, proxy, "web"))
    assert costs[0] == costs[1]


def footprint_of(scene: Scene) -> dict[str, int]:
    """How many things are in each collection of the deliveries; empty ones of a type that was once seen don't count."""
    sizes = {}
    for name, value in vars(scene.deliveries).items():
        if isinstance(value, dict):
            sizes[name] = sum(1 for inner in value.values() if inner)
        elif isinstance(value, set | list):
            sizes[name] = len(value)
    return sizes
