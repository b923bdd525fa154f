"""How each straggler is named: its state, since when, and in words."""

from ledger.ids import NEVER, ProxyId, StreamId
from ledger.receipts import Straggler, StragglerState
from tests.ledger.scene import CDS, EDS, LDS, Scene, eds

ASSIGNMENT = str(eds("web"))


def only(scene: Scene) -> Straggler:
    """The one straggler of the receipt for `w`."""
    (straggler,) = scene.receipt("w").stragglers
    return straggler


def told(scene: Scene) -> tuple[StragglerState, float, str]:
    straggler = only(scene)
    return straggler.state, straggler.since, straggler.detail


def test_every_state_of_a_straggler_is_proven_here() -> None:
    proven = {
        StragglerState.NOT_SENT,
        StragglerState.SENT,
        StragglerState.NACKED,
        StragglerState.CLAIMED,
        StragglerState.GAVE_UP,
        StragglerState.CONNECTING,
        StragglerState.ABSENT,
    }
    assert proven == set(StragglerState)


def test_one_that_waits_to_be_sent_does_so_since_it_fell_behind() -> None:
    scene = Scene()
    proxy = scene.connect("proxy", "web")
    scene.apply("w", "web")
    scene.now += 5
    assert told(scene) == (StragglerState.NOT_SENT, 1000.0, "waits to be sent")
    assert (only(scene).proxy, only(scene).stream, only(scene).resource) == ("proxy", proxy.stream, ASSIGNMENT)


def test_one_that_was_sent_to_has_not_answered_since_it_was_sent() -> None:
    scene = Scene()
    proxy = scene.connect("proxy", "web")
    scene.apply("w", "web")
    scene.now += 5
    scene.send(proxy)
    assert told(scene) == (StragglerState.SENT, 1005.0, "sent, and not answered yet")


def test_one_that_acked_an_older_build_waits_to_be_sent_again() -> None:
    scene = Scene()
    proxy = scene.connect("proxy", "web")
    scene.apply("w", "web", generation=1)
    built = scene.send(proxy)
    scene.apply("w", "web", generation=2)
    scene.ack(proxy, "web", built=built)
    assert told(scene) == (StragglerState.NOT_SENT, 1000.0, "waits to be sent")


def test_one_that_rejected_it_says_why() -> None:
    scene = Scene()
    proxy = scene.connect("proxy", "web")
    scene.apply("w", "web")
    scene.send(proxy)
    scene.nack(proxy, "web", text="malformed IP address: 300.0.0.1")
    assert told(scene) == (StragglerState.NACKED, 1000.0, "malformed IP address: 300.0.0.1")


def test_one_that_was_sent_again_what_it_rejected_still_says_why() -> None:
    scene = Scene()
    proxy = scene.connect("proxy", "web")
    scene.apply("w", "web")
    scene.send(proxy)
    scene.nack(proxy, "web", text="no", again=True)
    scene.send(proxy)
    assert told(scene) == (StragglerState.NACKED, 1000.0, "no")


def test_one_that_rejected_it_on_an_earlier_stream_is_told_as_that() -> None:
    scene = Scene()
    proxy = scene.show(scene.open("proxy"), holds=True)
    scene.deliveries.subscribe(proxy, ["web"])
    scene.deliveries.owe(proxy, "web", scene.revision, scene.now, held=NEVER, tainted=True)
    scene.apply("w", "web")
    assert told(scene) == (StragglerState.NACKED, 1000.0, "may have been rejected on an earlier stream")


def test_one_that_only_claims_to_hold_it_does_so_since_its_stream_opened() -> None:
    scene = Scene()
    scene.apply("w", "web")
    scene.now += 5
    proxy = scene.show(scene.open("proxy"), holds=True)
    scene.deliveries.subscribe(proxy, ["web"])
    scene.deliveries.claim(proxy, ["web"])
    scene.now += 5
    detail = "says that it holds it; it will be sent again, and its ACK awaited"
    assert told(scene) == (StragglerState.CLAIMED, 1005.0, detail)
    assert only(scene).resource == ASSIGNMENT


def test_one_that_gave_it_up_may_use_it_still() -> None:
    scene = Scene()
    proxy = scene.connect("proxy", "web")
    scene.apply("w", "web")
    scene.deliveries.give_up(proxy, ["web"], lambda _: True)
    detail = "gave up the resource, and has not ACKed the removal of what uses it"
    assert told(scene) == (StragglerState.GAVE_UP, 1000.0, detail)


def test_a_stream_that_has_not_named_its_proxy_is_nobody_yet() -> None:
    scene = Scene()
    scene.apply("w", "web")
    scene.deliveries.arrive(StreamId(100), 1005.0)
    detail = "has not said which proxy it is"
    assert only(scene) == Straggler(ProxyId(""), StreamId(100), "", StragglerState.CONNECTING, 1005.0, detail)


def test_a_stream_that_is_connecting_is_told_by_what_it_has_not_shown() -> None:
    scene = Scene()
    scene.apply("w", "web")
    scene.now += 5
    record = scene.open("proxy", types=(CDS, EDS, LDS))
    scene.show(record, EDS)
    detail = "has not shown what it holds of Cluster, Listener"
    assert told(scene) == (StragglerState.CONNECTING, 1005.0, detail)
    assert (only(scene).proxy, only(scene).resource) == ("proxy", "")


def test_one_that_may_hold_what_was_sent_before_this_process_started_is_told_with_the_resource() -> None:
    scene = Scene()
    proxy = scene.show(scene.open("proxy"), holds=True)
    scene.deliveries.subscribe(proxy, ["api"])
    scene.deliveries.owe(proxy, "api", scene.revision, scene.now, held=NEVER, relic=True)
    scene.apply("w", "web")
    detail = "may hold what was sent before this control plane started"
    assert told(scene) == (StragglerState.NOT_SENT, 1000.0, detail)
    assert only(scene).resource == str(eds("api"))


def test_an_absent_one_keeps_what_it_had_since_its_stream_ended() -> None:
    scene = Scene()
    proxy = scene.connect("proxy", "web")
    scene.apply("w", "web")
    scene.send(proxy)
    scene.now += 5
    scene.end(proxy)
    assert told(scene) == (StragglerState.ABSENT, 1005.0, "its stream ended, and it keeps what it had")


def test_an_absent_one_that_only_claims_to_hold_it_is_not_said_to_be_sent_anything() -> None:
    scene = Scene()
    proxy = scene.show(scene.open("proxy"), holds=True)
    scene.deliveries.subscribe(proxy, ["web"])
    scene.apply("w", "web")
    scene.take(proxy)
    scene.deliveries.claim(proxy, ["web"])
    scene.end(proxy)
    assert told(scene) == (StragglerState.ABSENT, 1000.0, "its stream ended, and it keeps what it had")


def test_an_absent_one_is_told_with_the_reason_for_which_it_rejected_it() -> None:
    scene = Scene()
    proxy = scene.connect("proxy", "web")
    scene.apply("w", "web")
    scene.send(proxy)
    scene.nack(proxy, "web", text="no")
    scene.now += 5
    scene.end(proxy)
    assert told(scene) == (StragglerState.ABSENT, 1005.0, "no")
    assert only(scene).resource == ASSIGNMENT


def test_an_absent_one_that_never_showed_what_it_holds_is_absent_too() -> None:
    scene = Scene()
    record = scene.open("proxy", types=(CDS, EDS))
    scene.show(record, CDS, holds=True)
    scene.now += 5
    scene.end(record)
    scene.apply("w", "web")
    assert told(scene) == (StragglerState.ABSENT, 1005.0, "has not shown what it holds of Assignment")


def test_a_remembered_one_is_absent_since_this_process_started() -> None:
    scene = Scene()
    scene.deliveries.remember(scene.new_ids(1), ProxyId("proxy"), [EDS], scene.now)
    scene.apply("w", "web")
    detail = "may hold what was sent before this control plane started"
    assert told(scene) == (StragglerState.ABSENT, 1000.0, detail)


def test_one_that_is_behind_on_several_resources_is_named_for_each() -> None:
    scene = Scene()
    scene.connect("proxy", "a", "b", "c")
    scene.apply("w", "a", "b")
    receipt = scene.receipt("w")
    assert sorted(s.resource for s in receipt.stragglers) == [str(eds("a")), str(eds("b"))]
    assert (receipt.acked, receipt.audience) == (0, 1)


def test_one_that_holds_the_objects_form_and_is_behind_on_a_later_one_is_no_straggler() -> None:
    scene = Scene()
    proxy = scene.connect("proxy", "web")
    scene.apply("w", "web")
    scene.take(proxy)
    scene.apply("another", "web")
    assert scene.receipt("w").stragglers == ()
    assert scene.receipt("w").acked == 1
