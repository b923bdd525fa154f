"""Documents of YAML files, as strictly as a cluster's own tools read them."""

from collections.abc import Hashable, Iterable
from pathlib import Path
from typing import Any

import yaml

Document = dict[str, Any]


class _Loader(yaml.SafeLoader):
    """Takes no key twice: of two that are alike YAML readers keep one, and say nothing."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[object] = set()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.constructor.ConstructorError(None, None, f"{key.value!r} stands twice", key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def read(text: str) -> list[Document]:
    """The documents of a text, without empty ones.

    Raises:
        yaml.YAMLError: it is not YAML, or a key stands twice.
    """
    return [document for document in yaml.load_all(text, _Loader) if document is not None]


def read_files(paths: Iterable[Path]) -> list[Document]:
    """The documents of files, in their order."""
    return [document for path in paths for document in read(path.read_text(encoding="utf-8"))]


def name_of(document: Document) -> str:
    """For messages: `Service lastack/lastack-api`."""
    metadata = document.get("metadata") or {}
    where = f"{metadata['namespace']}/" if "namespace" in metadata else ""
    return f"{document.get('kind')} {where}{metadata.get('name')}"


def of_kind(documents: Iterable[Document], *kinds: str) -> list[Document]:
    """Those of some kinds."""
    return [document for document in documents if document.get("kind") in kinds]
