"""What the rest of lastack relies on in the protobuf runtime."""

from google.protobuf.internal import api_implementation

from protos.base_pb2 import Node
from protos.discovery_pb2 import DeltaDiscoveryRequest, DiscoveryResponse


def test_the_runtime_is_the_one_in_c() -> None:
    assert api_implementation.Type() == "upb", "the pure Python runtime is far too slow for the hot path"


def test_equal_content_has_equal_bytes_whatever_the_order_it_was_set_in() -> None:
    there = DeltaDiscoveryRequest(initial_resource_versions={str(i): "v" for i in range(100)})
    back = DeltaDiscoveryRequest(initial_resource_versions={str(i): "v" for i in reversed(range(100))})
    assert there.SerializeToString(deterministic=True) == back.SerializeToString(deterministic=True)


def test_a_nonce_can_be_appended_to_an_encoded_response() -> None:
    body = DiscoveryResponse(version_info="v", type_url="t").SerializeToString()
    nonce = DiscoveryResponse(nonce="n").SerializeToString()
    assert DiscoveryResponse.FromString(body + nonce) == DiscoveryResponse(version_info="v", type_url="t", nonce="n")


def test_a_field_that_our_subset_leaves_out_survives_decoding_and_encoding() -> None:
    left_out = b"\x4a\x03\x0a\x01x"  # field 9, Node.extensions, with one name
    encoded = Node(id="proxy").SerializeToString() + left_out
    assert Node.FromString(encoded).SerializeToString() == encoded
