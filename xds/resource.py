"""One encoded xDS resource, ready to go into responses."""

from collections.abc import Iterable, Mapping
from hashlib import blake2b

from google.protobuf.any_pb2 import Any

from ledger.ids import ResourceName, TypeUrl, Version
from xds.wire import embedded, tag, text, varint

_VERSION_BYTES = 12

# Field numbers of google.protobuf.Any and of envoy.service.discovery.v3.
_ANY_TYPE_URL = 1
_RESOURCE_VERSION, _RESOURCE_RESOURCE, _RESOURCE_NAME = 1, 2, 3
_RESPONSE_RESOURCES = 2
_FIELD_2 = tag(2)  # of Any.value, of a response's resources, and of Resource.resource

assert _RESOURCE_RESOURCE == _RESPONSE_RESOURCES  # `Resource.any_field` serves as both


class Resource:
    """A resource in its encoded form.

    version: hash of the encoded bytes, so equal content has an equal version on every replica and after a restart.
    any_field: the resource as an `Any`, with the tag of field 2: that is a whole `resources` field of a
        DiscoveryResponse, and also the `resource` field of a delta `Resource`. It is encoded once and shared by all
        responses that carry it.
    """

    __slots__ = ("__weakref__", "any_field", "name", "version")

    def __init__(self, name: ResourceName, body: bytes) -> None:
        self.name = name
        self.version = Version(blake2b(body, digest_size=_VERSION_BYTES).hexdigest())
        prefix = _any_prefix(name.type_url)
        value = _FIELD_2 + varint(len(body))
        length = len(prefix) + len(value) + len(body)
        self.any_field = b"".join((_FIELD_2, varint(length), prefix, value, body))

    def delta_parts(self) -> tuple[bytes, bytes]:
        """The whole `resources` field of a DeltaDiscoveryResponse, in two parts to be concatenated."""
        head = text(_RESOURCE_NAME, self.name.name) + text(_RESOURCE_VERSION, self.version)
        length = len(head) + len(self.any_field)
        return _FIELD_2 + varint(length) + head, self.any_field

    @property
    def body(self) -> bytes:
        """The encoded resource itself."""
        start = 1
        while self.any_field[start] & 0x80:
            start += 1
        return Any.FromString(self.any_field[start + 1 :]).value


class FullSet:
    """Every resource of a type that a SotW subscription covers, with one version for all of it."""

    __slots__ = ("resources", "version")

    def __init__(self, resources: Mapping[str, Resource]) -> None:
        self.resources = resources
        self.version = version_of(resources.values())


def version_of(resources: Iterable[Resource]) -> Version:
    """One version for several resources, whatever their order."""
    digest = blake2b(digest_size=_VERSION_BYTES)
    for resource in sorted(resources, key=lambda resource: resource.name):
        digest.update(f"{resource.name.name}\0{resource.version}\0".encode())
    return Version(digest.hexdigest())


_prefixes: dict[TypeUrl, bytes] = {}


def _any_prefix(type_url: TypeUrl) -> bytes:
    prefix = _prefixes.get(type_url)
    if prefix is None:
        prefix = _prefixes[type_url] = embedded(_ANY_TYPE_URL, type_url.encode())
    return prefix
