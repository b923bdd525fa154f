"""The steps of a removal: what is next is told by the object alone."""

from typing import Any

import pytest

from controllers.kubernetes.drain import FINALIZER, LONGEST_REQUEST, MARGIN_SECONDS, Confirm, Drain, Form, Patch, Wait
from tests.kubernetes.documents import Document, workload_key
from xds.objects import DRAINING_LABEL

KEY = workload_key()
LONGEST = 15.0


def entry(*, draining: bool = False, generation: int = 1, uid: str = "one", **metadata: Any) -> Document:
    """One that is being deleted, unless `deletionTimestamp` is None."""
    labels = {"app": "web", **({DRAINING_LABEL: "true"} if draining else {})}
    about = {
        "uid": uid,
        "generation": generation,
        "resourceVersion": "7",
        "deletionTimestamp": "2026-01-01T00:00:00Z",
        "finalizers": ["another", FINALIZER],
        **metadata,
    }
    return {"metadata": {k: v for k, v in about.items() if v is not None}, "spec": {"labels": labels}}


def test_it_is_marked_then_confirmed_then_its_requests_end_then_it_is_released() -> None:
    drain = Drain(LONGEST)
    mark = drain.next(KEY, entry(), 0.0)
    assert mark == Patch(
        {"metadata": {"uid": "one", "resourceVersion": "7"}, "spec": {"labels": {DRAINING_LABEL: "true"}}}
    )
    marked = entry(draining=True, generation=2)
    assert drain.next(KEY, marked, 1.0) == Confirm(Form("one", 2))
    drain.confirmed(KEY, Form("one", 2), 10.0)
    ended = 10.0 + LONGEST + MARGIN_SECONDS
    assert drain.next(KEY, marked, 10.0) == Wait(ended)
    assert drain.next(KEY, marked, ended) == Patch(
        {"metadata": {"uid": "one", "resourceVersion": "7", "finalizers": ["another"]}}
    )


@pytest.mark.parametrize(
    "document",
    [None, entry(deletionTimestamp=None), entry(finalizers=["another"]), entry(finalizers=None)],
    ids=["gone", "not deleted", "not ours", "no finalizers"],
)
def test_what_does_not_wait_on_us_is_left_alone(document: Document | None) -> None:
    assert Drain(LONGEST).next(KEY, document, 0.0) is None


def test_after_an_edit_it_is_confirmed_anew() -> None:
    drain = Drain(LONGEST)
    drain.confirmed(KEY, Form("one", 2), 0.0)
    assert drain.next(KEY, entry(draining=True, generation=3), 100.0) == Confirm(Form("one", 3))


def test_whoever_takes_the_mark_away_finds_it_there_again() -> None:
    drain = Drain(LONGEST)
    drain.confirmed(KEY, Form("one", 2), 0.0)
    assert isinstance(drain.next(KEY, entry(generation=3), 100.0), Patch)
    assert drain.next(KEY, entry(draining=True, generation=4), 100.0) == Confirm(Form("one", 4))


def test_another_object_of_the_name_is_not_the_one_that_was_confirmed() -> None:
    drain = Drain(LONGEST)
    drain.confirmed(KEY, Form("one", 2), 0.0)
    assert drain.next(KEY, entry(draining=True, generation=2, uid="two"), 100.0) == Confirm(Form("two", 2))


def test_a_restart_waits_for_the_requests_once_more() -> None:
    marked = entry(draining=True, generation=2)
    assert Drain(LONGEST).next(KEY, marked, 1000.0) == Confirm(Form("one", 2))


@pytest.mark.parametrize(("given", "seconds"), [("2m", 120.0), ("500ms", 0.5), ("soon", LONGEST)])
def test_an_instance_may_say_how_long_its_requests_take(given: str, seconds: float) -> None:
    drain = Drain(LONGEST)
    drain.confirmed(KEY, Form("one", 2), 0.0)
    marked = entry(draining=True, generation=2, annotations={LONGEST_REQUEST: given})
    assert drain.next(KEY, marked, 0.0) == Wait(seconds + MARGIN_SECONDS)
