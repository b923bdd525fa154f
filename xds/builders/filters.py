"""Filter configurations, which go inside an `Any`.

They are few and not on the hot path, so `envoy-data-plane`, which knows every message of Envoy's, builds them (but for
one), and each is encoded once.
"""

from functools import cache, lru_cache

import betterproto2
from envoy_data_plane.envoy.config.core.v3 import (
    AggregatedConfigSource,
    ApiVersion,
    ConfigSource,
    Http2ProtocolOptions,
)
from envoy_data_plane.envoy.extensions.filters.http.router.v3 import Router
from envoy_data_plane.envoy.extensions.filters.listener.tls_inspector.v3 import TlsInspector
from envoy_data_plane.envoy.extensions.filters.network.http_connection_manager.v3 import (
    HttpConnectionManager,
    HttpFilter,
    Rds,
)
from envoy_data_plane.envoy.extensions.upstreams.http.v3 import (
    HttpProtocolOptions,
    HttpProtocolOptionsExplicitHttpConfig,
)
from envoy_data_plane.google.protobuf import Any as ReferenceAny
from google.protobuf.any_pb2 import Any

from xds.wire import text

_PREFIX = "type.googleapis.com/envoy.extensions."

HCM = _PREFIX + "filters.network.http_connection_manager.v3.HttpConnectionManager"
TCP_PROXY = _PREFIX + "filters.network.tcp_proxy.v3.TcpProxy"
ROUTER = _PREFIX + "filters.http.router.v3.Router"
TLS_INSPECTOR = _PREFIX + "filters.listener.tls_inspector.v3.TlsInspector"
HTTP_PROTOCOL_OPTIONS = _PREFIX + "upstreams.http.v3.HttpProtocolOptions"

# Field numbers of envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy.
_STAT_PREFIX, _CLUSTER = 1, 2

_NAMES_KEPT = 4096
"""How many encoded filters with a name in them are kept for the next use; beyond, they are built anew."""


def warm_up() -> None:
    """Builds one of each. The first one of a kind takes most of a second, in which the first proxy would wait."""
    http_connection_manager("", "")
    tls_inspector()
    http2_upstream()


@lru_cache(_NAMES_KEPT)
def http_connection_manager(stat_prefix: str, route_config_name: str) -> Any:
    """An HttpConnectionManager that fetches its routes over ADS, with the router as its only filter."""
    source = ConfigSource(ads=AggregatedConfigSource(), resource_api_version=ApiVersion.V3)
    router = HttpFilter(
        name="envoy.filters.http.router", typed_config=ReferenceAny(type_url=ROUTER, value=bytes(Router()))
    )
    manager = HttpConnectionManager(
        stat_prefix=stat_prefix,
        rds=Rds(config_source=source, route_config_name=route_config_name),
        http_filters=[router],
    )
    return _encoded(HCM, manager)


def tcp_proxy(cluster: str) -> Any:
    """A TcpProxy that forwards every connection to the cluster."""
    # There is one for each TCP and TLS service, and a millisecond for each would add up.
    return Any(type_url=TCP_PROXY, value=text(_STAT_PREFIX, cluster) + text(_CLUSTER, cluster))


@cache
def tls_inspector() -> Any:
    """The listener filter that reads a connection's server name."""
    return _encoded(TLS_INSPECTOR, TlsInspector())


@cache
def http2_upstream() -> Any:
    """Cluster options: the instances speak HTTP/2."""
    explicit = HttpProtocolOptionsExplicitHttpConfig(http2_protocol_options=Http2ProtocolOptions())
    return _encoded(HTTP_PROTOCOL_OPTIONS, HttpProtocolOptions(explicit_http_config=explicit))


def _encoded(type_url: str, message: betterproto2.Message) -> Any:
    return Any(type_url=type_url, value=bytes(message))
