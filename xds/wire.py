"""Protobuf's wire format, as far as encoded messages are put together from encoded parts.

Fields of a message may be concatenated in any order, and an embedded message is its tag, its length and its bytes
(protobuf.dev, "Encoding"); so one part of a large resource can change without encoding the others anew.
"""

_LENGTH_DELIMITED = 2


def varint(value: int) -> bytes:
    """A non-negative integer as a varint."""
    if value < 0x80:
        return bytes((value,))
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def tag(field: int) -> bytes:
    """The tag of a length-delimited field: a message, string or bytes."""
    return varint(field << 3 | _LENGTH_DELIMITED)


def embedded(field: int, body: bytes) -> bytes:
    """A message, string or bytes field."""
    return tag(field) + varint(len(body)) + body


def text(field: int, value: str) -> bytes:
    """A string field; nothing where it is empty, as proto3 has it."""
    return embedded(field, value.encode()) if value else b""
