"""What there is to tell of each object, read from the core and from the sources' problems."""

from collections.abc import Iterable, Iterator, Sequence
from heapq import nsmallest

from controllers.status.model import ObjectStatus, SourceProblem
from ledger.ids import ObjectKey
from xds.index.remarks import remarks
from xds.plane import Plane


def object_status(plane: Plane, key: ObjectKey, problems: Sequence[SourceProblem]) -> ObjectStatus | None:
    """One object, applied or rejected; None if it is neither.

    Args:
        problems: those of this object.
    """
    entry = plane.ledger.get(key)
    if entry is None:
        return ObjectStatus(key, None, (), tuple(problems)) if problems else None
    return ObjectStatus(key, entry.generation, tuple(remarks(plane.index, key)), tuple(problems))


def list_objects(
    plane: Plane, problems: Iterable[SourceProblem], prefix: str = "", after: str = "", limit: int = 500
) -> tuple[list[ObjectStatus], str | None]:
    """Objects, applied or rejected, in the order of their keys as text.

    Args:
        prefix: only those whose key, as text, starts so. after: only those beyond this one.

    Returns:
        At most `limit` of them, and, if there are more, the key to ask for what follows (`after`).
    """
    by_key: dict[ObjectKey, list[SourceProblem]] = {}
    for problem in problems:
        if problem.key is not None:
            by_key.setdefault(problem.key, []).append(problem)
    chosen = nsmallest(limit + 1, _matching([plane.ledger.state, by_key], prefix, after))
    found = {key: object_status(plane, key, by_key.get(key, ())) for _, key in chosen[:limit]}
    more = chosen[limit - 1][0] if len(chosen) > limit else None
    return [status for status in found.values() if status is not None], more


def _matching(keys: Iterable[Iterable[ObjectKey]], prefix: str, after: str) -> Iterator[tuple[str, ObjectKey]]:
    seen: set[ObjectKey] = set()
    for some in keys:
        for key in some:
            text = str(key)
            if text.startswith(prefix) and text > after and key not in seen:
                seen.add(key)
                yield text, key
