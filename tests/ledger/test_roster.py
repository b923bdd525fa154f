"""The roster: who is there, who is absent, who is gone, and what of it outlives the process."""

import json

import pytest

from ledger.ids import ProxyId, ResourceName
from ledger.roster import Presence, Proxy, Roster
from tests.ledger.scene import CDS, EDS, eds

WEB = ProxyId("web-1")


def connect(roster: Roster, proxy: str = "web-1", now: float = 1.0) -> Proxy:
    return roster.connected(ProxyId(proxy), "10.0.0.1:4000", "envoy/1.40.0", now)


def presence(roster: Roster, proxy: str = "web-1") -> Presence | None:
    found = roster.get(ProxyId(proxy))
    return found.presence if found is not None else None


def restarted(roster: Roster) -> Roster:
    """The roster of a process that started with what this one wrote to disk."""
    fresh = Roster()
    fresh.load(json.loads(json.dumps(roster.dump())), 50.0)
    return fresh


# Presence


def test_a_proxy_is_absent_when_its_last_stream_has_ended_and_not_before() -> None:
    roster = Roster()
    connect(roster, now=1.0)
    connect(roster, now=2.0)
    roster.stream_ended(WEB, 3.0)
    assert presence(roster) is Presence.CONNECTED
    roster.stream_ended(WEB, 4.0)
    assert presence(roster) is Presence.ABSENT
    found = roster.get(WEB)
    assert found is not None
    assert found.since == 4.0


def test_a_proxy_is_connected_since_it_was_first_or_is_back_and_not_since_its_newest_stream() -> None:
    roster = Roster()
    proxy = connect(roster, now=1.0)
    connect(roster, now=2.0)
    assert proxy.since == 1.0
    roster.stream_ended(WEB, 3.0)
    roster.stream_ended(WEB, 3.0)
    connect(roster, now=4.0)
    assert (proxy.presence, proxy.since) == (Presence.CONNECTED, 4.0)


def test_an_absent_proxy_can_be_forgotten_and_a_connected_one_evidently_is_not_gone() -> None:
    roster = Roster()
    connect(roster)
    assert not roster.forget(WEB, 2.0)
    roster.stream_ended(WEB, 3.0)
    assert roster.forget(WEB, 4.0)
    assert presence(roster) is Presence.GONE
    assert not roster.forget(ProxyId("unheard of"), 5.0)


def test_a_proxy_that_was_thought_gone_and_comes_back_starts_anew() -> None:
    roster = Roster()
    proxy = connect(roster)
    roster.asked(proxy, EDS)
    roster.taint(proxy, frozenset({eds("web")}))
    roster.stream_ended(WEB, 2.0)
    roster.forget(WEB, 3.0)
    back = connect(roster, now=4.0)
    assert (back.presence, back.streams, back.types, back.tainted) == (Presence.CONNECTED, 1, set(), frozenset())


def test_no_more_gone_proxies_are_kept_than_said_and_the_newest_are() -> None:
    roster = Roster(remember_gone=3)
    connect(roster, "living")
    for number in range(10):
        connect(roster, f"p{number}")
        roster.stream_ended(ProxyId(f"p{number}"), float(number))
        roster.forget(ProxyId(f"p{number}"), float(number))
        assert len(roster) <= 4
    assert [proxy.id for proxy in roster.all()] == ["living", "p7", "p8", "p9"]


def test_proxies_are_listed_by_id() -> None:
    roster = Roster()
    for name in ("b", "c", "a"):
        connect(roster, name)
    assert [proxy.id for proxy in roster.all()] == ["a", "b", "c"]


# The version


def test_the_version_rises_with_what_a_restarted_process_must_know_and_with_nothing_else() -> None:
    roster = Roster()
    seen = [roster.version]

    def after(what: object) -> bool:
        del what
        seen.append(roster.version)
        return seen[-1] > seen[-2]

    proxy = connect(roster)
    assert after("a new proxy")
    roster.asked(proxy, EDS)
    assert after("a type it had not asked for")
    roster.asked(proxy, EDS)
    assert not after("the same type again")
    roster.taint(proxy, frozenset({eds("web")}))
    assert after("a rejection")
    roster.taint(proxy, frozenset({eds("web")}))
    assert not after("the same rejection")
    connect(roster)
    assert not after("another stream")
    roster.stream_ended(WEB, 8.0)
    roster.stream_ended(WEB, 8.0)
    assert not after("its absence")
    connect(roster)
    assert not after("its return")
    roster.stream_ended(WEB, 9.0)
    roster.forget(WEB, 9.0)
    assert after("that it is gone")
    connect(roster)
    assert after("that it is not gone after all")


# What outlives the process


def test_a_restarted_process_knows_of_each_proxy_what_it_asked_for_and_rejected() -> None:
    roster = Roster()
    proxy = connect(roster)
    roster.asked(proxy, EDS)
    roster.asked(proxy, CDS)
    roster.taint(proxy, frozenset({eds("web"), ResourceName(CDS, "cluster")}))
    connect(roster, "web-2")
    after = restarted(roster)
    found = after.get(WEB)
    assert found is not None
    assert (found.presence, found.since, found.streams) == (Presence.ABSENT, 50.0, 0)
    assert (found.types, found.tainted) == ({CDS, EDS}, proxy.tainted)
    assert (found.address, found.shown) == ("10.0.0.1:4000", set()), "it has shown nothing to this process"
    assert presence(after, "web-2") is Presence.ABSENT


def test_what_was_dumped_and_loaded_is_dumped_as_it_was() -> None:
    roster = Roster()
    for number in range(5):
        roster.asked(connect(roster, f"p{number}"), EDS)
    roster.taint(connect(roster, "p3"), frozenset({eds("b"), eds("a")}))
    assert restarted(roster).dump() == roster.dump()


def test_a_gone_proxy_does_not_come_back_with_the_dump() -> None:
    roster = Roster()
    connect(roster)
    roster.stream_ended(WEB, 2.0)
    roster.forget(WEB, 3.0)
    assert roster.dump() == []


GOOD: dict[str, object] = {"id": "p", "types": [], "tainted": [], "address": ""}


@pytest.mark.parametrize(
    "bad",
    [
        "p",
        None,
        {},
        {key: value for key, value in GOOD.items() if key != "types"},
        {**GOOD, "id": 1},
        {**GOOD, "types": "CDS"},
        {**GOOD, "types": [1]},
        {**GOOD, "tainted": True},
        {**GOOD, "tainted": [["type"]]},
        {**GOOD, "tainted": [[1, 2]]},
    ],
    ids=repr,
)
def test_what_dump_did_not_give_is_refused(bad: object) -> None:
    with pytest.raises(ValueError, match="not a roster entry"):
        Roster().load([bad], 0.0)


def test_of_a_dump_with_a_bad_entry_nothing_is_taken_in() -> None:
    roster = Roster()
    with pytest.raises(ValueError, match="not a roster entry"):
        roster.load([GOOD, {}], 0.0)
    assert len(roster) == 0
