"""What a plain (unquoted) YAML scalar means: a little less than YAML 1.2's core schema.

| written | is | why |
| --- | --- | --- |
| `true` `True` `TRUE`, and `false` alike | bool | |
| `null` `Null` `NULL` `~`, nothing | null | |
| `8080` `-1` `0x1f` `0o17` | int | |
| `1.5` `1e3` `.inf` `.nan` | float | |
| `yes` `no` `on` `off` `y` `n` | string | Kubernetes (YAML 1.1) reads a bool; no field of ours wants one |
| `0123` `1_000` `12:30` | string | 1.1 and 1.2 read different numbers: where one is wanted it is refused, not guessed |
| `2026-01-31T12:00:00Z` | string | 1.1 reads a time; documents hold text |
"""

import re

from xds.parsing.problems import shown
from xds.wording import shortened

TAG_PREFIX = "tag:yaml.org,2002:"
"""What `!!` is short for."""

_NAMED: dict[str, object] = {
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys(("null", "Null", "NULL", "~", ""), None),
}
_FIRST = frozenset("0123456789+-.~tTfFnN")
"""What every scalar that isn't a string begins with."""

_INT = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,38})")
_OTHER_INT = re.compile(r"0(?:x[0-9a-fA-F]{1,32}|o[0-7]{1,40})")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]*)(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NAMED_FLOAT = re.compile(r"([-+]?)\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")


def resolve(text: str) -> object:
    """The value of a plain scalar: a string, int, float, bool or None."""
    if text and text[0] not in _FIRST:
        return text
    if text in _NAMED:
        return _NAMED[text]
    if _INT.fullmatch(text):
        return int(text)
    if _OTHER_INT.fullmatch(text):
        return int(text, 0)
    if _FLOAT.fullmatch(text):
        return float(text)
    if _NAMED_FLOAT.fullmatch(text):
        return float(text.replace(".", "", 1))
    return text


def resolve_as(tag: str, text: str) -> object:
    """The value of a scalar with an explicit tag (`!!str`, in full), quoted or not.

    Raises:
        ValueError: if `text` isn't one, or the tag is none of YAML's core schema; told for a message.
    """
    name = tag.removeprefix(TAG_PREFIX)
    if name == "str":
        return text
    value = resolve(text)
    match name, value:
        case ("bool", bool()) | ("null", None) | ("float", float()):
            return value
        case ("int" | "float", int()) if not isinstance(value, bool):
            return float(value) if name == "float" else value
        case "int" | "float" | "bool" | "null", _:
            raise ValueError(f"{shown(value)} is not what the tag !!{name} says: remove the tag or change the value")
        case _:
            raise ValueError(f"the tag {shortened(tag)} is not supported: remove it")
