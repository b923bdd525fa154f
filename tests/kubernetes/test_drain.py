"""The steps of a removal: what is next is told by the object alone."""

from typing import Any

import pytest

from controllers.kubernetes.drain import FINALIZER, MARGIN_SECONDS, Drain
from controllers.kubernetes.steps import Confirm, Form, Patch, Wait
from controllers.kubernetes.times import seconds_of
from ledger.ids import Revision
from tests.kubernetes.documents import Document, workload_key
from xds.objects import DRAINING_LABEL, LONGEST_REQUEST, RELEASE_AFTER

KEY = workload_key()
LONGEST = 15.0
ALONE = Revision(5)
"""Since when proxies have left it alone."""

RELEASE = Patch("release", {"metadata": {"uid": "one", "resourceVersion": "7", "finalizers": ["another"]}})


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
    mark = drain.next(KEY, entry(), 0.0, ALONE)
    same = {"uid": "one", "resourceVersion": "7"}
    assert mark == Patch("mark", {"metadata": same, "spec": {"labels": {DRAINING_LABEL: "true"}}})
    marked = entry(draining=True, generation=2)
    assert drain.next(KEY, marked, 1.0, ALONE) == Confirm(Form("one", 2))
    drain.confirmed(KEY, Form("one", 2), 10.0, True, ALONE)
    ended = 10.0 + LONGEST + MARGIN_SECONDS
    assert drain.next(KEY, marked, 10.0, ALONE) == Wait(ended)
    assert drain.next(KEY, marked, ended, ALONE) == RELEASE


@pytest.mark.parametrize(
    "document",
    [None, entry(deletionTimestamp=None), entry(finalizers=["another"]), entry(finalizers=None)],
    ids=["gone", "not deleted", "not ours", "no finalizers"],
)
def test_what_does_not_wait_on_us_is_left_alone(document: Document | None) -> None:
    assert Drain(LONGEST).next(KEY, document, 0.0, ALONE) is None


def test_after_an_edit_it_is_confirmed_anew() -> None:
    drain = Drain(LONGEST)
    drain.confirmed(KEY, Form("one", 2), 0.0, True, ALONE)
    assert drain.next(KEY, entry(draining=True, generation=3), 100.0, ALONE) == Confirm(Form("one", 3))


def test_whoever_takes_the_mark_away_finds_it_there_again() -> None:
    drain = Drain(LONGEST)
    drain.confirmed(KEY, Form("one", 2), 0.0, True, ALONE)
    assert isinstance(drain.next(KEY, entry(generation=3), 100.0, ALONE), Patch)
    assert drain.next(KEY, entry(draining=True, generation=4), 100.0, ALONE) == Confirm(Form("one", 4))


def test_another_object_of_the_name_is_not_the_one_that_was_confirmed() -> None:
    drain = Drain(LONGEST)
    drain.confirmed(KEY, Form("one", 2), 0.0, True, ALONE)
    assert drain.next(KEY, entry(draining=True, generation=2, uid="two"), 100.0, ALONE) == Confirm(Form("two", 2))


@pytest.mark.parametrize("let_alone", [None, Revision(6)], ids=["Envoy panics", "Envoy has panicked"])
def test_what_proxies_have_used_since_is_confirmed_anew(let_alone: Revision | None) -> None:
    drain, marked = Drain(LONGEST), entry(draining=True, generation=2, annotations={RELEASE_AFTER: "1h"})
    drain.confirmed(KEY, Form("one", 2), DELETED, True, ALONE)
    until = DELETED + 3600.0
    assert drain.next(KEY, marked, DELETED + 1000.0, let_alone) == Confirm(Form("one", 2), until)
    assert drain.next(KEY, marked, until, let_alone) == Patch("release unconfirmed", RELEASE.body)


def test_a_restart_waits_for_the_requests_once_more() -> None:
    marked = entry(draining=True, generation=2)
    assert Drain(LONGEST).next(KEY, marked, 1000.0, ALONE) == Confirm(Form("one", 2))


@pytest.mark.parametrize(("given", "seconds"), [("2m", 120.0), ("500ms", 0.5), ("soon", LONGEST)])
def test_an_instance_may_say_how_long_its_requests_take(given: str, seconds: float) -> None:
    drain = Drain(LONGEST)
    drain.confirmed(KEY, Form("one", 2), 0.0, True, ALONE)
    marked = entry(draining=True, generation=2, annotations={LONGEST_REQUEST: given})
    assert drain.next(KEY, marked, 0.0, ALONE) == Wait(seconds + MARGIN_SECONDS)


DELETED = seconds_of("2026-01-01T00:00:00Z") or 0.0


def test_with_a_bound_it_is_released_unconfirmed_then_and_not_before() -> None:
    drain, bound = Drain(LONGEST), {RELEASE_AFTER: "30s"}
    marked = entry(draining=True, generation=2, annotations=bound)
    assert drain.next(KEY, marked, DELETED, ALONE) == Confirm(Form("one", 2), DELETED + 30.0)
    assert drain.next(KEY, marked, DELETED + 30.0, ALONE) == Patch("release unconfirmed", RELEASE.body)
    assert drain.next(KEY, entry(annotations=bound), DELETED + 30.0, ALONE) == Patch(
        "release unconfirmed", RELEASE.body
    )


def test_the_bound_is_counted_by_the_clock_that_dated_the_deletion() -> None:
    marked = entry(draining=True, generation=2, annotations={RELEASE_AFTER: "30s"})
    assert Drain(LONGEST).next(KEY, marked, DELETED, ALONE, -60.0) == Confirm(Form("one", 2), DELETED + 90.0)
    assert Drain(LONGEST).next(KEY, marked, DELETED, ALONE, 60.0) == Patch("release unconfirmed", RELEASE.body)


def test_at_the_bound_what_is_confirmed_is_not_waited_for_any_longer() -> None:
    drain = Drain(LONGEST)
    marked = entry(draining=True, generation=2, annotations={RELEASE_AFTER: "30s"})
    drain.confirmed(KEY, Form("one", 2), DELETED + 20.0, True, ALONE)
    assert drain.next(KEY, marked, DELETED + 20.0, ALONE) == Wait(DELETED + 30.0)
    assert drain.next(KEY, marked, DELETED + 30.0, ALONE) == Patch("release unconfirmed", RELEASE.body)


def test_proxies_that_nobody_waits_for_are_no_confirmation() -> None:
    drain, marked = Drain(LONGEST), entry(draining=True, generation=2)
    drain.confirmed(KEY, Form("one", 2), 0.0, False, ALONE)
    assert drain.next(KEY, marked, 1000.0, ALONE) == Patch("release unconfirmed", RELEASE.body)


def test_a_bound_that_can_t_be_read_is_none() -> None:
    marked = entry(draining=True, generation=2, annotations={RELEASE_AFTER: "soon"})
    assert Drain(LONGEST).next(KEY, marked, DELETED + 1e6, ALONE) == Confirm(Form("one", 2))
