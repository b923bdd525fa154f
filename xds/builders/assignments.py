"""ClusterLoadAssignments, put together from endpoints that are encoded once each."""

from ipaddress import ip_address

from google.protobuf.struct_pb2 import Struct
from google.protobuf.wrappers_pb2 import UInt32Value

from protos.base_pb2 import Address, Locality, Metadata, Pipe, SocketAddress
from protos.endpoint_pb2 import DRAINING, LbEndpoint
from protos.endpoint_pb2 import Endpoint as WireEndpoint
from xds.index.endpoint_set import EndpointSet, MemberKey
from xds.objects import Endpoint
from xds.wire import embedded, tag, text, varint

METADATA_NAMESPACE = "lastack.io"
UNIX_PREFIX = "unix://"

MAX_UINT32 = 2**32 - 1
"""The most that a locality's weight can be on the wire, however much its endpoints' add up to."""

# Field numbers of envoy.config.endpoint.v3.
_ASSIGNMENT_CLUSTER_NAME, _ASSIGNMENT_ENDPOINTS = 1, 2
_LOCALITY, _LB_ENDPOINTS, _WEIGHT = 1, 2, 3


def is_ip(address: str) -> bool:
    """Whether the text is an IP address, and not a name to be resolved."""
    try:
        ip_address(address)
    except ValueError:
        return False
    return True


def encode_endpoint(member: MemberKey, endpoint: Endpoint, port: int) -> bytes:
    """An `lb_endpoints` field of a LocalityLbEndpoints. It always has a weight (rule 32)."""
    if endpoint.address.startswith(UNIX_PREFIX):
        address = Address(pipe=Pipe(path=endpoint.address.removeprefix(UNIX_PREFIX)))
    else:
        address = Address(socket_address=SocketAddress(address=endpoint.address, port_value=port))
    about = Struct()
    about["object"] = str(member.key)
    if endpoint.network:
        about["network"] = endpoint.network
    if endpoint.service_account:
        about["service_account"] = endpoint.service_account
    message = LbEndpoint(
        endpoint=WireEndpoint(address=address),
        metadata=Metadata(filter_metadata={METADATA_NAMESPACE: about}),
        load_balancing_weight=UInt32Value(value=endpoint.weight),
    )
    if endpoint.is_draining:
        # DRAINING and never UNHEALTHY: see "Removal, exactly" in ARCHITECTURE.md.
        message.health_status = DRAINING
    return embedded(_LB_ENDPOINTS, message.SerializeToString(deterministic=True))


def encode_assignment(cluster: str, endpoints: EndpointSet | None) -> bytes:
    """A ClusterLoadAssignment; without endpoints an empty one, which takes every host away (rule 25)."""
    parts = [text(_ASSIGNMENT_CLUSTER_NAME, cluster)]
    groups = endpoints.groups if endpoints is not None else {}
    for locality in sorted(groups):
        group = groups[locality]
        chunks = [group.chunks[key] for key in group.order]
        head = embedded(_LOCALITY, encode_locality(locality))
        weight = UInt32Value(value=min(group.weight, MAX_UINT32)).SerializeToString()
        tail = embedded(_WEIGHT, weight)
        length = len(head) + sum(map(len, chunks)) + len(tail)
        parts += [tag(_ASSIGNMENT_ENDPOINTS), varint(length), head, *chunks, tail]
    return b"".join(parts)


def encode_locality(locality: str) -> bytes:
    """A Locality from `region[/zone[/subzone]]`; an empty one is still present (rule 32)."""
    region, _, rest = locality.partition("/")
    zone, _, subzone = rest.partition("/")
    return Locality(region=region, zone=zone, sub_zone=subzone).SerializeToString()
