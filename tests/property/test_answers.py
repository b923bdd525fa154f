"""Whatever proxies claim, repeat, reject and leave unanswered: CONFIRMED is true, and comes as soon as it can.

One control plane, two services and the load assignments of these; a delta proxy and a SotW one that ask for both. The
truth is where the proxies would send requests. What happens is plain chance: a failure names the seed of its walk.
"""

import random
from collections.abc import Iterable

import pytest

from ledger.ids import Generation, ObjectKey, ResourceName
from ledger.receipts import Outcome, Query, Receipt
from tests.property.honest_proxy import HonestProxy
from tests.xds.mesh import cluster_of, selecting, workload
from xds.objects import Applied, Deleted, Event, WorkloadEntry
from xds.parsing.content import content_hash
from xds.plane import Plane
from xds.protocol.introduction import Peer
from xds.protocol.stream import Transport
from xds.resource import Resource
from xds.types import EDS
from xds.view import View

SERVICES = {cluster_of(one): one for one in (selecting("a"), selecting("b"))}
ASSIGNMENTS = sorted(SERVICES)
APPS = {cluster_of(one): one.name for one in SERVICES.values()}
WORKLOADS = ["u", "v"]
NOW = 1000.0
ROUNDS = 50
"""Of reading and answering, in which everybody must fall silent."""

FORMS = (None, ("a", False), ("b", False), ("a", False), ("b", False), ("a", True))
"""What a workload is from now on: gone, or an instance of this service, which may be draining."""

WALKS, STEPS, PARTS = 400, 60, 8


def away(world: "World") -> list[HonestProxy]:
    return [proxy for proxy in world.proxies if proxy.stream is None]


def connected(world: "World") -> list[HonestProxy]:
    return [proxy for proxy in world.proxies if proxy.stream is not None]


def to_answer(world: "World") -> list[HonestProxy]:
    return [proxy for proxy in world.proxies if proxy.inbox]


class World:
    """A walk. `chance`: what decides what happens, where the caller does not."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.plane = Plane()
        self.objects: dict[ObjectKey, WorkloadEntry] = {}
        self.generations: dict[ObjectKey, int] = {}
        self.waiting: dict[int, Query] = {}
        self.count = 0
        self.plane.apply([Applied(one, Generation(1), content_hash(one)) for one in SERVICES.values()], NOW)
        self.plane.start(NOW, roster_known=True)
        self.proxies = [HonestProxy(node, delta, frozenset(ASSIGNMENTS)) for node, delta in (("p", True), ("q", False))]
        for proxy in self.proxies:
            self.connect(proxy, set())
        self.exchange(self.proxies)

    # Objects

    def workloads_change(self, changes: list[tuple[str, tuple[str, bool] | None]]) -> None:
        """They come, change and go; all of it as one change, in which one may do so several times."""
        events: list[Event] = []
        for name, form in changes:
            key = key_of(name)
            if form is not None:
                app, draining = form
                self.count += 1
                address = f"10.0.{self.count // 250}.{self.count % 250}"
                one = self.objects[key] = workload(name, address, draining=draining, app=app)
                generation = self.generations[key] = self.generations.get(key, 0) + 1
                events.append(Applied(one, Generation(generation), content_hash(one)))
            elif self.objects.pop(key, None) is not None:
                events.append(Deleted(key))
        self.plane.apply(events, NOW)
        self.pump()

    def some_workloads_change(self) -> None:
        names = self.chance.choices(WORKLOADS, k=self.chance.randint(1, 3))
        self.workloads_change([(name, self.chance.choice(FORMS)) for name in names])

    def a_source_fails_and_recovers(self) -> None:
        self.plane.trouble("source", "it can't be read", NOW)
        for name in WORKLOADS:
            assert self.plane.receipt(self.query(key_of(name)), NOW).outcome is Outcome.UNKNOWN
        self.plane.trouble("source", None, NOW)
        self.pump()

    # Proxies

    def a_proxy_comes_back(self) -> None:
        """It may claim to hold the newest form of what it does not: what it rejected elsewhere, perhaps."""
        if gone := away(self):
            self.connect(self.chance.choice(gone), self.some())

    def some(self) -> set[str]:
        return {name for name in ASSIGNMENTS if self.chance.randrange(2)}

    def connect(self, proxy: HonestProxy, wrongly: set[str]) -> None:
        versions = {}
        for name in ASSIGNMENTS:
            newest = self.newest(name)
            if name in proxy.holds:
                right = name in wrongly or proxy.holds[name] == newest.body
                versions[name] = newest.version if right else "an older one"
        proxy.stream = self.plane.open_stream(Transport(proxy.delta, EDS), Peer("test"), NOW)
        self.say(proxy, proxy.hello(versions))

    def newest(self, name: str) -> Resource:
        found = self.plane.snapshot.get(View(), ResourceName(EDS, name))
        assert found is not None
        return found

    def a_stream_is_lost(self) -> None:
        """What was on its way may have been applied."""
        there = connected(self)
        if not there:
            return
        proxy = self.chance.choice(there)
        stream = proxy.stream
        assert stream is not None
        for response in proxy.inbox:
            proxy.apply(response, self.some())
        proxy.lose_stream()
        self.plane.end_stream(stream, NOW)
        self.pump()

    def a_response_is_answered(self) -> None:
        if talking := to_answer(self):
            proxy = self.chance.choice(talking)
            self.answer(proxy, not self.chance.randrange(4), self.some(), bool(self.chance.randrange(2)))
            if self.chance.randrange(2):
                self.say(proxy, proxy.said[-1])

    def answer(self, proxy: HonestProxy, rejects: bool, applied: set[str], names_new: bool) -> None:
        response = proxy.inbox.pop(0)
        if rejects or not proxy.can_take(response):
            proxy.apply(response, applied)
            self.say(proxy, proxy.nack(response, names_new))
        else:
            proxy.apply(response, response.forms.keys())
            self.say(proxy, proxy.ack(response))

    def what_one_rejects_comes_again_in_parts_and_each_answer_is_repeated(self) -> None:
        """All parts are of one root, and the repeated answer to one arrives when the next is on its way (rule 29)."""
        talking = to_answer(self)
        if not talking:
            return
        proxy = self.chance.choice(talking)
        self.exchange([other for other in self.proxies if other is not proxy])
        self.answer(proxy, rejects=True, applied=set(), names_new=False)
        for _ in range(ROUNDS):
            if not proxy.inbox:
                return
            self.answer(proxy, rejects=False, applied=set(), names_new=False)
            self.say(proxy, proxy.said[-1])
            self.what_is_confirmed_is_true()
        raise AssertionError("they go on and on")

    def one_answers_until_it_is_silent(self) -> None:
        if talking := to_answer(self):
            self.exchange([self.chance.choice(talking)])

    def a_proxy_gets_other_dislikes(self) -> None:
        dislikes = self.chance.choice([set(), set(), set(), *({name} for name in ASSIGNMENTS)])
        self.chance.choice(self.proxies).dislikes = dislikes

    def something_else_is_said_before_the_answer(self) -> None:
        """What it asks for, once more (rule 20), or what it said long ago (rule 29)."""
        talking = to_answer(self)
        if not talking:
            return
        proxy = self.chance.choice(talking)
        if len(proxy.said) > 1 and self.chance.randrange(2):
            self.say(proxy, self.chance.choice(proxy.said[1:]))
        elif proxy.delta or proxy.inbox[0].version != proxy.version:
            self.say(proxy, proxy.ask_the_same(proxy.inbox[0]))

    def say(self, proxy: HonestProxy, data: bytes) -> None:
        assert proxy.stream is not None
        self.plane.receive(proxy.stream, data, NOW)
        self.pump()

    def pump(self) -> None:
        woken = self.plane.take_woken()
        for proxy in self.proxies:
            if proxy.stream is not None and proxy.stream.id in woken:
                while (data := self.plane.next_response(proxy.stream, NOW)) is not None:
                    proxy.read(data)

    # Receipts

    def query(self, key: ObjectKey, ahead: int = 0) -> Query:
        if key in self.objects or ahead:
            return Query(key, Generation(self.generations.get(key, 0) + ahead))
        return Query(key, deleted=True)

    def somebody_waits(self) -> None:
        """For what is, or for what is to come."""
        key = key_of(self.chance.choice(WORKLOADS))
        deleted = Query(key, deleted=True)
        self.wait(deleted if self.chance.randrange(2) else self.query(key, self.chance.randrange(2)))

    def wait(self, query: Query) -> None:
        self.count += 1
        waiter = self.count
        self.waiting[waiter] = query
        self.plane.wait(query, lambda receipt: self.is_told(waiter, receipt), NOW)
        self.pump()

    def is_told(self, waiter: int, receipt: Receipt) -> None:
        assert receipt.outcome is Outcome.CONFIRMED
        assert self.is_true(receipt.query), f"{receipt.query} is CONFIRMED"
        del self.waiting[waiter]

    def is_true(self, query: Query) -> bool:
        """Whether the object is as the query asks, and requests go to it where they should, and nowhere else."""
        one = self.objects.get(query.key)
        if one is not None and (query.deleted or query.generation > self.generations[query.key]):
            return False
        if query.generation and query.key not in self.generations:
            return False  # it never was; of one that was deleted, the deletion counts as the highest generation
        app = one.endpoint.labels["app"] if one is not None and not one.endpoint.is_draining else ""
        right = {name for name in ASSIGNMENTS if APPS[name] == app}
        return all({name for name, about in proxy.uses() if about == str(query.key)} == right for proxy in self.proxies)

    # What must hold

    def what_is_confirmed_is_true(self) -> None:
        for name in WORKLOADS:
            for ahead in (0, 1):
                query = self.query(key_of(name), ahead)
                receipt = self.plane.receipt(query, NOW)
                if receipt.outcome is Outcome.CONFIRMED:
                    assert self.is_true(query), f"{query} is CONFIRMED"

    def nobody_waits_for_what_is_confirmed(self) -> None:
        for query in self.waiting.values():
            assert self.plane.receipt(query, NOW).outcome is not Outcome.CONFIRMED

    def step(self) -> None:
        """Something happens, and all that must hold is looked at."""
        self.chance.choice(
            (
                self.some_workloads_change,
                self.some_workloads_change,
                self.a_source_fails_and_recovers,
                self.a_proxy_comes_back,
                self.a_stream_is_lost,
                self.a_response_is_answered,
                self.a_response_is_answered,
                self.what_one_rejects_comes_again_in_parts_and_each_answer_is_repeated,
                self.one_answers_until_it_is_silent,
                self.a_proxy_gets_other_dislikes,
                self.something_else_is_said_before_the_answer,
                self.somebody_waits,
            )
        )()
        self.what_is_confirmed_is_true()
        self.nobody_waits_for_what_is_confirmed()

    def end(self) -> None:
        """Who likes a resource holds it, though it was rejected along with others, and nothing changes any more."""
        for proxy in self.proxies:
            if proxy.stream is None:
                self.connect(proxy, set())
        for name in WORKLOADS:
            self.wait(self.query(key_of(name)))
        self.exchange(self.proxies)
        forms = {(name, self.newest(name).body) for name in ASSIGNMENTS}
        for proxy in self.proxies:
            assert {form for form in forms if proxy.will_hold(*form)} <= proxy.holds.items()
        if all(proxy.will_hold(*form) for proxy in self.proxies for form in forms):
            self.everybody_is_told()

    def exchange(self, proxies: Iterable[HonestProxy]) -> None:
        for _ in range(ROUNDS):
            talking = [proxy for proxy in proxies if proxy.inbox]
            if not talking:
                return
            for proxy in talking:
                self.answer(proxy, rejects=False, applied=set(), names_new=False)
        raise AssertionError("they go on and on")

    def everybody_is_told(self) -> None:
        for query in self.waiting.values():
            if query == self.query(query.key):
                receipt = self.plane.receipt(query, NOW)
                assert receipt.reasons, f"nothing is under way, and yet {receipt}"


def key_of(name: str) -> ObjectKey:
    return workload(name).key


@pytest.mark.parametrize("part", range(PARTS))
def test_receipts_are_confirmed_when_all_proxies_route_so_and_never_before(part: int) -> None:
    for seed in range(part, WALKS, PARTS):
        world = World(random.Random(seed))
        try:
            for _ in range(STEPS):
                world.step()
            world.end()
        except AssertionError as error:
            error.add_note(f"seed {seed}")
            raise
