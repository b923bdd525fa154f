"""Envoy's bootstrap."""

import json
from collections.abc import Mapping

HTTP_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"


def bootstrap(
    node: str, metadata: Mapping[str, str], address: str, xds_port: int, delta: bool, own_streams: bool = False
) -> str:
    """The bootstrap of one Envoy, as JSON. Its admin interface listens on a port of the system's choice.

    Everything comes over one ADS stream; with `own_streams`, clusters and listeners each have a stream of their own
    (rule 1), and only what these name comes over ADS.
    """
    api = {
        "api_type": "DELTA_GRPC" if delta else "GRPC",
        "transport_api_version": "V3",
        "set_node_on_first_message_only": True,
        "grpc_services": [{"envoy_grpc": {"cluster_name": "lastack"}}],
    }
    source: dict[str, object] = {"api_config_source": api} if own_streams else {"ads": {}}
    source["resource_api_version"] = "V3"
    return json.dumps(
        {
            "node": {"id": node, "cluster": "tests", "metadata": dict(metadata)},
            "admin": {"address": _socket(address, 0)},
            "dynamic_resources": {
                "ads_config": api,
                "cds_config": source,
                "lds_config": source,
            },
            "static_resources": {"clusters": [_control_plane(xds_port)]},
        }
    )


def _control_plane(port: int) -> dict[str, object]:
    return {
        "name": "lastack",
        "type": "STATIC",
        "connect_timeout": "1s",
        "typed_extension_protocol_options": {
            HTTP_OPTIONS: {
                "@type": f"type.googleapis.com/{HTTP_OPTIONS}",
                "explicit_http_config": {"http2_protocol_options": {}},
            }
        },
        "load_assignment": {
            "cluster_name": "lastack",
            "endpoints": [{"lb_endpoints": [{"endpoint": {"address": _socket("127.0.0.1", port)}}]}],
        },
    }


def _socket(address: str, port: int) -> dict[str, object]:
    return {"socket_address": {"address": address, "port_value": port}}
