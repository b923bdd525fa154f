"""What a well-behaved client says and hears: the messages of SotW and of delta, behind one face."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ledger.ids import TypeUrl
from protos.base_pb2 import Status
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
from xds.types import CDS, EDS, LDS, RDS

Request = DiscoveryRequest | DeltaDiscoveryRequest

_WRAPPER = "type.googleapis.com/envoy.service.discovery.v3.Resource"

INVALID_ARGUMENT = 3
"""The code that Envoy gives when it rejects."""


@dataclass(frozen=True, slots=True)
class Response:
    """A response of either protocol.

    version: `version_info`, or `system_version_info`. resources: name -> encoded resource, in the order sent. versions:
    those of the resources, by name (delta). removed: the names that are said to be gone (delta). size: of the encoded
    response. types: the type URL of each resource. has_ttl: whether any has a time to live.
    """

    type_url: TypeUrl
    nonce: str
    version: str
    resources: Mapping[str, bytes]
    versions: Mapping[str, str]
    removed: tuple[str, ...]
    types: tuple[str, ...]
    has_ttl: bool
    size: int
    message: DiscoveryResponse | DeltaDiscoveryResponse

    @property
    def names(self) -> list[str]:
        """The resources that it holds, in order."""
        return sorted(self.resources)

    @property
    def told(self) -> list[str]:
        """The resources that it holds or says are gone, in order."""
        return sorted([*self.resources, *self.removed])


@dataclass
class Said:
    """What was said of a type so far. names: asked for. nonce, version: of the last response, and the last accepted."""

    names: tuple[str, ...] = ()
    nonce: str = ""
    version: str = ""


@dataclass
class Speech(ABC):
    """Makes requests and reads responses. `said` is by type; a type that is not in it was not asked for."""

    said: dict[TypeUrl, Said] = field(default_factory=dict)

    @abstractmethod
    def ask(self, type_url: TypeUrl, names: Iterable[str], *, version: str, held: Mapping[str, str] | None) -> Request:
        """Asks for exactly these names from now on.

        Args:
            version: SotW, first request: the version that the client has from an earlier stream.
            held: delta, first request: the resources that it has, with their versions.
        """

    @abstractmethod
    def ack(self, response: Response) -> Request:
        """Accepts the response."""

    @abstractmethod
    def nack(self, response: Response, text: str) -> Request:
        """Rejects the response."""

    @abstractmethod
    def read(self, data: bytes) -> Response:
        """Reads a response; the answer to it is still to be given."""


class Sotw(Speech):
    """Names are repeated in full, with the version last accepted."""

    def ask(
        self, type_url: TypeUrl, names: Iterable[str], *, version: str = "", held: Mapping[str, str] | None = None
    ) -> DiscoveryRequest:
        said = self.said.setdefault(type_url, Said(version=version))
        said.names = tuple(names)
        return self._request(type_url)

    def ack(self, response: Response) -> DiscoveryRequest:
        said = self.said[response.type_url]
        said.version = response.version
        request = self._request(response.type_url)
        request.response_nonce = response.nonce
        return request

    def nack(self, response: Response, text: str) -> DiscoveryRequest:
        request = self._request(response.type_url)
        request.response_nonce = response.nonce
        request.error_detail.CopyFrom(Status(code=INVALID_ARGUMENT, message=text))
        return request

    def read(self, data: bytes) -> Response:
        message = DiscoveryResponse.FromString(data)
        type_url = TypeUrl(message.type_url)
        resources = {resource_name(type_url, any_.value): any_.value for any_ in message.resources}
        types = tuple(any_.type_url for any_ in message.resources)
        self.said[type_url].nonce = message.nonce
        version = message.version_info
        has_ttl = _WRAPPER in types  # SotW has no other place for one
        return Response(type_url, message.nonce, version, resources, {}, (), types, has_ttl, len(data), message)

    def _request(self, type_url: TypeUrl) -> DiscoveryRequest:
        said = self.said[type_url]
        return DiscoveryRequest(
            type_url=type_url, resource_names=said.names, response_nonce=said.nonce, version_info=said.version
        )


class Delta(Speech):
    """Names are given as differences from what was asked for before."""

    def ask(
        self, type_url: TypeUrl, names: Iterable[str], *, version: str = "", held: Mapping[str, str] | None = None
    ) -> DeltaDiscoveryRequest:
        said = self.said.setdefault(type_url, Said())
        before, said.names = said.names, tuple(names)
        return DeltaDiscoveryRequest(
            type_url=type_url,
            resource_names_subscribe=[name for name in said.names if name not in before],
            resource_names_unsubscribe=[name for name in before if name not in said.names],
            initial_resource_versions=held or {},
        )

    def ack(self, response: Response) -> DeltaDiscoveryRequest:
        return DeltaDiscoveryRequest(type_url=response.type_url, response_nonce=response.nonce)

    def nack(self, response: Response, text: str) -> DeltaDiscoveryRequest:
        request = self.ack(response)
        request.error_detail.CopyFrom(Status(code=INVALID_ARGUMENT, message=text))
        return request

    def read(self, data: bytes) -> Response:
        message = DeltaDiscoveryResponse.FromString(data)
        type_url = TypeUrl(message.type_url)
        resources = {resource.name: resource.resource.value for resource in message.resources}
        versions = {resource.name: resource.version for resource in message.resources}
        removed = tuple(message.removed_resources)
        types = tuple(resource.resource.type_url for resource in message.resources)
        has_ttl = any(resource.HasField("ttl") for resource in message.resources)
        self.said[type_url].nonce = message.nonce
        version = message.system_version_info
        return Response(
            type_url, message.nonce, version, resources, versions, removed, types, has_ttl, len(data), message
        )


def resource_name(type_url: TypeUrl, body: bytes) -> str:
    """The name of an encoded resource."""
    if type_url == EDS:
        return ClusterLoadAssignment.FromString(body).cluster_name
    named: dict[TypeUrl, type[Cluster | Listener | RouteConfiguration]] = {
        CDS: Cluster,
        LDS: Listener,
        RDS: RouteConfiguration,
    }
    return named[type_url].FromString(body).name
