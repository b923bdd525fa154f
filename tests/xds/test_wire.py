"""Protobuf put together by hand is what protobuf itself would have written."""

import pytest
from google.protobuf.wrappers_pb2 import BytesValue, StringValue, UInt32Value, UInt64Value
from hypothesis import given, settings
from hypothesis import strategies as st

from xds.wire import embedded, tag, text, varint

NUMBERS = [0, 1, 127, 128, 300, 16_383, 16_384, 2**32 - 1, 2**63, 2**64 - 1]


@pytest.mark.parametrize("number", NUMBERS)
def test_a_varint_is_what_protobuf_writes(number: int) -> None:
    assert UInt64Value.FromString(b"\x08" + varint(number)).value == number
    assert UInt64Value(value=number).SerializeToString() in (b"\x08" + varint(number), b"")


@pytest.mark.parametrize("field", [1, 2, 15, 16, 33, 2047, 2048, 2**29 - 1])
def test_a_tag_names_its_field_and_that_a_length_follows(field: int) -> None:
    assert tag(field) == varint(field * 8 + 2)


@settings(derandomize=True, max_examples=100, deadline=None)
@given(st.binary(max_size=400), st.text(max_size=200))
def test_bytes_and_strings_are_what_protobuf_writes(body: bytes, string: str) -> None:
    assert text(1, string) == StringValue(value=string).SerializeToString()
    assert BytesValue.FromString(embedded(1, body)).value == body


def test_what_is_empty_is_not_written_unless_it_is_a_message() -> None:
    assert text(1, "") == b""
    assert embedded(1, UInt32Value().SerializeToString()) == b"\x0a\x00", "a message that is there, and empty"
