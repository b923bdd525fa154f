"""The comparison with Envoy's API can tell: whatever is wrong in a definition is found, and named."""

import pytest
from google.protobuf.descriptor import FileDescriptor
from google.protobuf.descriptor_pb2 import (
    FieldDescriptorProto,
)

from protos import base_pb2, cluster_pb2, discovery_pb2, endpoint_pb2, listener_pb2, route_pb2
from tests.protos.changes import (
    Change,
    changed,
    enum_value,
    moved_out,
    optional,
    renamed_message,
    renamed_oneof,
    repeating,
    retyped,
    setting,
    with_oneof,
    without_oneof,
)
from tests.protos.drift import OURS, differences, messages

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of the reference's, about itself

FILES: list[FileDescriptor] = [
    module.DESCRIPTOR for module in (base_pb2, discovery_pb2, endpoint_pb2, cluster_pb2, route_pb2, listener_pb2)
]
FIELD = FieldDescriptorProto
LOCALITY = "Locality.region"
WRONG: list[tuple[FileDescriptor, Change, list[str]]] = [
    (
        base_pb2.DESCRIPTOR,
        setting(LOCALITY, name="area"),
        ["Locality.area is not a field of envoy.config.core.v3.Locality"],
    ),
    (
        base_pb2.DESCRIPTOR,
        setting(LOCALITY, number=9),
        ["Locality.region: number is 9, but 1 in envoy.config.core.v3.Locality"],
    ),
    (
        base_pb2.DESCRIPTOR,
        setting(LOCALITY, type=FIELD.TYPE_BYTES),
        ["Locality.region: kind is bytes, but string in envoy.config.core.v3.Locality"],
    ),
    (
        base_pb2.DESCRIPTOR,
        setting("Status.code", type=FIELD.TYPE_UINT32),
        ["Status.code: kind is uint32, but int32 in google.rpc.Status"],
    ),
    (
        base_pb2.DESCRIPTOR,
        setting(LOCALITY, label=FIELD.LABEL_REPEATED),
        ["Locality.region: repeated is True, but False in envoy.config.core.v3.Locality"],
    ),
    (
        base_pb2.DESCRIPTOR,
        setting("Status.details", label=FIELD.LABEL_OPTIONAL),
        [
            "Status.details: repeated is False, but True in google.rpc.Status",
            "Status.details: presence is True, but False in google.rpc.Status",
        ],
    ),
    (
        base_pb2.DESCRIPTOR,
        optional(LOCALITY),
        ["Locality.region: presence is True, but False in envoy.config.core.v3.Locality"],
    ),
    (
        base_pb2.DESCRIPTOR,
        setting("Node.locality", type_name=f".{OURS}Percent"),
        [
            "Node.locality: type is envoy.type.v3.Percent, but "
            "envoy.config.core.v3.Locality in envoy.config.core.v3.Node"
        ],
    ),
    (
        cluster_pb2.DESCRIPTOR,
        setting("CircuitBreakers.Thresholds.max_retries", type_name=".google.protobuf.BoolValue"),
        [
            "CircuitBreakers.Thresholds.max_retries: type is google.protobuf.BoolValue, but "
            "google.protobuf.UInt32Value in envoy.config.cluster.v3.CircuitBreakers.Thresholds"
        ],
    ),
    (
        cluster_pb2.DESCRIPTOR,
        setting("Cluster.lb_policy", type_name=f".{OURS}RoutingPriority"),
        [
            "Cluster.lb_policy: type is envoy.config.core.v3.RoutingPriority, but "
            "envoy.config.cluster.v3.ClusterLbPolicy in envoy.config.cluster.v3.Cluster"
        ],
    ),
    (
        cluster_pb2.DESCRIPTOR,
        without_oneof("Cluster.type"),
        [
            "Cluster.type: presence is False, but True in envoy.config.cluster.v3.Cluster",
            "Cluster.type: oneof is None, but cluster_discovery_type in envoy.config.cluster.v3.Cluster",
        ],
    ),
    (
        base_pb2.DESCRIPTOR,
        without_oneof("Address.pipe"),
        ["Address.pipe: oneof is None, but address in envoy.config.core.v3.Address"],
    ),
    (
        base_pb2.DESCRIPTOR,
        renamed_oneof("TransportSocket", "config"),
        [
            "TransportSocket.typed_config: oneof is config, but config_type in envoy.config.core.v3.TransportSocket",
        ],
    ),
    (
        base_pb2.DESCRIPTOR,
        with_oneof("TypedExtensionConfig.typed_config", "config_type"),
        [
            "TypedExtensionConfig.typed_config: oneof is config_type, but None in "
            "envoy.config.core.v3.TypedExtensionConfig"
        ],
    ),
    (
        base_pb2.DESCRIPTOR,
        setting("Metadata.FilterMetadataEntry.value", type_name=".google.protobuf.Any"),
        [
            "Metadata.filter_metadata: type is google.protobuf.Any, but google.protobuf.Struct in "
            "envoy.config.core.v3.Metadata"
        ],
    ),
    (
        discovery_pb2.DESCRIPTOR,
        setting("DeltaDiscoveryRequest.InitialResourceVersionsEntry.key", type=FIELD.TYPE_INT32),
        [
            "DeltaDiscoveryRequest.initial_resource_versions: key is int32, but string in "
            "envoy.service.discovery.v3.DeltaDiscoveryRequest"
        ],
    ),
    (
        discovery_pb2.DESCRIPTOR,
        setting("DeltaDiscoveryRequest.InitialResourceVersionsEntry.value", type=FIELD.TYPE_BYTES),
        [
            "DeltaDiscoveryRequest.initial_resource_versions: kind is bytes, but string in "
            "envoy.service.discovery.v3.DeltaDiscoveryRequest"
        ],
    ),
    (
        endpoint_pb2.DESCRIPTOR,
        enum_value("DRAINING", 6),
        ["HealthStatus.DRAINING: number is 6, but 3 in envoy.config.core.v3.HealthStatus"],
    ),
    (
        endpoint_pb2.DESCRIPTOR,
        enum_value("DRAINING", 3, "LEAVING"),
        [
            "HealthStatus.DRAINING: number is None, but 3 in envoy.config.core.v3.HealthStatus",
            "HealthStatus.LEAVING: number is 3, but None in envoy.config.core.v3.HealthStatus",
        ],
    ),
    (
        cluster_pb2.DESCRIPTOR,
        enum_value("V4_PREFERRED", 9),
        ["Cluster.DnsLookupFamily.V4_PREFERRED: number is 9, but 3 in envoy.config.cluster.v3.ClusterDnsLookupFamily"],
    ),
    (
        route_pb2.DESCRIPTOR,
        renamed_message("RouteConfiguration", "RouteTable"),
        ["RouteTable occurs 0 times in envoy.config.route.v3, not once"],
    ),
    (
        endpoint_pb2.DESCRIPTOR,
        moved_out("ClusterLoadAssignment", "Policy", users="ClusterLoadAssignment.policy"),
        [
            "ClusterLoadAssignment.policy: Policy occurs 0 times in envoy.config.endpoint.v3 or envoy.config.core.v3, "
            "not once",
            "Policy occurs 0 times in envoy.config.endpoint.v3 or envoy.config.core.v3, not once",
        ],
    ),
]


@pytest.mark.parametrize(("file", "change", "said"), WRONG, ids=[said[0].split(" in ")[0] for _, _, said in WRONG])
def test_a_wrong_definition_is_found_and_named(file: FileDescriptor, change: Change, said: list[str]) -> None:
    assert sorted(differences(changed(file, change))) == sorted(said)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_no_field_can_be_renamed_renumbered_retyped_repeated_or_leave_its_oneof_unseen(file: FileDescriptor) -> None:
    for message in messages(file):
        for field in message.fields:
            path = f"{message.full_name.removeprefix(OURS)}.{field.name}"
            changes = [setting(path, number=5000)]
            if not (field.message_type and field.message_type.GetOptions().map_entry):  # a map is tied to its entry
                once = setting(path, label=FIELD.LABEL_OPTIONAL)
                changes += [setting(path, name="unheard_of", json_name="unheardOf"), retyped(path)]
                changes += [once if field.is_repeated else repeating(path)]
            if field.containing_oneof:
                changes += [without_oneof(path)]
            for change in changes:
                assert differences(changed(file, change)), f"{path} was changed and nothing was said"
