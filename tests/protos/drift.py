"""Compares a .proto file of package lastack.wire with the reference, field by field.

Every message and enum of ours has one class of `envoy-data-plane` that stands for it. A field is reduced to a `Shape`
on both sides, all that decides how it looks on the wire and in JSON; equal shapes mean compatible bytes.
"""

import dataclasses
import importlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import ModuleType
from typing import TypeVar, get_args, get_type_hints

import betterproto2
from envoy_data_plane.message_pool import default_message_pool
from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor, FileDescriptor
from google.protobuf.descriptor_pb2 import FieldDescriptorProto

OURS = "lastack.wire."
TYPE_URL = "type.googleapis.com/"

PACKAGES: Mapping[str, Sequence[str]] = {
    "protos/base.proto": ("envoy.config.core.v3", "envoy.type.v3", "google.rpc"),
    "protos/discovery.proto": ("envoy.service.discovery.v3",),
    "protos/endpoint.proto": ("envoy.config.endpoint.v3", "envoy.config.core.v3"),
    "protos/cluster.proto": ("envoy.config.cluster.v3",),
    "protos/route.proto": ("envoy.config.route.v3",),
    "protos/listener.proto": ("envoy.config.listener.v3",),
}
"""Where the reference of each file's messages lives. Short names repeat between packages (`Filter`), so per file."""

T = TypeVar("T")


@dataclasses.dataclass(frozen=True, slots=True)
class Shape:
    number: int
    kind: str
    """The scalar type's name, or `message` or `enum`; of a map, the value's."""
    key: str | None
    """The scalar type of a map's key; None when the field is no map."""
    repeated: bool
    presence: bool
    """Whether absent and default differ: messages, members of a oneof and `optional` scalars."""
    oneof: str | None
    type: str | None
    """Full name of the reference's message or enum; None for a scalar."""


class NoReference(Exception):
    """A message or enum of ours to which nothing in the reference corresponds."""


def differences(file: FileDescriptor) -> list[str]:
    """What in `file` isn't as in the reference, one sentence each; empty when the file is a true subset."""
    found: list[str] = []
    for message in messages(file):
        try:
            found += _message_differences(message)
        except NoReference as missing:
            found.append(str(missing))
    for each in enums(file):
        try:
            found += _enum_differences(each)
        except NoReference as missing:
            found.append(str(missing))
    return found


def messages(file: FileDescriptor) -> Iterator[Descriptor]:
    """Every message of the file with the nested ones; map entries are part of their field."""

    def walk(message: Descriptor) -> Iterator[Descriptor]:
        yield message
        for nested in message.nested_types:
            if not nested.GetOptions().map_entry:
                yield from walk(nested)

    for message in file.message_types_by_name.values():
        yield from walk(message)


def enums(file: FileDescriptor) -> Iterator[EnumDescriptor]:
    yield from file.enum_types_by_name.values()
    for message in messages(file):
        yield from message.enum_types


def message_reference(ours: Descriptor) -> type[betterproto2.Message]:
    """The class of `envoy-data-plane` that stands for a message. Raises NoReference."""
    if not ours.full_name.startswith(OURS):  # a well-known type, the same one on both sides
        return default_message_pool.url_to_type[TYPE_URL + ours.full_name]
    name, modules = ours.full_name.removeprefix(OURS), _modules(ours.file)
    urls = [f"{TYPE_URL}{package}.{name}" for package in modules]
    return _only(name, modules, [default_message_pool.url_to_type.get(url) for url in urls])


def enum_reference(ours: EnumDescriptor) -> type[betterproto2.Enum]:
    """The same for an enum. Enums are in no pool, and their nesting shows in the class name only."""
    name, modules = ours.full_name.removeprefix(OURS), _modules(ours.file)
    candidates = [getattr(module, name.replace(".", ""), None) for module in modules.values()]
    enums_ = [each for each in candidates if isinstance(each, type) and issubclass(each, betterproto2.Enum)]
    return _only(name, modules, enums_)


def _modules(file: FileDescriptor) -> dict[str, ModuleType]:
    """The reference's modules by package; importing one also registers its messages in the pool."""
    return {package: importlib.import_module(f"envoy_data_plane.{package}") for package in PACKAGES[file.name]}


def _only(name: str, packages: Iterable[str], candidates: Sequence[type[T] | None]) -> type[T]:
    found = [candidate for candidate in candidates if candidate is not None]
    if len(found) != 1:
        raise NoReference(f"{name} occurs {len(found)} times in {' or '.join(packages)}, not once")
    return found[0]


def _message_differences(message: Descriptor) -> Iterator[str]:
    theirs = message_reference(message)
    expected = _fields(theirs)
    for field in message.fields:
        name = f"{message.full_name.removeprefix(OURS)}.{field.name}"
        if field.name not in expected:
            yield f"{name} is not a field of {_name(theirs)}"
            continue
        try:
            actual = _our_shape(field)
        except NoReference as missing:
            yield f"{name}: {missing}"
            continue
        wanted = _their_shape(theirs, expected[field.name])
        for part in dataclasses.fields(Shape):
            is_, should = getattr(actual, part.name), getattr(wanted, part.name)
            if is_ != should:
                yield f"{name}: {part.name} is {is_}, but {should} in {_name(theirs)}"


def _enum_differences(ours: EnumDescriptor) -> Iterator[str]:
    theirs = enum_reference(ours)
    actual = {value.name: value.number for value in ours.values}
    wanted = {member.proto_name or member.name: int(member) for member in theirs}
    for value in sorted(actual.keys() | wanted.keys()):
        if actual.get(value) != wanted.get(value):
            name = f"{ours.full_name.removeprefix(OURS)}.{value}"
            yield f"{name}: number is {actual.get(value)}, but {wanted.get(value)} in {_name(theirs)}"


def _our_shape(field: FieldDescriptor) -> Shape:
    entry = field.message_type if field.message_type and field.message_type.GetOptions().map_entry else None
    value = entry.fields_by_name["value"] if entry else field
    oneof = field.containing_oneof
    declared = oneof is not None and not (len(oneof.fields) == 1 and oneof.name == f"_{field.name}")
    return Shape(
        number=field.number,
        kind=_kind(value),
        key=_kind(entry.fields_by_name["key"]) if entry else None,
        repeated=field.is_repeated and not entry,
        presence=field.has_presence,
        oneof=oneof.name if oneof is not None and declared else None,
        type=_our_type(value),
    )


def _our_type(field: FieldDescriptor) -> str | None:
    if field.message_type is not None:
        return _name(message_reference(field.message_type))
    if field.enum_type is not None:
        return _name(enum_reference(field.enum_type))
    return None


def _their_shape(message: type[betterproto2.Message], field: "dataclasses.Field[object]") -> Shape:
    meta = betterproto2.FieldMetadata.get(field)
    value = meta.map_meta[1] if meta.map_meta else meta
    return Shape(
        number=meta.number,
        kind=value.proto_type,
        key=meta.map_meta[0].proto_type if meta.map_meta else None,
        repeated=bool(meta.repeated),
        presence=bool(meta.optional),
        oneof=meta.group,
        type=_their_type(message, field.name, value),
    )


def _their_type(message: type[betterproto2.Message], field: str, meta: betterproto2.FieldMetadata) -> str | None:
    if meta.proto_type not in ("message", "enum"):
        return None
    if meta.unwrap is not None:  # shown as a Python value: timedelta for Duration, int for UInt32Value
        return _name(meta.unwrap())
    hint = get_type_hints(message)[field]  # X, X | None, list[X] or dict[K, X]
    arguments = [argument for argument in get_args(hint) if argument is not type(None)]
    return _name(arguments[-1] if arguments else hint)


def _kind(field: FieldDescriptor) -> str:
    return FieldDescriptorProto.Type.Name(field.type).removeprefix("TYPE_").lower()  # type: ignore[arg-type]


def _fields(message: type[betterproto2.Message]) -> "dict[str, dataclasses.Field[object]]":
    assert dataclasses.is_dataclass(message)
    return {field.name: field for field in dataclasses.fields(message)}


def _name(theirs: type[betterproto2.Message] | type[betterproto2.Enum]) -> str:
    if issubclass(theirs, betterproto2.Enum):
        return f"{theirs.__module__.removeprefix('envoy_data_plane.')}.{theirs.__name__}"
    return default_message_pool.type_to_url[theirs].removeprefix(TYPE_URL)
