"""How many names a stream may ask for, and how long they may be.

All of this is looked at before a request changes anything: a stream that is refused has shown nothing, and succeeds
nobody.
"""

from collections.abc import Set
from itertools import chain, islice

from ledger.ids import ResourceName, TypeUrl
from xds.protocol.errors import Status, StreamError
from xds.protocol.world import World
from xds.view import View

WILDCARD = "*"

MAX_NAMES = 20_000
"""Names that one stream may ask for of one type, if there are not many more resources than that. Envoys ask for one per
service; this is four times the largest mesh known to us."""

MAX_NAME_LENGTH = 4096
"""Characters of a resource name."""

MAX_STRANGE = 25_000
"""Names of resources that don't exist, which all streams together may ask for: about 60 MB. Proxies of one mesh ask for
the same names: those that were there before it shrank, or was lost."""

FEW_STRANGE = 100
"""So many of them a stream may ask for whatever others do."""


def most_names(world: World) -> int:
    """How many names one stream may ask for of one type. A mesh larger than any that is known makes it more."""
    return max(MAX_NAMES, 2 * world.snapshot.size)


def check_number(names: int, type_url: TypeUrl, most: int) -> None:
    """Refuses more names of a type than a stream may ask for.

    Raises:
        StreamError: the stream has to end.
    """
    if names > most:
        raise StreamError(
            Status.RESOURCE_EXHAUSTED,
            f"{names} names of type {type_url} are asked for on one stream; the limit is {most}",
        )


def check_length(longest: int) -> None:
    """Refuses names that are too long, by the longest of them.

    Raises:
        StreamError: the stream has to end.
    """
    if longest > MAX_NAME_LENGTH:
        raise StreamError(
            Status.INVALID_ARGUMENT,
            f"a resource name of {longest} characters is asked for; the limit is {MAX_NAME_LENGTH}",
        )


def check_strange(names: Set[str], asked: Set[str], type_url: TypeUrl, view: View, world: World) -> None:
    """Refuses names that are of nothing and fill the memory.

    Args:
        names: in the request.
        asked: what the stream asks for of the type already.

    Raises:
        StreamError: the stream has to end.
    """
    if world.deliveries.remembered + len(names) <= MAX_STRANGE + world.snapshot.size or names <= asked:
        return
    strange = (
        name
        for name in chain(names - asked, asked)
        if name != WILDCARD and world.snapshot.get(view, ResourceName(type_url, name)) is None
    )
    if next(islice(strange, FEW_STRANGE, None), None) is not None:
        raise StreamError(
            Status.RESOURCE_EXHAUSTED,
            f"more than {FEW_STRANGE} names of type {type_url} are asked for of which there is none, and too many "
            "such names are remembered already",
        )
