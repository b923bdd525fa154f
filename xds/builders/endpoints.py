"""Endpoints, encoded one by one."""

from google.protobuf.struct_pb2 import Struct
from google.protobuf.wrappers_pb2 import UInt32Value

from ledger.ids import ObjectKey
from protos.base_pb2 import Address, Metadata, Pipe, SocketAddress
from protos.endpoint_pb2 import DRAINING, LbEndpoint
from protos.endpoint_pb2 import Endpoint as WireEndpoint
from xds.objects import Endpoint
from xds.wire import embedded

METADATA_NAMESPACE = "lastack.io"
UNIX_PREFIX = "unix://"

_LB_ENDPOINTS = 2  # field number in envoy.config.endpoint.v3.LocalityLbEndpoints


def encode_endpoint(key: ObjectKey, endpoint: Endpoint, port: int) -> bytes:
    """An `lb_endpoints` field of a LocalityLbEndpoints. It always has a weight (rule 32)."""
    if endpoint.address.startswith(UNIX_PREFIX):
        address = Address(pipe=Pipe(path=endpoint.address.removeprefix(UNIX_PREFIX)))
    else:
        address = Address(socket_address=SocketAddress(address=endpoint.address, port_value=port))
    about = Struct()
    about["object"] = str(key)
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
