"""The ledger remembers what a dictionary for each revision would."""

from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.ids import Generation, ObjectKey
from ledger.ledger import Ledger

KEYS = st.sampled_from([ObjectKey("K", "n", name) for name in "abc"])
APPLY = st.tuples(KEYS, st.integers(1, 2), st.sampled_from([b"x", b"y"]))
DELETE = st.tuples(KEYS, st.just(0), st.just(b""))
STEPS = st.lists(st.tuples(APPLY | DELETE, st.sampled_from([0.0, 0.5, 3.0])), max_size=30)

State = dict[ObjectKey, tuple[int, bytes]]


def contents(state: State) -> frozenset[tuple[ObjectKey, bytes]]:
    return frozenset((key, content) for key, (_, content) in state.items())


@settings(derandomize=True, max_examples=300, deadline=None)
@given(steps=STEPS, count=st.integers(0, 6), seconds=st.sampled_from([0.0, 2.0, 1000.0]))
def test_a_ledger_is_a_dictionary_for_each_revision(
    steps: list[tuple[tuple[ObjectKey, int, bytes], float]], count: int, seconds: float
) -> None:
    ledger = Ledger(count, seconds)
    state: State = {}
    past: list[tuple[str, State, float]] = []  # root, state, and when it was followed by another
    roots = {contents(state): ledger.root}
    now = 0.0
    for (key, generation, content), pause in steps:
        now += pause
        old, root, revision = dict(state), ledger.root, ledger.revision
        if generation:
            state[key] = (generation, content)
            given = ledger.apply(key, Generation(generation), content, now)
        else:
            state.pop(key, None)
            given = ledger.delete(key, now)

        assert given == (None if state == old else revision + 1)
        assert ledger.revision == revision + (state != old)
        assert {k: (entry.generation, entry.content) for k, entry in ledger.state.items()} == state
        assert len(ledger) == len(state)
        assert roots.setdefault(contents(state), ledger.root) == ledger.root, "equal contents, equal roots"

        if state != old:
            past.append((root, old, now))
            past = past[-count:] if count else []
            past = [one for one in past if one[2] >= now - seconds]
        assert ledger.remembered == len(past)
        known = {root: state for root, state, _ in past} | {ledger.root: state}
        for root in roots.values():
            found = ledger.at_root(root)
            expected = known.get(root)
            assert (None if found is None else {k: (e.generation, e.content) for k, e in found.items()}) == expected
    assert len(set(roots.values())) == len(roots), "other contents, other roots"
