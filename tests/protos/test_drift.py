"""Our subset of Envoy's API says what Envoy's API says."""

from collections.abc import Mapping

import pytest
from google.protobuf.descriptor import Descriptor, FileDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from protos import base_pb2, cluster_pb2, discovery_pb2, endpoint_pb2, generate, listener_pb2, route_pb2
from tests.protos.drift import OURS, PACKAGES, differences, message_reference, messages

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of the reference's, about itself

FILES: list[FileDescriptor] = [
    module.DESCRIPTOR for module in (base_pb2, discovery_pb2, endpoint_pb2, cluster_pb2, route_pb2, listener_pb2)
]
MESSAGES = [message for file in FILES for message in messages(file)]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_every_message_and_enum_is_as_in_envoy(file: FileDescriptor) -> None:
    assert differences(file) == []


def test_no_file_of_the_wire_package_escapes_the_comparison() -> None:
    on_disk = {f"protos/{path.name}" for path in generate.FOLDER.glob("*.proto")} - {"protos/status.proto"}
    assert on_disk == {file.name for file in FILES} == set(PACKAGES)
    assert {file.package for file in FILES} == {OURS.rstrip(".")}


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: message.full_name.removeprefix(OURS))
def test_envoys_own_decoder_reads_what_we_write_and_we_read_it_back(message: Descriptor) -> None:
    theirs = message_reference(message)
    for choice in range(max([1, *(len(oneof.fields) for oneof in message.oneofs)])):
        ours = GetMessageClass(message)()
        fill(ours, choice)
        decoded = theirs.parse(ours.SerializeToString())
        assert not decoded._unknown_fields
        assert GetMessageClass(message).FromString(bytes(decoded)) == ours


SAMPLES: Mapping[str, Mapping[str, object]] = {
    "google.protobuf.Any": {"type_url": "type.googleapis.com/lastack.Unknown", "value": b"\x08\x01"},
    "google.protobuf.BoolValue": {"value": True},
    "google.protobuf.Duration": {"seconds": 3, "nanos": 500_000_000},
    "google.protobuf.UInt32Value": {"value": 7},
    "google.protobuf.Struct": {"fields": {"key": {"string_value": "value"}}},
}


def fill(message: Message, choice: int) -> None:
    """Set every field to something that isn't its default; of a oneof, the member number `choice`."""
    if message.DESCRIPTOR.full_name in SAMPLES:
        message.MergeFrom(type(message)(**SAMPLES[message.DESCRIPTOR.full_name]))
        return
    for field in message.DESCRIPTOR.fields:
        oneof = field.containing_oneof
        if oneof is not None and oneof.fields[choice % len(oneof.fields)] is not field:
            continue
        if field.message_type and field.message_type.GetOptions().map_entry:
            entries = getattr(message, field.name)
            if field.message_type.fields_by_name["value"].message_type:
                fill(entries["key"], choice)
            else:
                entries["key"] = "value"
        elif field.message_type:
            target = getattr(message, field.name)
            target = target.add() if field.is_repeated else target
            target.SetInParent()
            fill(target, choice)
        else:
            value = scalar(field.enum_type.values[-1].number if field.enum_type else None, field.cpp_type)
            if field.is_repeated:
                getattr(message, field.name).append(value)
            else:
                setattr(message, field.name, value)


def scalar(enum_number: int | None, cpp_type: int) -> object:
    if enum_number is not None:
        return enum_number
    return {9: "text", 7: True, 5: 0.5}.get(cpp_type, 42)
