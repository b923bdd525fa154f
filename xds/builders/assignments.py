"""ClusterLoadAssignments, put together from endpoints that are encoded once each."""

from google.protobuf.wrappers_pb2 import UInt32Value

from protos.base_pb2 import Locality
from xds.index.endpoint_set import EndpointSet
from xds.wire import embedded, tag, text, varint

MAX_UINT32 = 2**32 - 1
"""The most that a locality's weight can be on the wire, however much its endpoints' add up to."""

# Field numbers of envoy.config.endpoint.v3.
_ASSIGNMENT_CLUSTER_NAME, _ASSIGNMENT_ENDPOINTS = 1, 2
_LOCALITY, _LB_ENDPOINTS, _WEIGHT = 1, 2, 3


def encode_assignment(cluster: str, endpoints: EndpointSet | None) -> bytes:
    """A ClusterLoadAssignment; without endpoints an empty one, which takes every host away (rule 25)."""
    parts = [text(_ASSIGNMENT_CLUSTER_NAME, cluster)]
    groups = endpoints.groups if endpoints is not None else {}
    for locality in sorted(groups):
        group = groups[locality]
        chunks = group.chunks.joined()
        head = embedded(_LOCALITY, encode_locality(locality))
        weight = UInt32Value(value=min(group.weight, MAX_UINT32)).SerializeToString()
        tail = embedded(_WEIGHT, weight)
        length = len(head) + len(chunks) + len(tail)
        parts += [tag(_ASSIGNMENT_ENDPOINTS), varint(length), head, chunks, tail]
    return b"".join(parts)


def encode_locality(locality: str) -> bytes:
    """A Locality from `region[/zone[/subzone]]`; an empty one is still present (rule 32)."""
    region, _, rest = locality.partition("/")
    zone, _, subzone = rest.partition("/")
    return Locality(region=region, zone=zone, sub_zone=subzone).SerializeToString()
