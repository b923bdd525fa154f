"""Two model clients, one with a stream for everything and one with a stream for each type, and a control plane.

Objects come, change and go, clients ask, answer, reject and are cut off, and nothing waits for anything: what is under
way stays so until a rule has it arrive.
"""

from collections.abc import Callable, Iterable

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from ledger.ids import ObjectKey, TypeUrl
from tests.property.lines import WILDCARD, Claim, Line, Manner
from tests.property.model_client import ModelClient
from tests.property.served import Served
from tests.property.small_mesh import NAMES, OBJECTS
from tests.xds.mesh import Object
from xds.types import CDS, TYPES

ROUNDS = 100
"""Of reading and answering, within which everybody must fall silent."""

CLIENTS = st.sampled_from([0, 1])
NONCES = st.sampled_from(["last", "made up", ""])


Names = frozenset[str]


MANNERS = st.builds(
    Manner,
    st.permutations(TYPES).map(tuple),
    st.lists(st.sampled_from(Claim), min_size=1, max_size=4).map(tuple),
    st.frozensets(st.sampled_from(NAMES[CDS]), max_size=1),
    st.booleans(),
)


@st.composite
def _names(draw: st.DrawFn, type_url: TypeUrl) -> Names:
    names = draw(st.frozensets(st.sampled_from(NAMES[type_url]), max_size=3))
    return names | draw(st.sampled_from([frozenset(), frozenset({WILDCARD})]))


@st.composite
def _wishes(draw: st.DrawFn) -> tuple[TypeUrl, Names, Names]:
    """A type, names to ask for, and others to give up."""
    type_url = draw(st.sampled_from(TYPES))
    add = draw(_names(type_url))
    return type_url, add, draw(_names(type_url)) - add


class Exchanges(RuleBasedStateMachine):
    """Whatever happens in between, in the end every client holds exactly what the server has."""

    kind: type[ModelClient]

    def __init__(self) -> None:
        super().__init__()
        self.served = Served()
        self.clients = [
            self.kind(self.served, "p", "default", per_type=False),
            self.kind(self.served, "q", "shop", per_type=True),
        ]

    @initialize(wishes=st.lists(st.tuples(CLIENTS, _wishes()), max_size=8), quiet=st.booleans())
    def clients_begin(self, wishes: list[tuple[int, tuple[TypeUrl, Names, Names]]], quiet: bool) -> None:
        for which, (type_url, add, _) in wishes:
            self.clients[which].ask(type_url, add, frozenset(), "")
        if quiet:
            self.all_fall_silent()

    def lines(self, having: Callable[[Line], object] = lambda _: True) -> list[tuple[ModelClient, Line]]:
        return [(client, line) for client in self.clients for line in client.lines.values() if having(line)]

    # Objects

    @rule(one=OBJECTS)
    def an_object_comes_or_changes(self, one: Object) -> None:
        self.change([one], [])

    @rule(data=st.data())
    @precondition(lambda self: self.served.objects)
    def an_object_goes(self, data: st.DataObject) -> None:
        self.change([], [data.draw(st.sampled_from(sorted(self.served.objects)))])

    @rule(some=st.lists(OBJECTS, min_size=2, max_size=3, unique_by=lambda one: one.key), data=st.data())
    def several_change_as_one(self, some: list[Object], data: st.DataObject) -> None:
        self.change(some, self.others(some, data))

    def others(self, some: list[Object], data: st.DataObject) -> set[ObjectKey]:
        others = sorted(self.served.objects.keys() - {one.key for one in some})
        return data.draw(st.sets(st.sampled_from(others), max_size=1)) if others else set()

    def change(self, put: Iterable[Object], gone: Iterable[ObjectKey]) -> None:
        self.served.change(put, gone)
        for client in self.clients:
            client.note_change()

    # Clients

    @rule(which=CLIENTS, wish=_wishes(), nonce=NONCES)
    def names_are_asked_for_and_given_up(self, which: int, wish: tuple[TypeUrl, Names, Names], nonce: str) -> None:
        self.ask(self.clients[which], *wish, nonce)

    @rule(data=st.data(), how=st.sampled_from(["again", "no more", "no more, and again"]), nonce=NONCES)
    @precondition(lambda self: any(client.wanted for client in self.clients))
    def a_client_hesitates(self, data: st.DataObject, how: str, nonce: str) -> None:
        """About something that it asks for."""
        client = data.draw(st.sampled_from([client for client in self.clients if client.wanted]))
        type_url = data.draw(st.sampled_from(client.wanted))
        asked = client.states[type_url].asked
        some = frozenset({data.draw(st.sampled_from([WILDCARD, *sorted(asked.names)]))})
        if how != "again":
            self.ask(client, type_url, frozenset(), some, nonce)
        if how != "no more":
            self.ask(client, type_url, some, frozenset(), nonce)

    def ask(self, client: ModelClient, type_url: TypeUrl, add: Names, drop: Names, nonce: str) -> None:
        client.ask(type_url, add, drop, client.states[type_url].nonce if nonce == "last" else nonce)

    @rule(which=CLIENTS, manner=MANNERS)
    def a_client_connects(self, which: int, manner: Manner) -> None:
        self.clients[which].connect(manner)

    @rule(data=st.data())
    @precondition(lambda self: self.lines())
    def a_stream_is_lost(self, data: st.DataObject) -> None:
        client, line = data.draw(st.sampled_from(self.lines()))
        client.cut(line)

    @rule(data=st.data(), some=st.lists(OBJECTS, max_size=1), manner=MANNERS)
    @precondition(lambda self: self.lines())
    def objects_change_while_a_client_is_away(self, data: st.DataObject, some: list[Object], manner: Manner) -> None:
        """And nobody else has any part in that."""
        self.exchange()
        client, line = data.draw(st.sampled_from(self.lines()))
        gone = self.others(some, data)
        client.cut(line)
        self.change(some, gone)
        self.exchange()
        client.connect(manner)
        for line in client.lines.values():
            client.hear_all(line)

    # What is under way arrives

    @rule(data=st.data(), written=st.booleans())
    @precondition(lambda self: self.lines(lambda line: line.requests))
    def a_request_arrives(self, data: st.DataObject, written: bool) -> None:
        client, line = data.draw(st.sampled_from(self.lines(lambda line: line.requests)))
        client.hear(line)
        if written:
            client.write(line)

    @rule()
    def responses_are_written(self) -> None:
        for client, line in self.lines():
            client.write(line)

    @rule(data=st.data(), twice=st.booleans(), heard=st.booleans())
    @precondition(lambda self: self.lines(lambda line: line.responses))
    def a_response_is_accepted(self, data: st.DataObject, twice: bool, heard: bool) -> None:
        client, line = data.draw(st.sampled_from(self.lines(lambda line: line.responses)))
        client.take(line, twice=twice)
        if heard:
            client.hear_all(line)

    @rule(data=st.data(), heard=st.booleans())
    @precondition(lambda self: self.lines(lambda line: line.responses))
    def a_response_is_rejected(self, data: st.DataObject, heard: bool) -> None:
        client, line = data.draw(st.sampled_from(self.lines(lambda line: line.responses)))
        told = sorted(client.told(line.responses[0]))
        client.take(line, applied=data.draw(st.sets(st.sampled_from(told))) if told else set())
        if heard:
            client.hear_all(line)

    @rule(data=st.data())
    @precondition(lambda self: self.lines())
    def everything_arrives_but_on_one_stream(self, data: st.DataObject) -> None:
        """So that one client alone stands between a receipt and its being CONFIRMED."""
        _, slow = data.draw(st.sampled_from(self.lines()))
        self.exchange(slow)

    # The control plane

    @rule(some=st.lists(OBJECTS, max_size=1), data=st.data())
    def the_control_plane_restarts(self, some: list[Object], data: st.DataObject) -> None:
        gone = self.others(some, data)
        for client in self.clients:
            client.lose_all()
        may_be_gone = self.served.restart(some, gone)
        for client in self.clients:
            client.note_change(may_be_gone)

    @rule()
    def somebody_waits_for_every_receipt(self) -> None:
        self.served.wait_for_all()

    # What must hold

    @invariant()
    def no_receipt_is_confirmed_while_a_client_holds_what_was_before(self) -> None:
        for client in self.clients:
            client.check_receipts()

    @rule()
    def all_fall_silent(self) -> None:
        """Everything arrives and is accepted, until nobody has anything to say: then all is as it should be."""
        for client in self.clients:
            client.come_back()
        self.exchange()
        for client in self.clients:
            client.check()

    def exchange(self, slow: Line | None = None) -> None:
        """Until nobody has anything to say."""
        for _ in range(ROUNDS):
            moved = False
            for client, line in self.lines(lambda line: line is not slow):
                moved |= client.hear_all(line)
                moved |= client.write(line)
                while line.responses:
                    client.take(line)
                    moved = True
            if not moved:
                return
        raise AssertionError("they go on and on")

    def teardown(self) -> None:
        """What was rejected is sent again on the next stream; then nothing differs, and every receipt says so."""
        self.all_fall_silent()
        for client in self.clients:
            client.come_back_where_it_rejects()
            client.ask_again_for_all_it_gave_up()
        self.all_fall_silent()
        for client in self.clients:
            assert not any(state.rejected for state in client.states.values())
            if client.is_aimed:
                self.served.forget(client.node)
        self.served.let_time_pass()
        self.served.wait_for_all()
        self.all_fall_silent()
        self.served.check_all_confirmed()
