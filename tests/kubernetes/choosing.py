"""What a list or a watch asks for, of all objects of a kind."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tests.kubernetes.store import Document, Happening


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which objects of a kind are asked for. namespace: empty: of all."""

    namespace: str
    labels: Mapping[str, str]

    def has(self, found: Document) -> bool:
        metadata = found["metadata"]
        is_there = self.namespace in ("", metadata.get("namespace", ""))
        return is_there and self.labels.items() <= (metadata.get("labels") or {}).items()


def pairs(selector: str) -> Iterator[tuple[str, str]]:
    for part in selector.split(","):
        name, _, value = part.partition("=")
        if name:
            yield name, value


def event_of(happening: Happening, chosen: Chosen) -> tuple[str, Document] | None:
    """As a watch with this selector sees it: what ceases to match is gone, and what begins to is new."""
    was = happening.old is not None and chosen.has(happening.old)
    is_ = happening.new is not None and chosen.has(happening.new)
    match was, is_:
        case False, True:
            return "ADDED", happening.last
        case True, True:
            return "MODIFIED", happening.last
        case True, False:
            return "DELETED", happening.last
    return None
