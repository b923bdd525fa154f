"""One resource's lag is a dictionary of who holds what, and a list of who waits."""

from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.ids import Revision, StreamId
from ledger.interest import Progress
from ledger.lag import Lag
from tests.ledger.scene import held_things

STREAMS = st.integers(0, 13)
REVISIONS = st.integers(0, 13)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("hold"), STREAMS, REVISIONS),
        st.tuples(st.just("go"), STREAMS, st.just(0)),
        st.tuples(st.just("exempt"), STREAMS, st.just(0)),
        st.tuples(st.just("wait"), st.just(0), REVISIONS),
        st.tuples(st.just("forget"), st.integers(0, 20), st.just(0)),
        st.tuples(st.just("look"), st.just(0), st.just(0)),
    ),
    max_size=80,
)


@settings(derandomize=True, max_examples=400, deadline=None)
@given(STEPS)
def test_a_lag_is_a_dictionary_and_a_list(steps: list[tuple[str, int, int]]) -> None:
    lag = Lag()
    held: dict[int, int] = {}
    exempt: set[int] = set()
    waiting: dict[int, int] = {}  # ticket -> revision
    tickets: list[int] = []
    woken: list[int] = []
    for what, number, revision in steps:
        if what == "hold" and number not in held:
            held[number] = revision
            lag.add(StreamId(number), Progress(Revision(99), Revision(revision), 0.0))
        elif what == "hold":
            held[number] = max(held[number], revision)
            lag.raise_held(StreamId(number), Revision(revision))
        elif what == "go" and number in held:
            del held[number]
            exempt.discard(number)
            lag.remove(StreamId(number))
        elif what == "exempt" and number in held:
            exempt.add(number)
            lag.exempt(StreamId(number))
        elif what == "wait":
            place = len(tickets)
            tickets.append(lag.wait(Revision(revision), lambda place=place: woken.append(place)))  # type: ignore[misc]
            waiting[place] = revision
        elif what == "forget" and number < len(tickets):
            waiting.pop(number, None)
            lag.forget(tickets[number])
        elif what == "look":
            for wake in lag.due():
                wake()
            due = [place for place, r in waiting.items() if all(h >= r for s, h in held.items() if s not in exempt)]
            assert sorted(woken) == sorted(due)
            assert woken == sorted(woken, key=lambda place: (waiting[place], place)), "by revision, then as they came"
            for place in due:
                del waiting[place]
            woken.clear()

        waited_for = [one for stream, one in held.items() if stream not in exempt]
        assert lag.least() == min(waited_for, default=None)
        for at in range(14):
            assert lag.reached(Revision(at)) == all(one >= at for one in waited_for)
            assert lag.held_by_all(Revision(at)) == all(one >= at for one in held.values())
        assert {stream: progress.held for stream, progress in lag.progress.items()} == held
        assert lag.idle == (not held and not waiting)
        assert held_things(lag) <= 10 * (len(held) + len(waiting)) + 64
