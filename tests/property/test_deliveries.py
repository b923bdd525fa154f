"""Deliveries never say that everybody holds a form while somebody routes by an older one; and say so when nobody does.

The proxies here are the truth: each knows the form that it holds of every resource. What they tell the control plane of
it is what Envoys tell; responses and answers are lost, rejected in part, or applied although the stream ends.
"""

from dataclasses import dataclass, field
from itertools import count

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from ledger.deliveries import Deliveries, ResourceChange
from ledger.ids import NEVER, ProxyId, ResourceName, Revision, StreamId, TypeUrl
from ledger.interest import Interest

TYPE = TypeUrl("type.test/a.Resource")
NAMES = "abc"
VIEWS = "vw"
PROXIES = "pqr"


@dataclass
class Proxy:
    """A process. `holds`: by name, the revision at which what it routes by was built. `sent`: what is on its way."""

    id: ProxyId
    view: str
    asks: set[str] = field(default_factory=set)
    holds: dict[str, Revision] = field(default_factory=dict)
    interest: Interest | None = None
    sent: dict[str, Revision] = field(default_factory=dict)


class World(RuleBasedStateMachine):
    """Three proxies of two views, three resources."""

    def __init__(self) -> None:
        super().__init__()
        self.deliveries = Deliveries()
        self.revision = Revision(0)
        self.changes: dict[tuple[str, str], list[Revision]] = {(view, name): [] for view in VIEWS for name in NAMES}
        self.proxies = {id: Proxy(ProxyId(id), VIEWS[n % 2]) for n, id in enumerate(PROXIES)}
        self.waiting: dict[int, tuple[str, Revision]] = {}
        self.woken: set[int] = set()
        self.ids = count(1)

    # Objects change

    @rule(names=st.sets(st.sampled_from(NAMES), min_size=1), views=st.sampled_from([None, "v", "w"]))
    def change(self, names: set[str], views: str | None) -> None:
        since, self.revision = self.revision, Revision(self.revision + 1)
        changed_in = VIEWS if views is None else views
        for name in names:
            for view in changed_in:
                self.changes[view, name].append(self.revision)
        seen = None if views is None else frozenset(changed_in)
        changes = [ResourceChange(resource(name), seen, False) for name in names]
        woken = self.deliveries.changed(changes, since, self.revision, 0.0)
        assert woken == {
            proxy.interest.stream
            for proxy in self.proxies.values()
            if proxy.interest and proxy.view in changed_in and names & (proxy.interest.names | proxy.interest.given_up)
        }

    # Proxies connect, ask, answer and are cut off

    @rule(id=st.sampled_from(PROXIES))
    def connect(self, id: str) -> None:
        proxy = self.proxies[id]
        if proxy.interest is not None:
            return
        stream = StreamId(next(self.ids))
        record = self.deliveries.open(stream, proxy.id, proxy.view, [TYPE], 0.0)
        interest, inherited = self.deliveries.show(record, TYPE, bool(proxy.holds))
        proxy.interest = interest
        self.deliveries.subscribe(interest, proxy.asks)
        for name in proxy.asks:
            rejected = name in inherited.tainted
            newest = name in proxy.holds and self.is_newest(proxy, name)
            if newest and not rejected and name not in inherited.doubtful:
                self.deliveries.claim(interest, [name])
            else:
                self.deliveries.owe(interest, name, self.revision, 0.0, held=NEVER, tainted=rejected)

    @rule(id=st.sampled_from(PROXIES), name=st.sampled_from(NAMES))
    def ask(self, id: str, name: str) -> None:
        proxy = self.proxies[id]
        if proxy.interest is None or name in proxy.asks:
            return
        proxy.asks.add(name)
        self.deliveries.subscribe(proxy.interest, [name])
        self.deliveries.owe(proxy.interest, name, self.revision, 0.0, held=NEVER)

    @rule(id=st.sampled_from(PROXIES), name=st.sampled_from(NAMES), uses=st.booleans())
    def give_up(self, id: str, name: str, uses: bool) -> None:
        proxy = self.proxies[id]
        if proxy.interest is None or name not in proxy.asks:
            return
        proxy.asks.discard(name)
        self.deliveries.give_up(proxy.interest, [name], lambda _: uses)
        if not uses:
            proxy.holds.pop(name, None)

    @rule(id=st.sampled_from(PROXIES))
    def release(self, id: str) -> None:
        proxy = self.proxies[id]
        if proxy.interest is not None:
            for name in proxy.interest.given_up:
                proxy.holds.pop(name, None)
            self.deliveries.release(proxy.interest, lambda _: False)

    @rule(id=st.sampled_from(PROXIES), few=st.booleans())
    def send(self, id: str, few: bool) -> None:
        proxy = self.proxies[id]
        if proxy.interest is None or proxy.sent or not proxy.interest.unsent:
            return
        names = sorted(proxy.interest.unsent)[: 1 if few else None]
        self.deliveries.sent(proxy.interest, names, self.revision, 0.0)
        proxy.sent = dict.fromkeys(names, self.revision)

    @rule(id=st.sampled_from(PROXIES))
    def ack(self, id: str) -> None:
        proxy = self.proxies[id]
        if proxy.interest is None or not proxy.sent:
            return
        self.apply(proxy, set(proxy.sent))
        names, built = list(proxy.sent), next(iter(proxy.sent.values()))
        proxy.sent = {}
        self.deliveries.acked(proxy.interest, names, built)

    @rule(id=st.sampled_from(PROXIES), applied=st.sets(st.sampled_from(NAMES)), again=st.booleans())
    def nack(self, id: str, applied: set[str], again: bool) -> None:
        proxy = self.proxies[id]
        if proxy.interest is None or not proxy.sent:
            return
        self.apply(proxy, applied)
        names, proxy.sent = list(proxy.sent), {}
        self.deliveries.nacked(proxy.interest, names, "", again)

    @rule(id=st.sampled_from(PROXIES), applied=st.sets(st.sampled_from(NAMES)))
    def cut(self, id: str, applied: set[str]) -> None:
        """The stream ends; what was on its way may have been applied."""
        proxy = self.proxies[id]
        if proxy.interest is None:
            return
        self.apply(proxy, applied)
        self.deliveries.end(proxy.interest.stream, 0.0)
        proxy.interest, proxy.sent = None, {}
        proxy.asks |= proxy.holds.keys()  # what it uses it asks for again

    @rule(id=st.sampled_from(PROXIES), told=st.booleans())
    def die(self, id: str, told: bool) -> None:
        """The process ends, and a new one starts; the control plane is told, or will see it come back with nothing."""
        proxy = self.proxies[id]
        self.cut(id, set())
        if told:
            self.deliveries.forget(proxy.id)
        proxy.holds, proxy.asks = {}, set(proxy.asks)

    @rule()
    def deadline(self) -> None:
        """Nobody waits any longer for the proxies that are absent."""
        self.deliveries.release_absent(0.0)

    def apply(self, proxy: Proxy, names: set[str]) -> None:
        assert proxy.interest is not None
        for name in names & proxy.sent.keys():
            if name in proxy.asks or name in proxy.interest.given_up:
                proxy.holds[name] = proxy.sent[name]

    # Receipts ask, and wait

    @rule(name=st.sampled_from(NAMES))
    def ask_claims(self, name: str) -> None:
        self.deliveries.ask_claims(resource(name), self.revision, 0.0)
        assert self.deliveries.claimants(resource(name)) == []

    @rule(name=st.sampled_from(NAMES), back=st.integers(0, 3))
    def wait(self, name: str, back: int) -> None:
        revision = Revision(max(0, self.revision - back))
        if not self.deliveries.reached(resource(name), revision):
            waiter = len(self.waiting)
            self.waiting[waiter] = (name, revision)
            self.deliveries.wait(resource(name), revision, lambda: self.woken.add(waiter))

    # What must hold

    def is_newest(self, proxy: Proxy, name: str) -> bool:
        return all(change <= proxy.holds[name] for change in self.changes[proxy.view, name])

    def routes_by_older(self, name: str, revision: Revision) -> list[str]:
        """The proxies that route by a form of the resource from before a change at `revision` or earlier."""
        return [
            proxy.id
            for proxy in self.proxies.values()
            if name in proxy.holds
            and any(proxy.holds[name] < change <= revision for change in self.changes[proxy.view, name])
        ]

    @invariant()
    def nobody_is_let_go_who_routes_by_an_older_form(self) -> None:
        for name in NAMES:
            for revision in range(1, self.revision + 1):
                if self.deliveries.let_go(resource(name), Revision(revision)):
                    assert self.routes_by_older(name, Revision(revision)) == []

    @invariant()
    def once_reached_a_revision_is_reached_for_all_earlier_ones(self) -> None:
        for name in NAMES:
            reached = [self.deliveries.reached(resource(name), Revision(r)) for r in range(self.revision + 1)]
            assert reached == sorted(reached, reverse=True)

    @invariant()
    def waiters_are_woken_when_their_revision_is_reached_and_never_before(self) -> None:
        for wake in self.deliveries.take_due():
            wake()
        for waiter, (name, revision) in self.waiting.items():
            if waiter not in self.woken:
                assert not self.deliveries.reached(resource(name), revision)

    @invariant()
    def both_sides_of_every_delivery_agree(self) -> None:
        behind = set()
        for record in self.deliveries.streams.values():
            for interest in record.interests.values():
                assert interest.unsent <= interest.behind.keys() - interest.given_up
                assert interest.rejected <= interest.behind.keys()
                assert not interest.claimed & interest.behind.keys()
                assert not interest.names & interest.given_up
                assert all(progress.held <= progress.need for progress in interest.behind.values())
                behind |= {(record.id, name) for name in interest.behind}
        lags = {name: self.deliveries.lag(resource(name)) for name in NAMES}
        assert behind == {(stream, name) for name, lag in lags.items() if lag for stream in lag.progress}

    def teardown(self) -> None:
        """Once all are there and accept what they are sent, everybody has let go of everything, and nothing is left."""
        for id, proxy in self.proxies.items():
            self.connect(id)
            self.release(id)
            for name in NAMES:
                self.ask_claims(name)
            assert proxy.interest is not None
            while proxy.sent or proxy.interest.unsent:
                self.send(id, few=False)
                self.ack(id)
        self.change(set(NAMES), None)  # what was rejected waits for its next change
        for id, proxy in self.proxies.items():
            self.send(id, few=False)
            self.ack(id)
            assert proxy.interest is not None
            assert not proxy.interest.behind
        assert len(self.deliveries.streams) == len(PROXIES)
        for name in NAMES:
            assert self.deliveries.let_go(resource(name), self.revision)
        self.waiters_are_woken_when_their_revision_is_reached_and_never_before()
        assert self.woken == set(self.waiting)
        assert all(self.deliveries.lag(resource(name)) is None for name in NAMES)


def resource(name: str) -> ResourceName:
    return ResourceName(TYPE, name)


def test_deliveries_agree_with_what_proxies_hold() -> None:
    run_state_machine_as_test(
        World, settings=settings(derandomize=True, max_examples=300, stateful_step_count=40, deadline=None)
    )
