"""NACKs: what a stream rejected is tainted until it is ACKed."""

import pytest

from tests.ledger.scene import Scene, eds


@pytest.mark.parametrize("again", [True, False])
def test_a_nack_taints_every_resource_of_the_response_and_credits_none(again: bool) -> None:  # rule 31
    scene = Scene()
    proxy = scene.connect("proxy", "web", "api", "db")
    scene.change("web", "api", "db")
    scene.send(proxy, "web", "api")
    scene.nack(proxy, "web", "api", text="no such thing", again=again)
    assert proxy.rejected == {"web", "api"}
    assert {name for name, progress in proxy.behind.items() if progress.alone} == {"web", "api"}
    assert proxy.behind["web"].nack == "no such thing"
    assert not scene.deliveries.reached(eds("web"), scene.revision)
    assert proxy.unsent == ({"web", "api", "db"} if again else {"db"})


def test_a_nack_without_a_reason_is_told_as_that() -> None:
    scene = Scene()
    proxy = scene.connect("proxy", "web")
    scene.change("web")
    scene.send(proxy)
    scene.nack(proxy, "web", text="")
    assert proxy.behind["web"].nack == "rejected without a reason"


def test_a_rejected_resource_waits_for_its_next_change() -> None:  # rule 6
    scene = Scene()
    proxy = scene.connect("proxy", "web")
    scene.change("web")
    scene.send(proxy)
    scene.nack(proxy, "web")
    assert not proxy.unsent
    scene.change("web")
    assert proxy.unsent == {"web"}
    assert proxy.behind["web"].alone


def test_an_ack_takes_the_taint_away() -> None:
    scene = Scene()
    proxy = scene.connect("proxy", "web")
    scene.change("web")
    scene.send(proxy)
    scene.nack(proxy, "web", again=True)
    scene.take(proxy)
    assert not proxy.rejected
    assert not proxy.behind


def test_an_ack_of_an_older_build_takes_the_taint_away_too() -> None:
    scene = Scene()
    proxy = scene.connect("proxy", "web")
    scene.change("web")
    scene.send(proxy)
    scene.nack(proxy, "web", again=True)
    built = scene.send(proxy)
    scene.change("web")
    scene.ack(proxy, "web", built=built)
    assert not proxy.rejected
    assert proxy.behind["web"].nack == ""
    assert not proxy.behind["web"].alone
