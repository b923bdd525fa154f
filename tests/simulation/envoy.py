"""A model of an Envoy: holds configuration, and speaks ADS as Envoy 1.40 was seen to.

It is honest about what it holds (`routes`), and as awkward as the real one about what it says: a rejected response is
applied in part, claims after that may be false, deletions of load assignments are ACKed and ignored, a cluster that
changed waits for its endpoints and holds its ACK back meanwhile.
"""

import random

from google.protobuf.message import Message

from ledger.ids import TypeUrl
from protos.base_pb2 import Node, Status
from protos.cluster_pb2 import Cluster
from protos.discovery_pb2 import (
    DeltaDiscoveryRequest,
    DeltaDiscoveryResponse,
    DiscoveryRequest,
    DiscoveryResponse,
)
from protos.endpoint_pb2 import ClusterLoadAssignment
from protos.listener_pb2 import Listener
from protos.route_pb2 import RouteConfiguration
from tests.simulation.connection import Connection, Held, Taken, TypeState
from tests.simulation.routes import Routes, held_routes
from xds.types import CDS, EDS, LDS, RDS, TYPES

MESSAGES: dict[TypeUrl, type[Message]] = {
    CDS: Cluster,
    EDS: ClusterLoadAssignment,
    LDS: Listener,
    RDS: RouteConfiguration,
}


class ModelEnvoy:
    """One process. Its name is its node id; or, of a later process under the same id, that and a number: `p1.2`.

    dies_at: when it ends because a process that was started beside it has taken over. changes: counts what it applied.
    """

    def __init__(self, name: str, delta: bool, namespace: str = "default") -> None:
        self.name = name
        self.node_id = name.partition(".")[0]
        self.namespace = namespace
        self.delta = delta
        self.alive = True
        self.frozen = False
        self.dies_at: float | None = None
        self.changes = 0
        self._types = {type_url: TypeState(asked=None if type_url in (CDS, LDS) else set()) for type_url in TYPES}
        self._subscribed: set[TypeUrl] = set()
        self._warming: set[str] = set()
        self._routes: tuple[int, Routes] = -1, {}
        self.connection: Connection | None = None

    # What it would do with a request

    def routes(self) -> Routes:
        """Every endpoint that a request may go to."""
        if self._routes[0] != self.changes:
            self._routes = self.changes, held_routes(self._held(CDS), self._held(EDS))
        return self._routes[1]

    def _held(self, type_url: TypeUrl) -> dict[str, bytes]:
        return {name: held.body for name, held in self._types[type_url].held.items()}

    # The stream

    def connect(self) -> None:
        """Opens a stream, and sends the first request of every type it has a subscription for, in Envoy's order."""
        self.connection = Connection()
        self._warming.clear()
        self._subscribed.add(CDS)
        for type_url in TYPES:
            if type_url in self._subscribed:
                self._begin(type_url)

    def claim_truly(self, everything: bool = False) -> None:
        """Names no version but those that it holds. `everything`: and none of these is left out."""
        for state in self._types.values():
            for held in state.held.values():
                if (held.claim or everything) and held.claim != held.version:
                    held.claim = held.version

    def disconnect(self) -> None:
        """The stream is lost, with all that was under way."""
        self.connection = None

    def take_response(self, dice: random.Random | None = None, late: bool = False, twice: bool = False) -> Taken:
        """Reads one response, and answers it.

        Args:
            dice: if given, it is rejected, and they tell which parts of it are applied all the same.
            late: the answer is sent behind that to a later response, of another type.
            twice: the answer is sent twice.
        """
        assert self.connection is not None
        data = self.connection.responses.pop(0)
        if self.delta:
            taken, answer = self._take_delta(DeltaDiscoveryResponse.FromString(data), dice)
        else:
            taken, answer = self._take_sotw(DiscoveryResponse.FromString(data), dice)
        self._reply(taken.type_url, answer.SerializeToString(), late, twice)
        return taken

    def _begin(self, type_url: TypeUrl) -> None:
        connection, state = self.connection, self._types[type_url]
        assert connection is not None
        self._subscribed.add(type_url)
        connection.began.add(type_url)
        node = Node(id=self.node_id)
        node.metadata["NAMESPACE"] = self.namespace
        if self.delta:
            versions = {name: held.claim for name, held in state.held.items() if held.claim}
            request: Message = DeltaDiscoveryRequest(
                node=node,
                type_url=type_url,
                resource_names_subscribe=sorted(state.asked or ()),
                initial_resource_versions=versions,
            )
        else:
            request = DiscoveryRequest(
                node=node, type_url=type_url, resource_names=sorted(state.asked or ()), version_info=state.version
            )
        connection.requests.append(request.SerializeToString())

    # Answers

    def _take_delta(self, response: DeltaDiscoveryResponse, dice: random.Random | None) -> tuple[Taken, Message]:
        type_url = TypeUrl(response.type_url)
        resources = {r.name: (r.version, r.resource.value) for r in response.resources}
        assert len(resources) == len(response.resources), "rule 11: no name twice"
        assert not resources.keys() & set(response.removed_resources), "rule 11: not both sent and removed"
        if not resources:
            dice = None
        self._apply(type_url, response.nonce, resources, set(response.removed_resources), dice)
        request = DeltaDiscoveryRequest(type_url=type_url, response_nonce=response.nonce)
        if dice is not None:
            request.error_detail.CopyFrom(Status(code=3, message="model: rejected"))
        return Taken(type_url, sorted(resources), sorted(response.removed_resources), dice is not None), request

    def _take_sotw(self, response: DiscoveryResponse, dice: random.Random | None) -> tuple[Taken, Message]:
        type_url = TypeUrl(response.type_url)
        state = self._types[type_url]
        resources: dict[str, tuple[str, bytes]] = {}
        for resource in response.resources:
            message = MESSAGES[type_url].FromString(resource.value)
            name = getattr(message, "cluster_name" if type_url == EDS else "name")
            assert name not in resources, "rule 11: no name twice"
            resources[name] = (response.version_info, resource.value)
        removed = state.held.keys() - resources.keys() if type_url in (CDS, LDS) else set()
        if not resources:
            dice = None
        self._apply(type_url, response.nonce, resources, set(removed), dice)
        if dice is None:
            state.version = response.version_info
        request = DiscoveryRequest(
            type_url=type_url,
            response_nonce=response.nonce,
            version_info=state.version,
            resource_names=sorted(state.asked or ()),
        )
        if dice is not None:
            request.error_detail.CopyFrom(Status(code=3, message="model: rejected"))
        return Taken(type_url, sorted(resources), sorted(removed), dice is not None), request

    def _apply(
        self,
        type_url: TypeUrl,
        nonce: str,
        resources: dict[str, tuple[str, bytes]],
        removed: set[str],
        dice: random.Random | None,
    ) -> None:
        """Takes what it is sent, or, rejecting it, any part of it (rule 31); and asks for what this refers to."""
        connection, state = self.connection, self._types[type_url]
        assert connection is not None
        self.changes += 1
        changed = set()
        for name, (version, body) in sorted(resources.items()):
            if state.asked is not None and name not in state.asked:
                continue
            old = state.held.get(name)
            if dice and dice.random() < 0.5:
                if old is not None and dice.random() < 0.3:
                    old.claim = version  # a false claim, seen after NACKs
                continue
            claim = version if not dice or dice.random() < 0.5 else (old.claim if old is not None else "")
            state.held[name] = Held(body, version, claim)
            if old is None or old.body != body:
                changed.add(name)
        for name in sorted(removed):
            if dice and dice.random() < 0.5:
                continue
            if type_url in (EDS, RDS):
                if name in state.held:
                    state.held[name].claim = ""  # rule 25: ACKed, and kept
            elif state.held.pop(name, None) is not None:
                changed.add(name)
        connection.nonces[type_url] = nonce
        if type_url in (CDS, LDS):
            wanted = self._wanted_children(type_url)
            self._ask(EDS if type_url == CDS else RDS, wanted)
            if type_url == CDS:
                known = self._types[EDS].held.keys()
                self._warming |= {name for name in changed if name in wanted and name in known}
                self._warming &= wanted
        if type_url == EDS:
            self._warming -= resources.keys()

    def _reply(self, type_url: TypeUrl, answer: bytes, late: bool, twice: bool) -> None:
        connection = self.connection
        assert connection is not None
        if (type_url == CDS and self._warming) or late:
            connection.held_back.append((type_url, answer))
        else:
            connection.requests += [answer, answer] if twice else [answer]
        if not self._warming and not late:
            connection.send_held_back()
        ready = not (self._types[EDS].asked or set()) or type_url in (EDS, LDS, RDS)
        if ready and LDS not in connection.began and type_url in (CDS, EDS):
            self._begin(LDS)

    def speak_up(self) -> None:
        """Sends the answers that it held back, but those of clusters that wait for endpoints."""
        connection = self.connection
        if connection is not None:
            connection.send_held_back(but=CDS if self._warming else None)

    def _wanted_children(self, type_url: TypeUrl) -> set[str]:
        if type_url == CDS:
            clusters = (Cluster.FromString(held.body) for held in self._types[CDS].held.values())
            return {cluster.name for cluster in clusters if cluster.type == Cluster.EDS}
        listeners = (Listener.FromString(held.body) for held in self._types[LDS].held.values())
        return {one.name for one in listeners if one.default_filter_chain.name == "http"}

    def _ask(self, type_url: TypeUrl, wanted: set[str]) -> None:
        """Changes the names of a type that is asked for by name. What is given up is dropped."""
        connection, state = self.connection, self._types[type_url]
        assert connection is not None
        assert state.asked is not None
        added, dropped = wanted - state.asked, state.asked - wanted
        if not added and not dropped:
            return
        connection.send_held_back(only=type_url)
        state.asked = wanted
        for name in dropped:
            state.held.pop(name, None)
        if type_url not in connection.began:
            self._begin(type_url)
        elif self.delta:
            request: Message = DeltaDiscoveryRequest(
                type_url=type_url,
                resource_names_subscribe=sorted(added),
                resource_names_unsubscribe=sorted(dropped),
            )
            connection.requests.append(request.SerializeToString())
        else:
            request = DiscoveryRequest(
                type_url=type_url,
                resource_names=sorted(wanted),
                version_info=state.version,
                response_nonce=connection.nonces.get(type_url, ""),
            )
            connection.requests.append(request.SerializeToString())
