"""The four transports (rule 1)."""

from enum import StrEnum

from ledger.ids import TypeUrl
from xds.protocol.stream import Transport
from xds.types import CDS, EDS, LDS, RDS

_AGGREGATED = "envoy.service.discovery.v3.AggregatedDiscoveryService/"

_METHODS: dict[TypeUrl | None, tuple[str, str]] = {
    None: (_AGGREGATED + "StreamAggregatedResources", _AGGREGATED + "DeltaAggregatedResources"),
    CDS: (
        "envoy.service.cluster.v3.ClusterDiscoveryService/StreamClusters",
        "envoy.service.cluster.v3.ClusterDiscoveryService/DeltaClusters",
    ),
    EDS: (
        "envoy.service.endpoint.v3.EndpointDiscoveryService/StreamEndpoints",
        "envoy.service.endpoint.v3.EndpointDiscoveryService/DeltaEndpoints",
    ),
    LDS: (
        "envoy.service.listener.v3.ListenerDiscoveryService/StreamListeners",
        "envoy.service.listener.v3.ListenerDiscoveryService/DeltaListeners",
    ),
    RDS: (
        "envoy.service.route.v3.RouteDiscoveryService/StreamRoutes",
        "envoy.service.route.v3.RouteDiscoveryService/DeltaRoutes",
    ),
}
"""Envoy's own names, written down a second time: the server's are what is tested."""


class Kind(StrEnum):
    """A transport; a per-type one becomes a service when the type is known."""

    ADS_SOTW = "ads-sotw"
    ADS_DELTA = "ads-delta"
    TYPE_SOTW = "type-sotw"
    TYPE_DELTA = "type-delta"

    @property
    def ads(self) -> bool:
        return self in (Kind.ADS_SOTW, Kind.ADS_DELTA)

    @property
    def delta(self) -> bool:
        return self in (Kind.ADS_DELTA, Kind.TYPE_DELTA)

    def sends_all(self, type_url: TypeUrl) -> bool:
        """Whether every response of the type holds all that is asked for (rule 16)."""
        return not self.delta and type_url in (CDS, LDS)

    def transport(self, type_url: TypeUrl) -> Transport:
        """The transport on which this type is asked for."""
        return Transport(self.delta, None if self.ads else type_url)


def method(transport: Transport) -> str:
    """The gRPC method of a transport."""
    return "/" + _METHODS[transport.only][transport.delta]


ALL = tuple(Kind)
ADS = (Kind.ADS_SOTW, Kind.ADS_DELTA)
PER_TYPE = (Kind.TYPE_SOTW, Kind.TYPE_DELTA)
SOTW = (Kind.ADS_SOTW, Kind.TYPE_SOTW)
DELTA = (Kind.ADS_DELTA, Kind.TYPE_DELTA)
