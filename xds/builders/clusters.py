"""Clusters."""

from functools import cache

from google.protobuf.duration_pb2 import Duration
from google.protobuf.struct_pb2 import Struct
from google.protobuf.wrappers_pb2 import UInt32Value

from protos.base_pb2 import V3, AggregatedConfigSource, ConfigSource, Metadata, Percent
from protos.cluster_pb2 import CircuitBreakers, Cluster
from xds.builders.assignments import encode_assignment
from xds.builders.endpoints import METADATA_NAMESPACE, encode_endpoint
from xds.builders.filters import HTTP_PROTOCOL_OPTIONS, http2_upstream
from xds.index.endpoint_set import EndpointSet, Member, MemberKey
from xds.naming import PASSTHROUGH_CLUSTER
from xds.objects import AllDraining, Endpoint, Resolution, ServiceEntry, ServicePort
from xds.wire import embedded

CONNECT_TIMEOUT_SECONDS = 5

INITIAL_FETCH_TIMEOUT_SECONDS = 2
"""How long a new cluster waits for its endpoints. Short, since all CDS ACKs wait with it, and not zero, which would be
for ever (rule 8)."""

MAX_RETRIES = 1024
"""Retries at a time. Envoy's own default of 3 turns a removal under load into failures."""

_LOAD_ASSIGNMENT = 33  # field number in envoy.config.cluster.v3.Cluster

_TYPES = {
    Resolution.STATIC: Cluster.EDS,
    Resolution.DNS: Cluster.STRICT_DNS,
    Resolution.DNS_ROUND_ROBIN: Cluster.LOGICAL_DNS,
    Resolution.NONE: Cluster.ORIGINAL_DST,
}


def encode_cluster(name: str, host: str, entry: ServiceEntry, port: ServicePort, endpoints: EndpointSet) -> bytes:
    """The cluster of one host and port. Where DNS finds the endpoints, they are part of it."""
    resolvable = _resolvable(host, entry, port, endpoints) if entry.resolution.is_dns else None
    # A LOGICAL_DNS cluster must have an endpoint, or Envoy rejects it; a STRICT_DNS one may have none.
    nothing = resolvable is not None and not len(resolvable)
    message = Cluster(
        name=name,
        type=Cluster.STRICT_DNS if nothing else _TYPES[entry.resolution],
        connect_timeout=Duration(seconds=CONNECT_TIMEOUT_SECONDS),
        circuit_breakers=_circuit_breakers(),
        metadata=_metadata(entry),
        # Without it a host that left EDS keeps its share for as long as health checks find it up.
        ignore_health_on_host_removal=True,
        # An ACK must not run ahead of the workers: by default a mere change of health, as to DRAINING, may be held back
        # for a second after it.
        common_lb_config=Cluster.CommonLbConfig(update_merge_window=Duration()),
    )
    if entry.all_draining is AllDraining.REFUSE:
        message.common_lb_config.healthy_panic_threshold.CopyFrom(Percent(value=0))
    if port.protocol.is_http2:
        message.typed_extension_protocol_options[_short(HTTP_PROTOCOL_OPTIONS)].CopyFrom(http2_upstream())
    if entry.resolution is Resolution.NONE:
        message.lb_policy = Cluster.CLUSTER_PROVIDED
    elif entry.resolution is Resolution.STATIC:
        message.eds_cluster_config.eds_config.CopyFrom(_eds_config())
    else:
        message.dns_lookup_family = Cluster.V4_PREFERRED
    body = message.SerializeToString(deterministic=True)
    if resolvable is not None:
        body += embedded(_LOAD_ASSIGNMENT, encode_assignment(name, resolvable))
    return body


@cache
def passthrough_cluster() -> bytes:
    """The cluster for redirected connections that no service claims: they go where they were going."""
    return Cluster(
        name=PASSTHROUGH_CLUSTER,
        type=Cluster.ORIGINAL_DST,
        lb_policy=Cluster.CLUSTER_PROVIDED,
        connect_timeout=Duration(seconds=CONNECT_TIMEOUT_SECONDS),
        circuit_breakers=_circuit_breakers(),
    ).SerializeToString(deterministic=True)


def _resolvable(host: str, entry: ServiceEntry, port: ServicePort, endpoints: EndpointSet) -> EndpointSet:
    """The endpoints to resolve: those given, else the host itself; a LOGICAL_DNS cluster takes only one, the first."""
    if not entry.endpoints and entry.selector is None:
        number = port.target_port or port.number
        return _only(MemberKey(entry.key, 0), Endpoint(host), number)
    if entry.resolution is Resolution.DNS_ROUND_ROBIN and len(endpoints) > 1:
        return endpoints.first()
    return endpoints


def _only(key: MemberKey, endpoint: Endpoint, port: int) -> EndpointSet:
    endpoints = EndpointSet()
    endpoints.put(Member(key, endpoint.address, port, "", 1, False, encode_endpoint(key.key, endpoint, port)))
    return endpoints


def _metadata(entry: ServiceEntry) -> Metadata:
    about = Struct()
    about["object"] = str(entry.key)
    about["location"] = str(entry.location)
    if entry.subject_alt_names:
        about.get_or_create_list("subject_alt_names").extend(entry.subject_alt_names)
    return Metadata(filter_metadata={METADATA_NAMESPACE: about})


@cache
def _circuit_breakers() -> CircuitBreakers:
    return CircuitBreakers(thresholds=[CircuitBreakers.Thresholds(max_retries=UInt32Value(value=MAX_RETRIES))])


@cache
def _eds_config() -> ConfigSource:
    return ConfigSource(
        ads=AggregatedConfigSource(),
        initial_fetch_timeout=Duration(seconds=INITIAL_FETCH_TIMEOUT_SECONDS),
        resource_api_version=V3,
    )


def _short(type_url: str) -> str:
    return type_url.rpartition("/")[2]
