"""The identifiers that every layer shares.

Hot ones are `NamedTuple`s rather than frozen dataclasses: they are dictionary keys on the path of every ACK, and a
tuple hashes in C.
"""

from typing import NamedTuple, NewType

ProxyId = NewType("ProxyId", str)
"""A proxy's node id. With mTLS it is covered by the proxy's certificate."""

StreamId = NewType("StreamId", int)
"""One stream of a proxy; counted up by the replica, never used twice in a process."""

Revision = NewType("Revision", int)
"""The replica's own counter of applied changes, from 1; 0 means "before anything". Never leaves the replica."""

Generation = NewType("Generation", int)
"""An object's own counter of spec changes, from 1."""

TypeUrl = NewType("TypeUrl", str)
"""An xDS resource type, such as `type.googleapis.com/envoy.config.cluster.v3.Cluster`."""

Version = NewType("Version", str)
"""Hash of a resource's encoded bytes, so equal on every replica and after a restart."""

Nonce = NewType("Nonce", str)
"""Names one response on one stream."""


NEVER = Revision(0)
"""Before the first change."""

ANY_GENERATION = Generation(0)
"""Asks for whatever generation is applied."""


class ObjectKey(NamedTuple):
    """Names a configuration object; as text `kind/namespace/name`."""

    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind}/{self.namespace}/{self.name}"

    @classmethod
    def parse(cls, text: str) -> "ObjectKey":
        """Reads `kind/namespace/name`.

        Raises:
            ValueError: if `text` has not three non-empty parts.
        """
        parts = text.split("/")
        if len(parts) != 3 or not all(parts):
            raise ValueError(f"{text!r} does not name an object: write KIND/NAMESPACE/NAME")
        return cls(*parts)


class ResourceName(NamedTuple):
    """Names one xDS resource."""

    type_url: TypeUrl
    name: str

    def __str__(self) -> str:
        return f"{self.type_url.rpartition('.')[2]} {self.name}"
