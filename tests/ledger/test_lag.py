"""One resource's side of who is behind."""

import pytest

from ledger.ids import NEVER, Revision, StreamId
from ledger.interest import Progress
from ledger.lag import Lag
from tests.ledger.scene import calls, held_things


def add(lag: Lag, stream: int, held: int) -> None:
    lag.add(StreamId(stream), Progress(Revision(1_000_000), Revision(held), 0.0))


def raised(lag: Lag, stream: int, held: int) -> None:
    lag.raise_held(StreamId(stream), Revision(held))


def test_without_streams_there_is_no_least_and_every_revision_is_reached() -> None:
    lag = Lag()
    assert lag.least() is None
    assert lag.reached(Revision(10**9))
    assert lag.idle


def test_the_least_is_the_lowest_that_a_stream_holds() -> None:
    lag = Lag()
    for stream, held in enumerate((7, 3, 5, 3)):
        add(lag, stream, held)
    assert lag.least() == Revision(3)
    raised(lag, 1, 9)
    assert lag.least() == Revision(3), "another stream holds 3 too"
    raised(lag, 3, 6)
    assert lag.least() == Revision(5)
    lag.remove(StreamId(2))
    assert lag.least() == Revision(6)


def test_the_least_is_right_however_many_revisions_there_are() -> None:
    lag = Lag()
    for stream in range(40):
        add(lag, stream, stream)
        assert lag.least() == NEVER
    for stream in range(40):
        assert lag.least() == Revision(stream)
        lag.remove(StreamId(stream))
    assert lag.least() is None


def test_some_revisions_that_come_and_go_leave_nothing_behind() -> None:
    lag = Lag()
    for stream in range(20):
        add(lag, stream, stream)
    for stream in range(14):
        lag.remove(StreamId(stream))
    for number in range(100, 10_000):
        add(lag, number, number)
        lag.remove(StreamId(number))
        assert lag.least() == Revision(14)
        assert held_things(lag) < 64


def test_a_revision_is_reached_when_everybody_holds_it_or_a_later_one() -> None:
    lag = Lag()
    add(lag, 1, 5)
    assert lag.reached(Revision(5))
    assert not lag.reached(Revision(6))
    lag.remove(StreamId(1))
    assert lag.reached(Revision(6))


def test_what_a_stream_is_known_to_hold_never_falls() -> None:
    lag = Lag()
    add(lag, 1, 5)
    raised(lag, 1, 4)
    assert lag.least() == Revision(5)
    assert lag.progress[StreamId(1)].held == Revision(5)


def test_a_waiter_is_handed_out_once_when_its_revision_is_reached() -> None:
    lag = Lag()
    add(lag, 1, 3)
    woken: list[str] = []
    lag.wait(Revision(5), lambda: woken.append("five"))
    lag.wait(Revision(4), lambda: woken.append("four"))
    assert lag.due() == []
    raised(lag, 1, 4)
    for wake in lag.due():
        wake()
    assert woken == ["four"]
    assert lag.due() == []
    lag.remove(StreamId(1))
    for wake in lag.due():
        wake()
    assert woken == ["four", "five"]


def test_waiters_of_one_revision_are_handed_out_in_the_order_in_which_they_came() -> None:
    lag = Lag()
    add(lag, 1, NEVER)
    woken: list[int] = []
    for number in range(5):
        lag.wait(Revision(1), lambda number=number: woken.append(number))  # type: ignore[misc]
    lag.remove(StreamId(1))
    for wake in lag.due():
        wake()
    assert woken == [0, 1, 2, 3, 4]


def test_a_waiter_that_gives_up_is_never_handed_out() -> None:
    lag = Lag()
    add(lag, 1, NEVER)
    ticket = lag.wait(Revision(1), lambda: pytest.fail("it gave up"))
    lag.forget(ticket)
    lag.forget(ticket)
    lag.remove(StreamId(1))
    assert lag.due() == []
    assert lag.idle


def test_it_is_idle_only_without_streams_and_without_waiters() -> None:
    lag = Lag()
    add(lag, 1, NEVER)
    ticket = lag.wait(Revision(1), lambda: None)
    lag.remove(StreamId(1))
    assert not lag.idle
    lag.forget(ticket)
    assert lag.idle


def test_a_stream_that_nobody_waits_for_holds_back_no_revision_and_still_counts_as_holding() -> None:
    lag = Lag()
    add(lag, 0, 2)
    add(lag, 1, 7)
    lag.exempt(StreamId(0))
    lag.exempt(StreamId(0))
    lag.add(StreamId(2), Progress(Revision(9), Revision(3), 0.0), exempt=True)
    assert lag.least() == Revision(7)
    assert lag.reached(Revision(7))
    assert lag.held_by_all(Revision(2))
    assert not lag.held_by_all(Revision(3))
    raised(lag, 0, 5)
    assert not lag.held_by_all(Revision(4)), "the other holds 3"
    lag.remove(StreamId(2))
    assert lag.held_by_all(Revision(5))
    assert not lag.idle
    lag.remove(StreamId(0))
    lag.remove(StreamId(1))
    assert lag.idle
    assert held_things(lag) == 0


def test_a_waiter_is_handed_out_when_nobody_is_waited_for_any_more() -> None:
    lag = Lag()
    add(lag, 0, NEVER)
    lag.wait(Revision(1), lambda: None)
    lag.exempt(StreamId(0))
    assert len(lag.due()) == 1


def test_one_stuck_stream_does_not_make_the_others_progress_pile_up() -> None:
    lag = Lag()
    add(lag, 0, NEVER)
    add(lag, 1, NEVER)
    for revision in range(1, 10_000):
        raised(lag, 1, revision)
        assert lag.least() == NEVER
        assert held_things(lag) < 64
    lag.remove(StreamId(0))
    assert lag.least() == Revision(9_999)


def test_streams_that_come_and_go_beside_a_stuck_one_leave_nothing_behind() -> None:
    lag = Lag()
    add(lag, 0, NEVER)
    for number in range(1, 10_000):
        add(lag, number, number)
        lag.remove(StreamId(number))
        assert held_things(lag) < 64


def test_waiters_that_come_and_give_up_beside_a_stuck_stream_leave_nothing_behind() -> None:
    lag = Lag()
    add(lag, 0, NEVER)
    for number in range(1, 10_000):
        lag.forget(lag.wait(Revision(number), lambda: None))
        assert held_things(lag) < 64


def test_what_an_ack_costs_does_not_depend_on_how_many_wait() -> None:
    costs = []
    for waiters in (1, 10_000):
        lag = Lag()
        add(lag, 0, NEVER)
        add(lag, 1, NEVER)
        for _ in range(waiters):
            lag.wait(Revision(2), lambda: None)

        def one_ack(lag: Lag = lag) -> None:
            raised(lag, 1, 2)
            assert lag.due() == []

        costs.append(calls(one_ack))
    assert costs[0] == costs[1]
