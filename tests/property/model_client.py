"""A client that believes what it is told: what it asks for, what it holds, and what is under way to and from it.

Here is what state of the world and delta have in common. Everything that the plane writes is checked as it is written:
against what the plane had heard by then, and against the truth.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Set
from dataclasses import replace
from itertools import cycle

from ledger.ids import ResourceName, TypeUrl
from protos.base_pb2 import Node, Status
from tests.property.lines import Asked, Claim, Held, Line, Manner, Request, Response, TypeState
from tests.property.served import NOW, Served
from tests.property.small_mesh import NEVER, VIEWS
from xds.protocol.introduction import Peer
from xds.protocol.stream import Transport
from xds.resource import Resource
from xds.types import FULL_SET, LDS, PARENT, TYPES

REJECTED = Status(code=3, message="no")


class ModelClient(ABC):
    """One process. `per_type`: it opens a stream for each type, not one for all."""

    delta: bool

    def __init__(self, served: Served, node: str, namespace: str, per_type: bool) -> None:
        self.served = served
        self.node = node
        self.namespace = namespace
        self.view = VIEWS[namespace]
        self.per_type = per_type
        self.states = {type_url: TypeState() for type_url in TYPES}
        self.lines: dict[TypeUrl | None, Line] = {}

    def __repr__(self) -> str:
        return self.node

    # What it wants

    @property
    def wanted(self) -> list[TypeUrl]:
        return [type_url for type_url, state in self.states.items() if state.wanted]

    @property
    def is_aimed(self) -> bool:
        """Whether it has asked for listeners by name: then it counts as a gRPC client, of which every target is one."""
        return bool(self.states[LDS].ever)

    def line(self, type_url: TypeUrl) -> Line | None:
        """The stream on which it asks for the type, if that is open."""
        return self.lines.get(type_url if self.per_type else None)

    def connect(self, manner: Manner) -> None:
        """Asks for what it wants, where it has not yet or its stream was lost, and says what it holds."""
        claims = cycle(manner.claims)
        for type_url in manner.order:
            state, line = self.states[type_url], self.line(type_url)
            if state.wanted and (line is None or type_url not in line.asked_for):
                if type_url in FULL_SET and not state.asked.names and not state.asked.wildcard:
                    self._aim(type_url, Asked(frozenset({NEVER})))  # to say nothing would be to say everything
                state.nonce = ""
                self._begin(line or self._open(type_url), type_url, manner, claims)

    def ask_again_for_all_it_gave_up(self) -> None:
        """A load assignment that is given up while its cluster is not may be used for ever, and is waited for."""
        for type_url in PARENT:
            state = self.states[type_url]
            if state.ever - state.asked.names:
                self.ask(type_url, state.ever - state.asked.names, frozenset(), state.nonce)

    def _open(self, type_url: TypeUrl) -> Line:
        only = type_url if self.per_type else None
        stream = self.served.plane.open_stream(Transport(self.delta, only), Peer("model"), NOW)
        line = self.lines[only] = Line(stream)
        self.served.after()
        return line

    def _say(self, line: Line, request: Request) -> None:
        if not line.asked_for:
            request.node.CopyFrom(Node(id=self.node))
            request.node.metadata["NAMESPACE"] = self.namespace
        line.asked_for.add(TypeUrl(request.type_url))
        line.requests.append(request)

    def _aim(self, type_url: TypeUrl, asked: Asked) -> None:
        """From now on it asks for this. What it does not ask for it does not hold."""
        state = self.states[type_url]
        state.wanted = True
        state.ever |= asked.names
        state.asked = asked
        state.held = {name: held for name, held in state.held.items() if asked.covers(type_url, name)}

    # What goes to and fro

    def hear(self, line: Line) -> None:
        """The plane reads the next request."""
        request = line.requests.popleft()
        type_url = TypeUrl(request.type_url)
        first = type_url not in line.heard_of
        if first:
            line.heard_of.add(type_url)
            line.owed.add(type_url)
        answered = line.unanswered.get(type_url)
        if answered is not None and self._is_answer(request, answered):
            del line.unanswered[type_url]
        else:
            answered = None
        self._heard(request, first, answered)
        self.served.receive(line.stream, request.SerializeToString())

    def hear_all(self, line: Line) -> bool:
        """The plane reads all requests. Whether there were any."""
        heard = bool(line.requests)
        while line.requests:
            self.hear(line)
        return heard

    def write(self, line: Line) -> bool:
        """The plane writes all that it has for the stream. Whether there was anything."""
        if line.stream.id not in self.served.woken:
            return False
        self.served.woken.discard(line.stream.id)
        wrote = False
        while (data := self.served.plane.next_response(line.stream, NOW)) is not None:
            response = self._read(data)
            self._check(line, response)
            line.nonces.add(response.nonce)
            line.unanswered[response.type_url] = response
            line.written[response.type_url] = response.resources
            line.owed.discard(response.type_url)
            line.responses.append(response)
            wrote = True
        return wrote

    def _check(self, line: Line, response: Response) -> None:
        type_url = response.type_url
        assert type_url in line.heard_of, f"{type_url} was not asked for"
        assert type_url not in line.unanswered, "one response of a type is under way already"
        assert response.nonce, "no nonce"
        assert response.nonce not in line.nonces, "a nonce twice"
        assert not response.resources.keys() & response.removed, "both there and gone"
        heard = self.states[type_url].heard
        for name in response.resources:
            assert heard.covers(type_url, name), f"{name} is not subscribed to"

    def told(self, response: Response) -> set[str]:
        """What the response says something about that is news."""
        return self._removed(response) | response.resources.keys()

    def take(self, line: Line, *, applied: Set[str] | None = None, twice: bool = False) -> None:
        """It reads the next response, and accepts it; or rejects it, and applies only these resources of it."""
        response = line.responses.popleft()
        state = self.states[response.type_url]
        state.nonce = response.nonce
        told, removed = self.told(response), self._removed(response)
        for name in told:
            state.rejected.pop(name, None)
        state.rejects = applied is not None
        if applied is None:
            state.version = response.version
        else:
            self._note_rejection(state, response)
        for name in told if applied is None else applied:
            if name in removed:
                state.held.pop(name, None)
            elif state.asked.covers(response.type_url, name):
                new, old = response.resources[name], state.held.get(name)
                # It may be older than when it was written (rule 7: what is to go is kept in the set for a while).
                state.held[name] = old if old is not None and old.body == new.body else new
        for _ in range(2 if twice else 1):
            self._say(line, self._answer(response, rejected=applied is not None))

    def cut(self, line: Line) -> None:
        """The stream is lost, with all that is under way on it."""
        self._lose(line)
        self.lines = {only: other for only, other in self.lines.items() if other is not line}
        self.served.end(line.stream)

    def lose_all(self) -> None:
        """The control plane's process has ended, and all streams with it."""
        for line in self.lines.values():
            self._lose(line)
        self.lines = {}

    def come_back_where_it_rejects(self) -> None:
        """What it rejected is sent again on the next stream."""
        for type_url in self.wanted:
            state, line = self.states[type_url], self.line(type_url)
            if line is not None and (state.rejected or state.rejects):
                self.cut(line)
        self.come_back()

    def come_back(self) -> None:
        """It connects again, and says truly what it holds."""
        self.connect(Manner())

    def _lose(self, line: Line) -> None:
        for type_url in line.asked_for:
            self.states[type_url].rejected.clear()
            self.states[type_url].rejects = False

    # What must hold

    def check_receipts(self) -> None:
        """Nobody is told that a change has reached everybody while this client holds what was before it."""
        for type_url, state in self.states.items():
            for name, held in state.held.items():
                resource = ResourceName(type_url, name)
                if held.body == body_of(self.served.form(self.view, resource)):
                    state.held[name] = replace(held, built=self.served.count)  # as good as built anew
                elif state.heard.covers(type_url, name):  # else the plane can't know of it
                    for change in self.served.changes_since(self.view, resource, held.built):
                        assert not all(map(self.served.is_confirmed, change.by)), f"{self.node} has an older {resource}"

    def check(self) -> None:
        """All said and done, it holds exactly the truth, but for what it rejected and would reject again."""
        for line in self.lines.values():
            assert not line.owed, f"{self.node} was not answered: {line.owed}"
        for type_url in self.wanted:
            state, truth = self.states[type_url], self._truth(type_url)
            for name in truth.keys() | state.held.keys():
                should = body_of(truth.get(name))
                if should != body_of(state.held.get(name)):
                    assert name in state.rejected, f"{self.node} has another {type_url} {name}"
                    assert state.rejected[name] == should, (
                        f"{self.node} was not sent {type_url} {name} since it changed"
                    )

    def _truth(self, type_url: TypeUrl) -> dict[str, Resource]:
        asked = self.states[type_url].asked
        return self.existing(type_url, asked)

    def existing(self, type_url: TypeUrl, asked: Asked) -> dict[str, Resource]:
        """What there is of what is asked for."""
        names = asked.names
        if asked.wildcard and type_url in FULL_SET:
            names = names.union(self.served.names(self.view, type_url))
        forms = {name: self.served.form(self.view, ResourceName(type_url, name)) for name in names}
        return {name: form for name, form in forms.items() if form is not None}

    # In which the two protocols differ

    @abstractmethod
    def ask(self, type_url: TypeUrl, add: Set[str], drop: Set[str], nonce: str) -> None:
        """Asks for more, and for less; either may hold the wildcard. Where it is cut off, that takes effect later."""

    @abstractmethod
    def _begin(self, line: Line, type_url: TypeUrl, manner: Manner, claims: Iterator[Claim]) -> None:
        """The first request of a type. `claims` is `manner.claims`, over and over."""

    @abstractmethod
    def _answer(self, response: Response, *, rejected: bool) -> Request: ...

    @abstractmethod
    def _is_answer(self, request: Request, response: Response) -> bool: ...

    @abstractmethod
    def _heard(self, request: Request, first: bool, answered: Response | None) -> None:
        """The plane is about to read the request, which answers this."""

    @abstractmethod
    def _read(self, data: bytes) -> Response: ...

    @abstractmethod
    def _removed(self, response: Response) -> Set[str]:
        """What it takes for gone by this response."""

    @abstractmethod
    def _note_rejection(self, state: TypeState, response: Response) -> None:
        """Notes what the plane need not send again."""

    @abstractmethod
    def note_change(self, may_be_gone: Iterable[ResourceName] = ()) -> None:
        """Objects have changed. `may_be_gone`: what a new control plane may say is gone, of its own accord."""


def body_of(held: Held | Resource | None) -> bytes | None:
    return held.body if held is not None else None
