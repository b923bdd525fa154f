"""A model of a delta client: it adds what it is sent, drops what it is told is gone, and says truly what it holds."""

from collections.abc import Iterable, Iterator, Set
from itertools import repeat

from ledger.ids import ResourceName, TypeUrl
from protos.discovery_pb2 import DeltaDiscoveryRequest, DeltaDiscoveryResponse
from tests.property.lines import WILDCARD, Asked, Claim, Held, Line, Manner, Request, Response, TypeState
from tests.property.model_client import REJECTED, ModelClient
from tests.property.served import Served
from xds.types import FULL_SET, TYPES


class DeltaClient(ModelClient):
    """What an Envoy does on delta streams.

    tellable: by type, the names of which the plane may say once that they are gone, though not asked for. saved: those
    of which it may say so on each stream, as they were served before it started.
    """

    delta = True

    def __init__(self, served: Served, node: str, namespace: str, per_type: bool) -> None:
        super().__init__(served, node, namespace, per_type)
        self.tellable: dict[TypeUrl, set[str]] = {type_url: set() for type_url in TYPES}
        self.saved: dict[TypeUrl, set[str]] = {type_url: set() for type_url in TYPES}

    # What it says

    def ask(self, type_url: TypeUrl, add: Set[str], drop: Set[str], nonce: str) -> None:
        state, line = self.states[type_url], self.line(type_url)
        if not state.wanted:
            self._aim(type_url, _first(add))
            if line is not None:
                self._begin(line, type_url, Manner(), repeat(Claim.TRUE))
            return
        if line is not None and not state.asked.wildcard and not line.is_quiet(type_url):
            # What comes to it from before it gave everything up, and vanished in between, it would keep for ever.
            add -= {WILDCARD}
        for name in add | (drop & state.asked.names):  # what it asks for again it has lost, what it gives up it drops
            state.held.pop(name, None)
            state.rejected.pop(name, None)
        self._aim(type_url, _changed(state.asked, add, drop))
        if line is None:
            return
        self._say(
            line,
            DeltaDiscoveryRequest(
                type_url=type_url,
                resource_names_subscribe=sorted(add),
                resource_names_unsubscribe=sorted(drop),
                response_nonce=nonce,
            ),
        )

    def _begin(self, line: Line, type_url: TypeUrl, manner: Manner, claims: Iterator[Claim]) -> None:
        state = self.states[type_url]
        versions = dict.fromkeys(manner.phantoms - state.held.keys(), "phantom")
        for (name, held), claim in zip(sorted(state.held.items()), claims, strict=False):
            if claim is not Claim.OMITTED:
                versions[name] = held.version if claim is Claim.TRUE else "other"
        # What it does not list it does not hold, but for what it asks for by name, and so will be answered about.
        kept = versions.keys() | (state.asked.names if versions else set())
        state.held = {name: held for name, held in state.held.items() if name in kept}
        names = sorted(state.asked.names)
        if state.asked.wildcard and (names or manner.explicit):
            names.append(WILDCARD)
        self._say(
            line,
            DeltaDiscoveryRequest(
                type_url=type_url, resource_names_subscribe=names, initial_resource_versions=versions
            ),
        )

    def _answer(self, response: Response, *, rejected: bool) -> DeltaDiscoveryRequest:
        return DeltaDiscoveryRequest(
            type_url=response.type_url,
            response_nonce=response.nonce,
            error_detail=REJECTED if rejected else None,
        )

    def _is_answer(self, request: Request, response: Response) -> bool:
        return request.response_nonce == response.nonce

    def _removed(self, response: Response) -> Set[str]:
        return response.removed

    def _note_rejection(self, state: TypeState, response: Response) -> None:
        if len(self.told(response)) == 1:  # what was rejected together is sent again apart
            state.rejected.update({name: held.body for name, held in response.resources.items()})
            state.rejected.update(dict.fromkeys(response.removed))

    def _lose(self, line: Line) -> None:
        super()._lose(line)
        for type_url, response in line.unanswered.items():
            self.tellable[type_url] |= response.removed

    # What it hears

    def _heard(self, request: Request, first: bool, answered: Response | None) -> None:
        assert isinstance(request, DeltaDiscoveryRequest)
        type_url = TypeUrl(request.type_url)
        state, tellable = self.states[type_url], self.tellable[type_url]
        added = frozenset(request.resource_names_subscribe)
        dropped = frozenset(request.resource_names_unsubscribe)
        state.heard = _first(added) if first else _changed(state.heard, added, dropped)
        tellable |= {*added, *dropped, *request.initial_resource_versions}
        if answered is not None and request.HasField("error_detail"):
            tellable |= answered.removed
        self.note_change()

    def note_change(self, may_be_gone: Iterable[ResourceName] = ()) -> None:
        """What a wildcard covers now may be said to be gone later."""
        for type_url, state in self.states.items():
            if state.heard.wildcard and type_url in FULL_SET:
                self.tellable[type_url].update(self.served.names(self.view, type_url))
        for resource in may_be_gone:
            self.saved[resource.type_url].add(resource.name)

    def _read(self, data: bytes) -> Response:
        message = DeltaDiscoveryResponse.FromString(data)
        now = self.served.count
        resources = {one.name: Held(one.resource.value, one.version, now) for one in message.resources}
        assert len(resources) == len(message.resources), "a name twice"
        removed = frozenset(message.removed_resources)
        assert len(removed) == len(message.removed_resources), "a name gone twice"
        type_url = TypeUrl(message.type_url)
        return Response(type_url, message.nonce, message.system_version_info, resources, removed)

    def _check(self, line: Line, response: Response) -> None:
        super()._check(line, response)
        type_url = response.type_url
        heard, tellable, saved = self.states[type_url].heard, self.tellable[type_url], self.saved[type_url]
        for name, held in response.resources.items():
            newest = self.served.form(self.view, ResourceName(type_url, name))
            assert newest is not None, f"{name} does not exist"
            assert (newest.body, newest.version) == (held.body, held.version), f"{name} is not the newest"
        for name in response.removed:
            assert type_url in FULL_SET, "rule 25: this is sent empty"
            assert name not in self.existing(type_url, heard), f"{name} is there"
            assert name in heard.names or name in tellable or name in saved, f"{name} is nothing to this client"
        tellable -= response.removed
        tellable |= response.resources.keys()


def _first(names: Set[str]) -> Asked:
    return Asked(frozenset(names) - {WILDCARD}, not names or WILDCARD in names)


def _changed(asked: Asked, add: Set[str], drop: Set[str]) -> Asked:
    wildcard = (asked.wildcard and WILDCARD not in drop) or WILDCARD in add
    return Asked((asked.names - drop) | (add - {WILDCARD}), wildcard)
