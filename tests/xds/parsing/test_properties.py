"""Whatever comes in, only the promised comes out."""

import json
import re
from typing import cast

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.xds.parsing.samples import Doc, service, workload
from xds.parsing import Ignored, ObjectError, ParsedObject, documents, parse
from xds.parsing.yaml_documents import Broken, Document, read

SOME = settings(deadline=None)
MANY = settings(deadline=None, max_examples=400)

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(
        ["10.0.0.1", "::1", "::ffff:1.2.3.4", "a.example", "*.a", "unix:///a", "80", "DNS", "STATIC", "~"]
    )
)
FIELDS = st.sampled_from(
    re.findall(
        r"\S+",
        """apiVersion kind metadata name namespace generation creationTimestamp labels annotations spec hosts addresses
        ports number protocol targetPort location resolution endpoints workloadSelector exportTo subjectAltNames address
        locality network weight serviceAccount items lastack.io/all-draining lastack.io/draining""",
    )
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(FIELDS | st.text(max_size=5), inner, max_size=6),
    max_leaves=25,
)
ODD_KEYS = st.dictionaries(st.none() | st.booleans() | st.integers() | st.floats() | FIELDS, VALUES, max_size=4)

OBJECTS = st.sampled_from(
    [
        workload(ports={"http": 80}, labels={"a": "b"}, locality="a/b", weight=2),
        service(resolution="STATIC", workloadSelector={"labels": {"a": "b"}}),
        service(resolution="STATIC", endpoints=[{"address": "10.0.0.1", "ports": {"http": 80}}]),
        service({"annotations": {"lastack.io/all-draining": "serve"}, "generation": 3}, addresses=["10.0.0.0/8"]),
    ]
)


def paths(value: object, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """The path of everything within `value`."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for key, item in inner for found in paths(item, (*path, key)))]


def replaced(value: object, path: tuple[str | int, ...], by: object) -> object:
    """`value` with one place of it changed."""
    if not path:
        return by
    copy = cast(dict[str | int, object], dict(value) if isinstance(value, dict) else list(cast(list[object], value)))
    copy[path[0]] = replaced(copy[path[0]], path[1:], by)
    return copy


@st.composite
def damaged(draw: st.DrawFn) -> object:
    """A valid document in which some places hold something else."""
    value: object = draw(OBJECTS)
    for _ in range(draw(st.integers(1, 3))):
        value = replaced(value, draw(st.sampled_from(paths(value))), draw(VALUES | ODD_KEYS))
    return value


def outcome(document: object) -> ParsedObject | Ignored | ObjectError:
    try:
        return parse(document)
    except ObjectError as error:
        return error


def check_parse(document: object) -> None:
    result = outcome(document)
    if isinstance(result, ObjectError):
        assert result.problems
        assert str(result).isprintable()
        assert len(str(result)) < 2_000
        assert all(str(problem).isprintable() and problem.message for problem in result.problems + result.warnings)
    else:
        assert outcome(document) == result


@SOME
@given(VALUES | ODD_KEYS)
def test_parse_raises_nothing_but_object_error_on_any_value(value: object) -> None:
    for document in documents(value):
        check_parse(document)


@MANY
@given(damaged())
def test_parse_raises_nothing_but_object_error_on_a_damaged_document(value: object) -> None:
    for document in documents(value):
        check_parse(document)


def check_read(text: str) -> None:
    for item in read(text, "f"):
        assert isinstance(item, Document | Broken)
        assert 1 <= item.line <= text.count("\n") + text.count("\r") + 1
        result = outcome(item.value) if isinstance(item, Document) else None
        if isinstance(item, Document) and isinstance(result, ObjectError):
            assert all(item.line_of("") <= item.line_of(problem.path) for problem in result.problems)


@SOME
@given(st.text())
def test_read_never_raises_on_any_text(text: str) -> None:
    check_read(text)


@MANY
@given(st.text(alphabet="ab1: \t\n-.[]{},#&*!|>'\"%?~<\\\r\ud800\0\u2028\x85", max_size=60))
def test_read_never_raises_on_what_looks_like_yaml(text: str) -> None:
    check_read(text)


@SOME
@given(damaged(), st.integers(0, 400), st.text(max_size=3))
def test_read_never_raises_on_damaged_json(value: object, at: int, rubbish: str) -> None:
    text = json.dumps(value, indent=1, skipkeys=True)
    check_read(text[:at] + rubbish + text[at:])


@SOME
@given(st.lists(OBJECTS, max_size=4))
def test_what_is_written_as_json_is_read_back(values: list[Doc]) -> None:
    text = "\n---\n".join(json.dumps(value, indent=2) for value in values)
    assert [item.value for item in read(text, "f") if isinstance(item, Document)] == values
