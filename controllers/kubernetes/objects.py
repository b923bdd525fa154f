"""Objects as an API server has them, and what becomes of them."""

from collections.abc import Mapping
from typing import Any, NamedTuple, TypeGuard

Object = Mapping[str, Any]
"""An object as the API server has it, in plain values."""


class Name(NamedTuple):
    """What an object is called among those of its kind."""

    namespace: str
    name: str

    @classmethod
    def of(cls, document: Object) -> "Name":
        metadata = document["metadata"]
        return cls(metadata.get("namespace", ""), metadata["name"])

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}" if self.namespace else self.name


class Change(NamedTuple):
    """An object is now `new`, or is gone (None)."""

    name: Name
    new: Object | None


def is_object(document: object) -> TypeGuard[dict[str, Any]]:
    """Whether it is one as an API server has it: whose name and version can be told."""
    if not isinstance(document, dict) or not has_version(document):
        return False
    metadata = document["metadata"]
    return isinstance(metadata.get("name"), str) and isinstance(metadata.get("namespace", ""), str)


def has_version(document: Object) -> bool:
    """Whether it says at which resource version it is."""
    metadata = document.get("metadata")
    return isinstance(metadata, Mapping) and isinstance(metadata.get("resourceVersion"), str)
