"""A model of a state-of-the-world client: of clusters and listeners it holds what the last response held, no more."""

from collections.abc import Iterable, Iterator, Set

from ledger.ids import ResourceName, TypeUrl
from protos.discovery_pb2 import DiscoveryRequest, DiscoveryResponse
from tests.conformance.speech import resource_name
from tests.property.lines import WILDCARD, Asked, Claim, Held, Line, Manner, Request, Response, TypeState
from tests.property.model_client import REJECTED, ModelClient, body_of
from tests.property.served import Served
from xds.types import FULL_SET, TYPES


class SotwClient(ModelClient):
    """`said`, `named`: by type, the newest list of names, and whether any name was in a list on this stream.

    `heard_named`: the latter as the plane has heard it.
    """

    delta = False

    def __init__(self, served: Served, node: str, namespace: str, per_type: bool) -> None:
        super().__init__(served, node, namespace, per_type)
        self.said: dict[TypeUrl, frozenset[str]] = dict.fromkeys(TYPES, frozenset())
        self.named: dict[TypeUrl, bool] = dict.fromkeys(TYPES, False)
        self.heard_named: dict[TypeUrl, bool] = dict.fromkeys(TYPES, False)

    # What it says

    def ask(self, type_url: TypeUrl, add: Set[str], drop: Set[str], nonce: str) -> None:
        state, line = self.states[type_url], self.line(type_url)
        first = not state.wanted
        self.said[type_url] = (self.said[type_url] - drop) | add
        self.named[type_url] = self.named[type_url] or bool(self.said[type_url])
        self._aim(type_url, _meaning(self.said[type_url], self.named[type_url]))
        if line is None:
            return
        if first:
            nonce = ""
        elif nonce == "":
            state.rejected.clear()  # it starts over
        for name in add:
            state.rejected.pop(name, None)
        self._say(line, self._request(type_url, nonce, state.version))

    def _begin(self, line: Line, type_url: TypeUrl, manner: Manner, claims: Iterator[Claim]) -> None:
        state, claim = self.states[type_url], next(claims)
        if claim is Claim.OMITTED:
            state.held, state.version = {}, ""
        names = state.asked.names
        if state.asked.wildcard and type_url in FULL_SET and (names or manner.explicit):
            names |= {WILDCARD}
        self.said[type_url], self.named[type_url] = names, bool(names)
        version = "other" if claim is Claim.OTHER else state.version
        self._say(line, self._request(type_url, "", version))

    def _request(self, type_url: TypeUrl, nonce: str, version: str) -> DiscoveryRequest:
        names = sorted(self.said[type_url])
        return DiscoveryRequest(type_url=type_url, resource_names=names, response_nonce=nonce, version_info=version)

    def _answer(self, response: Response, *, rejected: bool) -> DiscoveryRequest:
        type_url = response.type_url
        request = self._request(type_url, response.nonce, self.states[type_url].version)
        if rejected:
            request.error_detail.CopyFrom(REJECTED)
        return request

    def _is_answer(self, request: Request, response: Response) -> bool:
        return request.response_nonce == response.nonce

    def _removed(self, response: Response) -> Set[str]:
        if response.type_url not in FULL_SET:
            return set()
        return self.states[response.type_url].held.keys() - response.resources.keys()

    def _note_rejection(self, state: TypeState, response: Response) -> None:
        told = self.told(response)
        if response.type_url in FULL_SET or len(told) == 1:  # a full set can't be taken apart
            state.rejected.update({name: body_of(response.resources.get(name)) for name in told})

    def lose_all(self) -> None:
        for line in self.lines.values():
            for request in line.requests:
                state = self.states[TypeUrl(request.type_url)]
                if request.HasField("error_detail") and not state.version:
                    # It may hold parts of what it rejected, and has no version to say so by; and nobody heard of the
                    # rejection, or ever will. That this does not happen is assumed (ARCHITECTURE.md).
                    state.held = {}
        super().lose_all()

    # What it hears

    def _heard(self, request: Request, first: bool, answered: Response | None) -> None:
        assert isinstance(request, DiscoveryRequest)
        type_url = TypeUrl(request.type_url)
        names = frozenset(request.resource_names)
        self.heard_named[type_url] = bool(names) or (self.heard_named[type_url] and not first)
        self.states[type_url].heard = _meaning(names, self.heard_named[type_url])

    def note_change(self, may_be_gone: Iterable[ResourceName] = ()) -> None:
        """What is gone is left out: nothing is said of it."""

    def _read(self, data: bytes) -> Response:
        message = DiscoveryResponse.FromString(data)
        type_url, now = TypeUrl(message.type_url), self.served.count
        resources = {resource_name(type_url, one.value): Held(one.value, "", now) for one in message.resources}
        assert len(resources) == len(message.resources), "a name twice"
        return Response(type_url, message.nonce, message.version_info, resources)

    def _check(self, line: Line, response: Response) -> None:
        super()._check(line, response)
        type_url = response.type_url
        last = line.written.get(type_url, {})
        for name, held in response.resources.items():
            newest = self.served.form(self.view, ResourceName(type_url, name))
            if newest is None:
                assert type_url in FULL_SET, f"{name} does not exist"
                assert body_of(last.get(name)) == held.body, f"{name} is to go and is not as it was"  # rule 7
            else:
                assert newest.body == held.body, f"{name} is not the newest"
        if type_url in FULL_SET:
            missing = self.existing(type_url, self.states[type_url].heard).keys() - response.resources.keys()
            assert not missing, f"left out, which deletes it: {missing}"


def _meaning(names: Set[str], named: bool) -> Asked:
    """An empty list is the wildcard until a name was in one (rule 17)."""
    return Asked(frozenset(names) - {WILDCARD}, WILDCARD in names or not named)
