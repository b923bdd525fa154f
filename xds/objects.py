"""The configuration objects that lastack serves, and the events by which a source reports them.

Shapes follow Istio's `networking.istio.io` ServiceEntry and WorkloadEntry; `xds.parsing` makes them from documents.
They are immutable, so an index may hold them and compare an old form with a new one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from ledger.ids import Generation, ObjectKey

SERVICE_ENTRY = "ServiceEntry"
WORKLOAD_ENTRY = "WorkloadEntry"

DRAINING_LABEL = "lastack.io/draining"
"""A label under `spec.labels` (or an inline endpoint's `labels`): the endpoint takes no new requests."""

ALL_DRAINING_ANNOTATION = "lastack.io/all-draining"

LONGEST_REQUEST = "lastack.io/longest-request"
"""Annotation of a WorkloadEntry: how long a request to it may take."""

RELEASE_AFTER = "lastack.io/release-after"
"""Annotation of a WorkloadEntry: how long after its deletion it is released, whoever may still route to it."""

NOT_READY = "lastack.io/not-ready"
"""Annotation of a WorkloadEntry that was made for a Pod: it drains because the Pod's containers are not ready."""
"""An annotation of a ServiceEntry: what to do when no endpoint is left that is not draining (`AllDraining`)."""


class Protocol(StrEnum):
    """Protocol of a service port, as Istio spells it."""

    HTTP = "HTTP"
    HTTP2 = "HTTP2"
    GRPC = "GRPC"
    TCP = "TCP"
    TLS = "TLS"
    HTTPS = "HTTPS"

    @property
    def is_http(self) -> bool:
        """Whether requests are routed by their host (a RouteConfiguration)."""
        return self in (Protocol.HTTP, Protocol.HTTP2, Protocol.GRPC)

    @property
    def is_http2(self) -> bool:
        """Whether the upstream speaks HTTP/2."""
        return self in (Protocol.HTTP2, Protocol.GRPC)

    @property
    def is_tls(self) -> bool:
        """Whether connections are passed through by their server name (SNI)."""
        return self in (Protocol.TLS, Protocol.HTTPS)


class Resolution(StrEnum):
    """How the endpoints of a service are found."""

    NONE = "NONE"
    STATIC = "STATIC"
    DNS = "DNS"
    DNS_ROUND_ROBIN = "DNS_ROUND_ROBIN"

    @property
    def is_dns(self) -> bool:
        return self in (Resolution.DNS, Resolution.DNS_ROUND_ROBIN)


class Location(StrEnum):
    """Whether the service's endpoints belong to the mesh."""

    MESH_EXTERNAL = "MESH_EXTERNAL"
    MESH_INTERNAL = "MESH_INTERNAL"


class AllDraining(StrEnum):
    """What a service does when every endpoint it has left is draining.

    SERVE lets Envoy's panic mode send requests to the draining endpoints (so none of them may be confirmed as let go);
    REFUSE turns panic mode off, and requests fail until an endpoint is added.
    """

    SERVE = "serve"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True)
class ServicePort:
    """A port of a ServiceEntry. `target_port` is the port of the instances where it differs."""

    number: int
    name: str
    protocol: Protocol
    target_port: int | None = None


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One instance: a WorkloadEntry's spec, or an inline endpoint of a ServiceEntry.

    `address` is an IP address in canonical text form, a DNS name in lower case, or `unix:///absolute/path`.
    `ports` maps a service port's name to this instance's own port. `locality` is `region[/zone[/subzone]]`.
    `weight` is at least 1.
    """

    address: str
    ports: Mapping[str, int] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    locality: str = ""
    network: str = ""
    weight: int = 1
    service_account: str = ""

    @property
    def is_draining(self) -> bool:
        """Whether `DRAINING_LABEL` is set, to anything but `false`."""
        value = self.labels.get(DRAINING_LABEL)
        return value is not None and value.lower() != "false"


@dataclass(frozen=True, slots=True)
class ServiceEntry:
    """A service: its hosts and ports, and where its endpoints come from.

    `hosts` are lower-case DNS names, possibly with a leading `*.`. `addresses` are VIPs, or CIDR blocks. `selector` is
    None where the ServiceEntry selects no WorkloadEntries. `export_to` holds namespaces, `.` (its own), `*` (all) or
    `~` (none); never empty. `created` is the object's creation time in RFC 3339 (UTC), empty if not known: the older
    one of two objects that claim the same thing gets it.
    """

    namespace: str
    name: str
    hosts: tuple[str, ...]
    ports: tuple[ServicePort, ...]
    addresses: tuple[str, ...] = ()
    location: Location = Location.MESH_EXTERNAL
    resolution: Resolution = Resolution.NONE
    endpoints: tuple[Endpoint, ...] = ()
    selector: Mapping[str, str] | None = None
    export_to: tuple[str, ...] = ("*",)
    subject_alt_names: tuple[str, ...] = ()
    all_draining: AllDraining = AllDraining.SERVE
    created: str = ""

    @property
    def key(self) -> ObjectKey:
        return ObjectKey(SERVICE_ENTRY, self.namespace, self.name)

    @property
    def claim_rank(self) -> tuple[str, ObjectKey]:
        """Of two services that claim the same thing, the one of least rank gets it: the older one, then by name."""
        return self.created or "~", self.key  # without a creation time it is younger than any that has one


@dataclass(frozen=True, slots=True)
class WorkloadEntry:
    """One instance of the services whose selector matches its labels, in its own namespace."""

    namespace: str
    name: str
    endpoint: Endpoint
    created: str = ""

    @property
    def key(self) -> ObjectKey:
        return ObjectKey(WORKLOAD_ENTRY, self.namespace, self.name)


ConfigObject = ServiceEntry | WorkloadEntry


@dataclass(frozen=True, slots=True)
class Applied:
    """A source event: the object is now this.

    `content` is a hash of everything in the document that lastack reads, equal on every replica; `generation` is the
    document's own, or the source's count of content changes.
    """

    object: ConfigObject
    generation: Generation
    content: bytes

    @property
    def key(self) -> ObjectKey:
        return self.object.key


@dataclass(frozen=True, slots=True)
class Deleted:
    """A source event: the object is no more."""

    key: ObjectKey


Event = Applied | Deleted
