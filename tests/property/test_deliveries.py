"""Deliveries never say that everybody holds a form while somebody routes by an older one; and say so when nobody does.

The proxies here are the truth: each knows the form that it holds of every resource. What they tell the control plane of
it is what Envoys tell; responses and answers are lost, rejected in part, or applied although the stream ends.
"""

from collections.abc import Set
from dataclasses import dataclass, field
from itertools import count

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from ledger.deliveries import Deliveries, ResourceChange
from ledger.ids import NEVER, ProxyId, ResourceName, Revision, StreamId, TypeUrl
from ledger.interest import Interest
from ledger.processes import ONE_LEFT_SECONDS

TYPE = TypeUrl("type.test/a.Resource")
NAMES = "abc"
VIEWS = "vw"


@dataclass
class Proxy:
    """A process. `holds`: when what it routes by was built, by name. `sent`: what is on its way."""

    id: ProxyId
    view: str
    asks: set[str] = field(default_factory=set)
    holds: dict[str, Revision] = field(default_factory=dict)
    interest: Interest | None = None
    sent: dict[str, Revision] = field(default_factory=dict)


def living(world: "World") -> list[Proxy]:
    return [proxy for proxy in world.proxies if proxy.interest is not None]


def absent(world: "World") -> list[Proxy]:
    return [proxy for proxy in world.proxies if proxy.interest is None]


def to_be_sent_to(world: "World") -> list[Proxy]:
    return [proxy for proxy in living(world) if not proxy.sent and proxy.interest and proxy.interest.unsent]


def to_answer(world: "World") -> list[Proxy]:
    return [proxy for proxy in living(world) if proxy.sent]


class World(RuleBasedStateMachine):
    """Three proxies of two views, three resources; at first all is ACKed by all."""

    def __init__(self) -> None:
        super().__init__()
        self.deliveries = Deliveries()
        self.revision = Revision(0)
        self.changes: dict[tuple[str, str], list[Revision]] = {(view, name): [] for view in VIEWS for name in NAMES}
        self.proxies = [Proxy(ProxyId(id), view, set(NAMES)) for id, view in (("p", "v"), ("q", "w"), ("r", "v"))]
        self.waiting: dict[int, tuple[str, Revision]] = {}
        self.woken: set[int] = set()
        self.ids = count(1)
        self.change(set(NAMES), None)
        for proxy in self.proxies:
            self.connect(proxy)
            self.exchange(proxy)

    # Objects change

    @rule(names=st.sets(st.sampled_from(NAMES), min_size=1), views=st.sampled_from([None, "v", "w"]))
    def objects_change(self, names: set[str], views: str | None) -> None:
        woken = self.change(names, views)
        concerned = [p.interest for p in living(self) if p.interest and p.view in (views or VIEWS)]
        assert woken == {one.stream for one in concerned if names & (one.names | one.given_up)}

    def change(self, names: set[str], views: str | None) -> set[StreamId]:
        since, self.revision = self.revision, Revision(self.revision + 1)
        for name in names:
            for view in views or VIEWS:
                self.changes[view, name].append(self.revision)
        seen = None if views is None else frozenset(views)
        changes = [ResourceChange(resource(name), seen, False) for name in names]
        return self.deliveries.changed(changes, since, self.revision, 0.0)

    # Proxies connect, ask, answer and are cut off

    @rule(data=st.data(), wrongly=st.sets(st.sampled_from(NAMES)))
    @precondition(lambda self: bool(absent(self)))
    def a_proxy_connects(self, data: st.DataObject, wrongly: set[str]) -> None:
        """It says what it holds in its newest form, and may be wrong."""
        self.connect(data.draw(st.sampled_from(absent(self))), wrongly)

    def connect(self, proxy: Proxy, wrongly: Set[str] = frozenset()) -> None:
        record = self.deliveries.open(StreamId(next(self.ids)), proxy.id, proxy.view, [TYPE], 0.0)
        interest, inherited = self.deliveries.show(record, TYPE, bool(proxy.holds))
        proxy.interest = interest
        self.deliveries.subscribe(interest, proxy.asks)
        for name in sorted(proxy.asks):
            rejected = name in inherited.tainted
            claimed = self.holds_newest(proxy, name) or (name in wrongly and bool(proxy.holds))
            if claimed and not rejected and name not in inherited.doubtful:
                self.deliveries.claim(interest, [name])
            else:
                self.deliveries.owe(interest, name, self.revision, 0.0, held=NEVER, tainted=rejected)

    @rule(data=st.data(), name=st.sampled_from(NAMES), uses=st.booleans())
    @precondition(lambda self: bool(living(self)))
    def a_name_is_asked_for_or_given_up(self, data: st.DataObject, name: str, uses: bool) -> None:
        proxy = data.draw(st.sampled_from(living(self)))
        assert proxy.interest is not None
        if name in proxy.asks:
            proxy.asks.discard(name)
            self.deliveries.give_up(proxy.interest, [name], lambda _: uses)
            if not uses:
                proxy.holds.pop(name, None)
        else:
            proxy.asks.add(name)
            self.deliveries.subscribe(proxy.interest, [name])
            self.deliveries.owe(proxy.interest, name, self.revision, 0.0, held=NEVER)

    @rule(data=st.data())
    @precondition(lambda self: bool(living(self)))
    def what_was_given_up_is_used_no_more(self, data: st.DataObject) -> None:
        self.release(data.draw(st.sampled_from(living(self))))

    def release(self, proxy: Proxy) -> None:
        assert proxy.interest is not None
        for name in proxy.interest.given_up:
            proxy.holds.pop(name, None)
        self.deliveries.release(proxy.interest, lambda _: False)

    @rule(data=st.data(), few=st.booleans())
    @precondition(lambda self: bool(to_be_sent_to(self)))
    def a_response_is_sent(self, data: st.DataObject, few: bool) -> None:
        self.send(data.draw(st.sampled_from(to_be_sent_to(self))), few)

    def send(self, proxy: Proxy, few: bool) -> None:
        assert proxy.interest is not None
        names = sorted(proxy.interest.unsent)[: 1 if few else None]
        self.deliveries.sent(proxy.interest, names, self.revision, 0.0)
        proxy.sent = dict.fromkeys(names, self.revision)

    @rule(data=st.data())
    @precondition(lambda self: bool(to_answer(self)))
    def a_response_is_acked(self, data: st.DataObject) -> None:
        self.ack(data.draw(st.sampled_from(to_answer(self))))

    def ack(self, proxy: Proxy) -> None:
        assert proxy.interest is not None
        self.apply(proxy, set(proxy.sent))
        names, built = list(proxy.sent), next(iter(proxy.sent.values()))
        proxy.sent = {}
        self.deliveries.acked(proxy.interest, names, built)

    @rule(data=st.data(), applied=st.sets(st.sampled_from(NAMES)), again=st.booleans())
    @precondition(lambda self: bool(to_answer(self)))
    def a_response_is_rejected(self, data: st.DataObject, applied: set[str], again: bool) -> None:
        proxy = data.draw(st.sampled_from(to_answer(self)))
        assert proxy.interest is not None
        self.apply(proxy, applied)
        names, proxy.sent = list(proxy.sent), {}
        self.deliveries.nacked(proxy.interest, names, "", again)

    @rule(data=st.data(), applied=st.sets(st.sampled_from(NAMES)))
    @precondition(lambda self: bool(living(self)))
    def a_stream_ends(self, data: st.DataObject, applied: set[str]) -> None:
        """What was on its way may have been applied."""
        self.cut(data.draw(st.sampled_from(living(self))), applied)

    @rule(data=st.data(), told=st.booleans())
    @precondition(lambda self: bool(living(self)))
    def a_process_is_replaced(self, data: st.DataObject, told: bool) -> None:
        """The new one holds nothing. The control plane is told of it, or will see."""
        proxy = data.draw(st.sampled_from(living(self)))
        self.cut(proxy, set())
        proxy.holds = {}
        if told:
            self.deliveries.forget(proxy.id)

    def cut(self, proxy: Proxy, applied: set[str]) -> None:
        assert proxy.interest is not None
        self.apply(proxy, applied)
        self.deliveries.end(proxy.interest.stream, 0.0)
        proxy.interest, proxy.sent = None, {}
        proxy.asks |= proxy.holds.keys()  # what it uses it asks for again

    @rule()
    @precondition(lambda self: bool(absent(self)))
    def nobody_waits_for_the_absent_any_longer(self) -> None:
        self.deliveries.release_absent(0.0)

    def apply(self, proxy: Proxy, names: set[str]) -> None:
        assert proxy.interest is not None
        for name in names & proxy.sent.keys():
            if name in proxy.asks or name in proxy.interest.given_up:
                proxy.holds[name] = proxy.sent[name]

    # Receipts ask, and wait

    @rule(name=st.sampled_from(NAMES))
    def claims_are_asked(self, name: str) -> None:
        self.deliveries.ask_claims(resource(name), self.revision, 0.0)
        assert self.deliveries.claimants(resource(name)) == []

    @rule(name=st.sampled_from(NAMES), back=st.integers(0, 2))
    def somebody_waits(self, name: str, back: int) -> None:
        revision = Revision(max(0, self.revision - back))
        if not self.deliveries.reached(resource(name), revision):
            waiter = len(self.waiting)
            self.waiting[waiter] = (name, revision)
            self.deliveries.wait(resource(name), revision, lambda: self.woken.add(waiter))

    # What must hold

    def holds_newest(self, proxy: Proxy, name: str) -> bool:
        return name in proxy.holds and all(change <= proxy.holds[name] for change in self.changes[proxy.view, name])

    def routes_by_older(self, name: str, revision: Revision) -> list[str]:
        """The proxies that route by a form of the resource from before a change at `revision` or earlier."""
        return [
            proxy.id
            for proxy in self.proxies
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

    def exchange(self, proxy: Proxy) -> None:
        """Everything is sent and ACKed."""
        assert proxy.interest is not None
        while proxy.sent or proxy.interest.unsent:
            if not proxy.sent:
                self.send(proxy, few=False)
            self.ack(proxy)

    def teardown(self) -> None:
        """Once all are there and accept what they are sent, everybody has let go of everything, and nothing is left."""
        for proxy in self.proxies:
            if proxy.interest is None:
                self.connect(proxy)
            self.release(proxy)
        for name in NAMES:
            self.claims_are_asked(name)
        self.change(set(NAMES), None)  # what was rejected waits for its next change
        for proxy in self.proxies:
            self.exchange(proxy)
            assert proxy.interest is not None
            assert not proxy.interest.behind
        self.deliveries.expire(ONE_LEFT_SECONDS)
        assert len(self.deliveries.streams) == len(self.proxies)
        for name in NAMES:
            assert self.deliveries.let_go(resource(name), self.revision)
        self.waiters_are_woken_when_their_revision_is_reached_and_never_before()
        assert self.woken == set(self.waiting)
        assert all(self.deliveries.lag(resource(name)) is None for name in NAMES)


def resource(name: str) -> ResourceName:
    return ResourceName(TYPE, name)


def test_deliveries_agree_with_what_proxies_hold() -> None:
    run_state_machine_as_test(
        World, settings=settings(derandomize=True, max_examples=300, stateful_step_count=50, deadline=None)
    )
