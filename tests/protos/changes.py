"""Changes of a definition, one place each: what a mistake in it would be."""

from collections.abc import Callable, Iterator

from google.protobuf.descriptor import FileDescriptor
from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
)
from google.protobuf.descriptor_pool import DescriptorPool

from tests.protos.drift import OURS

Change = Callable[[FileDescriptorProto], None]


def field_of(file: FileDescriptorProto, path: str) -> FieldDescriptorProto:
    *messages_, name = path.split(".")
    return next(field for field in message_of(file, ".".join(messages_)).field if field.name == name)


def message_of(file: FileDescriptorProto, path: str) -> DescriptorProto:
    outer, *rest = path.split(".")
    message = next(each for each in file.message_type if each.name == outer)
    for name in rest:
        message = next(each for each in message.nested_type if each.name == name)
    return message


def setting(path: str, **values: object) -> Change:
    """A change that sets attributes of one field."""

    def change(file: FileDescriptorProto) -> None:
        field = field_of(file, path)
        for attribute, value in values.items():
            setattr(field, attribute, value)

    return change


def without_oneof(path: str) -> Change:
    def change(file: FileDescriptorProto) -> None:
        field_of(file, path).ClearField("oneof_index")
        message = message_of(file, path.rpartition(".")[0])
        if not any(field.HasField("oneof_index") for field in message.field):
            message.ClearField("oneof_decl")

    return change


def renamed_oneof(message: str, name: str) -> Change:
    def change(file: FileDescriptorProto) -> None:
        message_of(file, message).oneof_decl[0].name = name

    return change


def with_oneof(path: str, name: str) -> Change:
    def change(file: FileDescriptorProto) -> None:
        message = message_of(file, path.rpartition(".")[0])
        message.oneof_decl.add(name=name)
        field_of(file, path).oneof_index = len(message.oneof_decl) - 1

    return change


def optional(path: str) -> Change:
    def change(file: FileDescriptorProto) -> None:
        with_oneof(path, f"_{path.rpartition('.')[2]}")(file)
        field_of(file, path).proto3_optional = True

    return change


def enum_value(name: str, number: int, new_name: str | None = None) -> Change:
    """A change to the first enum value of that name in the file."""

    def change(file: FileDescriptorProto) -> None:
        value = next(value for each in all_enums(file) for value in each.value if value.name == name)
        value.number = number
        value.name = new_name or name

    return change


def all_enums(file: FileDescriptorProto) -> Iterator[EnumDescriptorProto]:
    yield from file.enum_type
    for message in file.message_type:
        yield from message.enum_type


def renamed_message(path: str, name: str) -> Change:
    def change(file: FileDescriptorProto) -> None:
        message_of(file, path).name = name

    return change


def moved_out(outer: str, inner: str, users: str) -> Change:
    """A change that takes a nested message to the top level."""

    def change(file: FileDescriptorProto) -> None:
        message = message_of(file, f"{outer}.{inner}")
        file.message_type.add().CopyFrom(message)
        message_of(file, outer).nested_type.remove(message)
        field_of(file, users).type_name = f".{OURS}{inner}"

    return change


def retyped(path: str) -> Change:
    def change(file: FileDescriptorProto) -> None:
        field_of(file, path).ClearField("type_name")
        field_of(file, path).type = FieldDescriptorProto.TYPE_SFIXED64

    return change


def repeating(path: str) -> Change:
    def change(file: FileDescriptorProto) -> None:
        if field_of(file, path).HasField("oneof_index"):  # a member of a oneof cannot be repeated
            without_oneof(path)(file)
        field_of(file, path).label = FieldDescriptorProto.LABEL_REPEATED

    return change


def changed(file: FileDescriptor, change: Change) -> FileDescriptor:
    """A copy of `file` with the change, in a pool of its own."""
    pool = DescriptorPool()
    add_dependencies(file, pool)
    copy = FileDescriptorProto()
    file.CopyToProto(copy)
    change(copy)
    pool.AddSerializedFile(copy.SerializeToString())
    return pool.FindFileByName(file.name)


def add_dependencies(file: FileDescriptor, pool: DescriptorPool) -> None:
    for dependency in file.dependencies:
        add_dependencies(dependency, pool)
        pool.AddSerializedFile(dependency.serialized_pb)
