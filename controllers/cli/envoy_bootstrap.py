"""The bootstrap of an Envoy that is served by lastack: as plain values, in the field names of Envoy's v3 API."""

from dataclasses import dataclass
from pathlib import Path

from controllers.addresses import Address, is_ip

ADS_CLUSTER = "lastack"
"""The cluster by which Envoy reaches the control plane. Served clusters have names with `|`, so none is like it."""

_HTTP = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
_TLS = "envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext"

Value = dict[str, object]


@dataclass(frozen=True, slots=True)
class Tls:
    """PEM files, by the paths that Envoy sees: the authority of the control plane's certificate, and, for mTLS, the
    proxy's own certificate and key."""

    ca: Path
    cert: Path | None = None
    key: Path | None = None


@dataclass(frozen=True, slots=True)
class ProxyPlan:
    """What the bootstrap is to say.

    cluster: the node's cluster, by which proxies are grouped in statistics. sotw: state of the world instead of delta.
    namespace, redirect, bind_address: see `xds.view.View`; None: not said.
    """

    node_id: str
    ads: Address
    cluster: str
    sotw: bool = False
    admin_port: int = 9901
    namespace: str | None = None
    redirect: bool = False
    bind_address: str | None = None
    tls: Tls | None = None


def envoy_bootstrap(plan: ProxyPlan) -> Value:
    """The bootstrap, complete: Envoy runs with it as it is."""
    metadata: Value = {}
    if plan.namespace is not None:
        metadata["NAMESPACE"] = plan.namespace
    if plan.redirect:
        metadata["INTERCEPTION_MODE"] = "REDIRECT"
    if plan.bind_address is not None:
        metadata["BIND_ADDRESS"] = plan.bind_address
    node: Value = {"id": plan.node_id, "cluster": plan.cluster}
    if metadata:
        node["metadata"] = metadata
    return {
        "node": node,
        "admin": {"address": _socket(Address("127.0.0.1", plan.admin_port))},
        "dynamic_resources": {
            "ads_config": {
                "api_type": "GRPC" if plan.sotw else "DELTA_GRPC",
                "transport_api_version": "V3",
                # Else every ACK carries the node, which is some 60 kB of extension names.
                "set_node_on_first_message_only": True,
                "grpc_services": [{"envoy_grpc": {"cluster_name": ADS_CLUSTER}}],
            },
            "cds_config": _by_ads(),
            "lds_config": _by_ads(),
        },
        "static_resources": {"clusters": [_control_plane(plan.ads, plan.tls)]},
    }


def _by_ads() -> Value:
    # Without a timeout an Envoy whose control plane is down never gets to serve what it has of its own.
    return {"ads": {}, "resource_api_version": "V3", "initial_fetch_timeout": "15s"}


def _control_plane(ads: Address, tls: Tls | None) -> Value:
    cluster: Value = {
        "name": ADS_CLUSTER,
        "type": "STATIC" if is_ip(ads.host) else "STRICT_DNS",
        "connect_timeout": "5s",
        "typed_extension_protocol_options": {
            _HTTP: {
                "@type": f"type.googleapis.com/{_HTTP}",
                "explicit_http_config": {
                    # Notices a control plane that is gone without a word.
                    "http2_protocol_options": {"connection_keepalive": {"interval": "30s", "timeout": "5s"}}
                },
            }
        },
        "load_assignment": {
            "cluster_name": ADS_CLUSTER,
            "endpoints": [{"lb_endpoints": [{"endpoint": {"address": _socket(ads)}}]}],
        },
    }
    if tls is not None:
        cluster["transport_socket"] = {
            "name": "envoy.transport_sockets.tls",
            "typed_config": {"@type": f"type.googleapis.com/{_TLS}", **_tls_context(ads.host, tls)},
        }
    return cluster


def _tls_context(host: str, tls: Tls) -> Value:
    # A trusted authority alone would let anybody it has signed pass for the control plane.
    kind = "IP_ADDRESS" if is_ip(host) else "DNS"
    common: Value = {
        "alpn_protocols": ["h2"],
        "validation_context": {
            "trusted_ca": {"filename": str(tls.ca)},
            "match_typed_subject_alt_names": [{"san_type": kind, "matcher": {"exact": host}}],
        },
    }
    if tls.cert is not None and tls.key is not None:
        common["tls_certificates"] = [
            {"certificate_chain": {"filename": str(tls.cert)}, "private_key": {"filename": str(tls.key)}}
        ]
    context: Value = {"common_tls_context": common}
    if not is_ip(host):
        context["sni"] = host
    return context


def _socket(address: Address) -> Value:
    return {"socket_address": {"address": address.host, "port_value": address.port}}
