"""List and watch, without a socket: what is asked next, and what the answers say."""

from typing import Any

import pytest

from controllers.kubernetes.backoff import Backoff
from controllers.kubernetes.failure import GONE, Failure
from controllers.kubernetes.objects import Change, Name
from controllers.kubernetes.reflector import FEW, PAGE, SHORT_SECONDS, ListPage, Patience, Pause, Reflector, Watch
from tests.kubernetes.documents import Document, numbered

PATIENCE = 30.0
GRACE = 5.0
BROKEN = Failure(500, "it is broken")
FORGOTTEN = Failure(GONE, "too old resource version")


def reflector() -> Reflector:
    return Reflector("things", Patience(PATIENCE, GRACE), Backoff(base=1.0, most=8.0, draw=lambda: 1.0))


def synced(*names: str, version: int = 10) -> Reflector:
    """It has listed these, and watches."""
    made = reflector()
    made.listed([numbered(name, 1) for name in names], str(version), "", 0.0)
    made.watching(0.0)
    return made


def event(kind: str, about: Document) -> dict[str, Any]:
    return {"type": kind, "object": about}


def held(made: Reflector) -> set[str]:
    return {name.name for name in made.objects}


def told(changes: list[Change]) -> dict[str, bool]:
    """What has changed, and whether it is still there."""
    return {change.name.name: change.new is not None for change in changes}


def test_the_first_list_asks_for_the_newest_state_page_by_page() -> None:
    made = reflector()
    assert made.next(0.0) == ListPage(PAGE)
    assert made.listed([numbered("a", 1)], "10", "more", 0.0) == []
    assert not made.synced
    assert made.next(0.0) == ListPage(PAGE, "more")
    assert told(made.listed([numbered("b", 2)], "10", "", 0.0)) == {"a": True, "b": True}
    assert made.synced
    assert made.next(0.0) == Watch("10")


def test_changes_are_told_and_the_next_watch_begins_after_the_last_of_them() -> None:
    made = synced("a", "b")
    assert told(made.told(event("MODIFIED", numbered("a", 11)), 0.0)) == {"a": True}
    assert told(made.told(event("DELETED", numbered("b", 12)), 0.0)) == {"b": False}
    assert told(made.told(event("ADDED", numbered("c", 13)), 0.0)) == {"c": True}
    assert made.told(event("BOOKMARK", {"metadata": {"resourceVersion": "20"}}), 0.0) == []
    assert held(made) == {"a", "c"}
    assert made.next(0.0) == Watch("20")


def test_what_is_told_again_changes_nothing() -> None:
    made = synced("a")
    made.told(event("MODIFIED", numbered("a", 11)), 0.0)
    assert made.told(event("ADDED", numbered("a", 11)), 0.0) == []
    assert made.told(event("DELETED", numbered("unheard of", 12)), 0.0) == []


def test_two_namespaces_may_have_one_name() -> None:
    made = synced()
    made.told(event("ADDED", numbered("a", 11)), 0.0)
    made.told(event("ADDED", numbered("a", 12, "another")), 0.0)
    made.told(event("DELETED", numbered("a", 13)), 0.0)
    assert set(made.objects) == {Name("another", "a")}


def test_when_the_version_is_forgotten_what_was_missed_is_found_by_another_list() -> None:
    made = synced("a", "b", "c")
    made.told(event("MODIFIED", numbered("a", 11)), 0.0)
    made.told(event("ERROR", {"kind": "Status", "code": GONE, "message": "too old"}), 1.0)
    assert made.next(1.0) == ListPage(PAGE), "at once: it was a watch that went well"
    changes = made.listed([numbered("a", 11), numbered("b", 15), numbered("d", 16)], "20", "", 1.0)
    assert told(changes) == {"b": True, "c": False, "d": True}


def test_a_server_that_forgets_every_version_at_once_is_not_asked_without_a_pause() -> None:
    made, now, pauses = reflector(), 0.0, []
    for _ in range(4):
        made.listed([numbered("a", 1)], "10", "", now)
        made.watching(now)
        made.failed(FORGOTTEN, now)
        pause = made.next(now)
        assert isinstance(pause, Pause)
        pauses.append(pause.until - now)
        now = pause.until
        assert made.next(now) == ListPage(PAGE)
    assert pauses == [1, 2, 4, 8]


def test_when_the_rest_of_a_list_is_forgotten_all_is_asked_for_in_one() -> None:
    made = reflector()
    made.listed([numbered("a", 1)], "10", "more", 0.0)
    made.failed(FORGOTTEN, 0.0)
    assert made.next(10.0) == ListPage(0)
    made.listed([numbered("b", 1)], "20", "", 10.0)
    assert held(made) == {"b"}, "half a list says nothing"
    made.failed(BROKEN, 10.0)
    made.failed(FORGOTTEN, 10.0)
    assert made.next(100.0) == ListPage(PAGE)


def test_failures_are_followed_by_longer_and_longer_pauses() -> None:
    made, now, pauses = reflector(), 0.0, []
    for _ in range(6):
        made.failed(BROKEN, now)
        pause = made.next(now)
        assert isinstance(pause, Pause)
        pauses.append(pause.until - now)
        now = pause.until
    assert pauses == [1, 2, 4, 8, 8, 8]
    made.listed([], "10", "", now)
    made.watching(now)
    made.told(event("BOOKMARK", {"metadata": {"resourceVersion": "11"}}), now)
    made.failed(BROKEN, now)
    assert made.next(now) == Pause(now + 1)


def test_as_long_as_the_server_asks_for_nothing_is_sent() -> None:
    made = synced()
    made.failed(Failure(429, "too many requests", retry_after=7.0), 0.0)
    assert made.next(0.0) == Pause(8.0)


def test_a_watch_that_breaks_goes_on_where_it_was() -> None:
    made = synced("a")
    made.told(event("MODIFIED", numbered("a", 11)), 0.0)
    made.failed(Failure(0, "connection reset"), 1.0)
    assert made.next(10.0) == Watch("11")
    assert held(made) == {"a"}


def test_where_nothing_is_found_any_more_it_is_listed_anew() -> None:
    made = synced("a")
    made.failed(Failure(404, "the server could not find the requested resource"), 1.0)
    assert made.next(10.0) == ListPage(PAGE)
    assert held(made) == {"a"}


def test_watches_that_end_at_once_are_not_opened_without_a_pause() -> None:
    made = synced()
    made.ended(SHORT_SECONDS / 2)
    assert isinstance(made.next(SHORT_SECONDS / 2), Pause)


def test_a_watch_that_ends_after_a_while_is_opened_again_at_once() -> None:
    made = synced()
    made.ended(100.0)
    assert made.next(100.0) == Watch("10")


@pytest.mark.parametrize(
    "strange",
    [
        {"type": "WHAT", "object": {}},
        {},
        {"type": "ADDED"},
        {"type": "ADDED", "object": "a"},
        {"type": "ADDED", "object": {}},
        {"type": "MODIFIED", "object": {"metadata": "a"}},
        {"type": "DELETED", "object": {"metadata": {"name": "a"}}},
        {"type": "DELETED", "object": {"metadata": {"resourceVersion": "11"}}},
        {"type": "BOOKMARK", "object": {}},
    ],
)
def test_after_an_event_that_is_not_understood_everything_is_listed_again(strange: dict[str, Any]) -> None:
    made = synced("a")
    made.told(strange, 0.0)
    assert made.next(100.0) == ListPage(PAGE)
    assert held(made) == {"a"}


@pytest.mark.parametrize(
    ("items", "version"),
    [([], ""), ([{}], "11"), ([{"metadata": None}], "11"), ([{"metadata": {"name": "a"}}], "11"), (["a"], "11")],
)
def test_what_is_no_list_is_no_answer_and_is_asked_for_again(items: list[Any], version: str) -> None:
    made = synced("a")
    made.list_again()
    assert made.listed(items, version, "", 0.0) == []
    assert not made.is_fresh
    assert made.next(0.0) == Pause(1.0)
    assert made.next(1.0) == ListPage(PAGE)
    assert held(made) == {"a"}


# What can't be


def test_a_list_that_is_suddenly_empty_empties_nothing_until_another_one_confirms_it() -> None:
    made = synced("a", "b")
    made.failed(FORGOTTEN, 0.0)
    assert made.listed([], "20", "", 1.0) == []
    assert held(made) == {"a", "b"}
    assert "2 of 2" in str(made.trouble(1.0))
    assert made.next(1.0) == Watch("20", until=1.0 + PATIENCE)
    assert made.next(1.0 + PATIENCE) == ListPage(PAGE)
    assert told(made.listed([], "30", "", 1.0 + PATIENCE)) == {"a": False, "b": False}
    assert made.trouble(1.0 + PATIENCE) is None


def test_what_was_missing_and_is_back_was_never_gone() -> None:
    made = synced("a", "b")
    made.failed(FORGOTTEN, 0.0)
    made.listed([], "20", "", 1.0)
    assert told(made.told(event("ADDED", numbered("a", 21)), 2.0)) == {"a": True}
    assert made.next(1.0 + PATIENCE) == ListPage(PAGE)
    assert told(made.listed([numbered("a", 21), numbered("b", 1)], "30", "", 1.0 + PATIENCE)) == {}
    assert made.trouble(100.0) is None
    assert held(made) == {"a", "b"}


def test_most_of_many_is_doubted_too_and_a_few_are_not() -> None:
    names = [f"n{number:02}" for number in range(4 * FEW)]
    made = synced(*names)
    made.failed(FORGOTTEN, 0.0)
    few = [numbered(name, 1) for name in names[FEW:]]
    assert len(made.listed(few, "20", "", 1.0)) == FEW
    made.failed(FORGOTTEN, 1.0)
    assert made.listed(few[:FEW], "30", "", 2.0) == []
    assert len(made.objects) == 3 * FEW


def test_a_deletion_that_is_told_is_not_doubted() -> None:
    made = synced("a")
    made.failed(FORGOTTEN, 0.0)
    made.listed([], "20", "", 1.0)
    assert told(made.told(event("DELETED", numbered("a", 21)), 2.0)) == {"a": False}
    assert made.trouble(2.0) is None


def test_what_was_missing_and_is_told_of_again_leaves_no_doubt() -> None:
    """Then no other list is asked for, so whoever waits for one that leaves none would wait for ever."""
    made = synced("a")
    made.list_again()
    made.listed([], "20", "", 1.0)
    assert not made.is_fresh
    made.told(event("ADDED", numbered("a", 21)), 2.0)
    assert made.trouble(2.0) is None
    assert made.next(1.0 + PATIENCE) == Watch("21")
    assert made.is_fresh


def test_what_is_told_before_the_list_that_was_asked_for_is_there_is_no_answer_to_that() -> None:
    made = synced("a")
    made.list_again()
    made.told(event("MODIFIED", numbered("a", 11)), 1.0)
    assert not made.is_fresh


def test_a_list_that_is_older_than_what_was_seen_is_not_believed() -> None:
    made = synced("a", version=10)
    made.told(event("ADDED", numbered("b", 30)), 0.0)
    made.failed(FORGOTTEN, 0.0)
    assert made.listed([numbered("a", 1)], "20", "", 1.0) == []
    assert held(made) == {"a", "b"}
    assert "older" in str(made.trouble(1.0 + GRACE))
    assert isinstance(made.next(1.0), Pause)


def test_until_everything_was_listed_nothing_can_be_told() -> None:
    made = reflector()
    assert made.trouble(0.0) == "things: not listed yet"
    made.failed(BROKEN, 0.0)
    assert made.trouble(0.0) == "things: it is broken"


def test_connections_may_break_for_a_moment() -> None:
    made = synced()
    made.failed(BROKEN, 100.0)
    made.failed(BROKEN, 102.0)
    assert made.trouble(100.0 + GRACE - 0.1) is None
    assert made.trouble(100.0 + GRACE) == "things: it is broken, since 1970-01-01T00:01:40Z"
    made.watching(106.0)
    assert made.trouble(106.0) is None
