"""A model of an Envoy: holds configuration, and speaks ADS as Envoy 1.40 was seen to.

It is honest about what it holds (`routes_to`), and as awkward as the real one about what it says: a rejected response
is applied in part, claims after that may be false, deletions of load assignments are ACKed and ignored, a cluster that
changed waits for its endpoints and holds its ACK back meanwhile.
"""

import random
from dataclasses import dataclass, field
from typing import NamedTuple

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
from protos.endpoint_pb2 import DRAINING, ClusterLoadAssignment
from protos.listener_pb2 import Listener
from protos.route_pb2 import RouteConfiguration
from xds.types import CDS, EDS, LDS, RDS, TYPES

MESSAGES: dict[TypeUrl, type[Message]] = {
    CDS: Cluster,
    EDS: ClusterLoadAssignment,
    LDS: Listener,
    RDS: RouteConfiguration,
}


class Route(NamedTuple):
    """A way on which a request may go: an endpoint of a cluster, as given by an object."""

    cluster: str
    object: str
    address: str
    draining: bool


@dataclass
class Held:
    """One resource that a proxy holds: its form, that form's version, and the version that it would name."""

    body: bytes
    version: str
    claim: str


@dataclass
class TypeState:
    """What a proxy has of one type. `asked`: the names that it subscribes to; None for a wildcard."""

    held: dict[str, Held] = field(default_factory=dict)
    asked: set[str] | None = None
    version: str = ""


@dataclass
class Connection:
    """One stream: what the proxy has sent and the server not yet read, and the other way round."""

    requests: list[bytes] = field(default_factory=list)
    responses: list[bytes] = field(default_factory=list)
    began: set[TypeUrl] = field(default_factory=set)
    nonces: dict[TypeUrl, str] = field(default_factory=dict)
    held_back: list[bytes] = field(default_factory=list)
    """ACKs of clusters that wait for endpoints."""


class ModelEnvoy:
    """One process. `rejecting`: NACKs what it is sent, with this probability."""

    def __init__(self, node_id: str, delta: bool, rng: random.Random, namespace: str = "default") -> None:
        self.node_id = node_id
        self.namespace = namespace
        self.delta = delta
        self.rejecting = 0.0
        self.alive = True
        self.dies_at: float | None = None
        self._rng = rng
        self._types = {type_url: TypeState(asked=None if type_url in (CDS, LDS) else set()) for type_url in TYPES}
        self._subscribed: set[TypeUrl] = set()
        self._warming: set[str] = set()
        self.connection: Connection | None = None

    # What it would do with a request

    def routes(self) -> set[Route]:
        """Every endpoint that a request may go to."""
        found = set()
        for name, held in self._types[CDS].held.items():
            cluster = Cluster.FromString(held.body)
            assignment = None
            if cluster.type == Cluster.EDS:
                eds = self._types[EDS].held.get(name)
                assignment = ClusterLoadAssignment.FromString(eds.body) if eds is not None else None
            elif cluster.HasField("load_assignment"):
                assignment = cluster.load_assignment
            for locality in assignment.endpoints if assignment is not None else ():
                for endpoint in locality.lb_endpoints:
                    about = endpoint.metadata.filter_metadata["lastack.io"]
                    address = endpoint.endpoint.address.socket_address
                    where = f"{address.address}:{address.port_value}"
                    found.add(Route(name, str(about["object"]), where, endpoint.health_status == DRAINING))
        return found

    def held(self, type_url: TypeUrl) -> dict[str, bytes]:
        """The resources that it uses, encoded."""
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

    def claim_truly(self) -> None:
        """Names no version but those that it holds."""
        for state in self._types.values():
            for held in state.held.values():
                if held.claim and held.claim != held.version:
                    held.claim = held.version

    def disconnect(self) -> None:
        """The stream is lost, with all that was under way."""
        self.connection = None

    def take_response(self) -> None:
        """Reads one response, and answers it."""
        assert self.connection is not None
        data = self.connection.responses.pop(0)
        if self.delta:
            self._take_delta(DeltaDiscoveryResponse.FromString(data))
        else:
            self._take_sotw(DiscoveryResponse.FromString(data))

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

    def _take_delta(self, response: DeltaDiscoveryResponse) -> None:
        type_url = TypeUrl(response.type_url)
        resources = {r.name: (r.version, r.resource.value) for r in response.resources}
        assert len(resources) == len(response.resources), "rule 11: no name twice"
        assert not resources.keys() & set(response.removed_resources), "rule 11: not both sent and removed"
        rejected = self._rng.random() < self.rejecting and bool(resources)
        changed = self._apply(type_url, resources, set(response.removed_resources), rejected)
        request = DeltaDiscoveryRequest(type_url=type_url, response_nonce=response.nonce)
        if rejected:
            request.error_detail.CopyFrom(Status(code=3, message="model: rejected"))
        self._after(type_url, set(resources), changed, request)

    def _take_sotw(self, response: DiscoveryResponse) -> None:
        type_url = TypeUrl(response.type_url)
        state = self._types[type_url]
        resources: dict[str, tuple[str, bytes]] = {}
        for resource in response.resources:
            message = MESSAGES[type_url].FromString(resource.value)
            name = getattr(message, "cluster_name" if type_url == EDS else "name")
            assert name not in resources, "rule 11: no name twice"
            resources[name] = (response.version_info, resource.value)
        removed = state.held.keys() - resources.keys() if type_url in (CDS, LDS) else set()
        rejected = self._rng.random() < self.rejecting and bool(resources)
        changed = self._apply(type_url, resources, set(removed), rejected)
        if not rejected:
            state.version = response.version_info
        request = DiscoveryRequest(
            type_url=type_url,
            response_nonce=response.nonce,
            version_info=state.version,
            resource_names=sorted(state.asked or ()),
        )
        if rejected:
            request.error_detail.CopyFrom(Status(code=3, message="model: rejected"))
        self._after(type_url, set(resources), changed, request)

    def _apply(
        self, type_url: TypeUrl, resources: dict[str, tuple[str, bytes]], removed: set[str], rejected: bool
    ) -> set[str]:
        """Takes what it is sent, or, rejecting it, any part of it (rule 31). Returns the names that changed."""
        state = self._types[type_url]
        changed = set()
        for name, (version, body) in sorted(resources.items()):
            if state.asked is not None and name not in state.asked:
                continue
            old = state.held.get(name)
            if rejected and self._rng.random() < 0.5:
                if old is not None and self._rng.random() < 0.3:
                    old.claim = version  # a false claim, seen after NACKs
                continue
            claim = version if not rejected or self._rng.random() < 0.5 else (old.claim if old is not None else "")
            state.held[name] = Held(body, version, claim)
            if old is None or old.body != body:
                changed.add(name)
        for name in sorted(removed):
            if rejected and self._rng.random() < 0.5:
                continue
            if type_url in (EDS, RDS):
                if name in state.held:
                    state.held[name].claim = ""  # rule 25: ACKed, and kept
            elif state.held.pop(name, None) is not None:
                changed.add(name)
        return changed

    def _after(self, type_url: TypeUrl, received: set[str], changed: set[str], answer: Message) -> None:
        connection = self.connection
        assert connection is not None
        connection.nonces[type_url] = getattr(answer, "response_nonce")  # noqa: B009 - two message types
        encoded = answer.SerializeToString()
        if type_url in (CDS, LDS):
            first = EDS if type_url == CDS else RDS
            wanted = self._wanted_children(type_url)
            self._ask(first, wanted)
            if type_url == CDS:
                known = self._types[EDS].held.keys()
                self._warming |= {name for name in changed if name in wanted and name in known}
                self._warming &= wanted
        if type_url == EDS:
            self._warming -= received
        if type_url == CDS and self._warming:
            connection.held_back.append(encoded)
        else:
            connection.requests.append(encoded)
        if not self._warming and connection.held_back:
            connection.requests.extend(connection.held_back)
            connection.held_back.clear()
        ready = not (self._types[EDS].asked or set()) or type_url in (EDS, LDS, RDS)
        if ready and LDS not in connection.began and type_url in (CDS, EDS):
            self._begin(LDS)

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
