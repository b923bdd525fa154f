"""What is saved for a later process: a JSON value with a format version and a checksum; and a roster as such."""

import json
from hashlib import blake2b
from typing import NamedTuple, cast

from xds.plane import Plane

_ENCODER = json.JSONEncoder(separators=(",", ":"))

VERSION = 1
"""Of the format, of all that is saved. To be raised when an older lastack would misread what is written."""


class SavedRoster(NamedTuple):
    """What `Plane.dump` gave. `complete`: no proxy that is not in it held anything."""

    dump: dict[str, object]
    complete: bool


class Unusable(ValueError):
    """What was saved can't be used, and why."""


def enclosed(body: object) -> bytes:
    """A value, to be saved."""
    text = _ENCODER.encode(body)
    return f'{{"version":{VERSION},"checksum":"{_checksum(text)}","body":{text}}}\n'.encode()


def opened(data: bytes) -> object:
    """The value that was saved.

    Raises:
        Unusable: it was damaged, or is of another format.
    """
    try:
        document = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise Unusable(f"it is not JSON ({error}): it was damaged, or edited") from None
    match document:
        case {"version": int(version), "checksum": str(checksum), "body": body}:
            if version != VERSION:
                raise Unusable(f"it has format {version}, and this lastack reads format {VERSION}")
            if checksum != _checksum(_ENCODER.encode(body)):
                raise Unusable("its checksum is wrong: it was damaged, or edited")
            return cast(object, body)
    raise Unusable("it is not what lastack writes")


def roster_body(roster: SavedRoster) -> object:
    """A roster as a value."""
    return {"complete": roster.complete, "roster": roster.dump}


def roster_of(body: object) -> SavedRoster:
    """The roster that a value is.

    Raises:
        ValueError: it is none.
    """
    match body:
        case {"complete": bool(complete), "roster": dict(dump)}:
            Plane().load(dump, 0.0)  # raises if it is not what it should be
            return SavedRoster(dump, complete)
    raise Unusable("it holds no roster")


def _checksum(text: str) -> str:
    return blake2b(text.encode(), digest_size=16).hexdigest()
