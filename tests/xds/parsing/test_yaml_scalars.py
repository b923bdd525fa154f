import math

import pytest

from xds.parsing.yaml_scalars import resolve, resolve_as


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("TRUE", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("0", 0),
        ("8080", 8080),
        ("-1", -1),
        ("+7", 7),
        ("0x1F", 31),
        ("0o17", 15),
        ("1.5", 1.5),
        ("-.5", -0.5),
        ("1.", 1.0),
        ("1e3", 1000.0),
        ("1" * 40, 1.1111111111111112e39),
        (".inf", math.inf),
        ("-.INF", -math.inf),
    ],
)
def test_a_plain_scalar_of_yaml_1_2_has_its_type(text: str, value: object) -> None:
    assert resolve(text) == value
    assert type(resolve(text)) is type(value)


def test_nan_is_a_float() -> None:
    assert math.isnan(float(str(resolve(".nan"))))


@pytest.mark.parametrize("text", ["yes", "no", "Yes", "on", "off", "y", "N", "tRUE", "nULL"])
def test_other_words_for_a_bool_are_strings(text: str) -> None:
    assert resolve(text) == text


@pytest.mark.parametrize("text", ["0123", "08", "-01", "1_000", "12:30", "0b1", "0x", "0o8", "0x" + "f" * 40])
def test_a_number_that_yaml_versions_read_differently_is_a_string(text: str) -> None:
    assert resolve(text) == text


@pytest.mark.parametrize("text", ["2026-01-31T12:00:00Z", "2026-01-31", "10.0.0.1", "1.2.3", "-", ".", "*", "+", "e1"])
def test_times_addresses_and_the_rest_are_strings(text: str) -> None:
    assert resolve(text) == text


@pytest.mark.parametrize(
    ("tag", "text", "value"),
    [("str", "80", "80"), ("int", "80", 80), ("float", "80", 80.0), ("bool", "true", True), ("null", "", None)],
)
def test_a_tag_is_obeyed_where_the_value_fits_it(tag: str, text: str, value: object) -> None:
    found = resolve_as(f"tag:yaml.org,2002:{tag}", text)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(("tag", "text"), [("int", "x"), ("int", "true"), ("int", "1.5"), ("bool", "1"), ("null", "x")])
def test_a_tag_that_the_value_doesn_t_fit_is_refused(tag: str, text: str) -> None:
    with pytest.raises(ValueError, match=f"is not what the tag !!{tag} says: remove the tag or change the value"):
        resolve_as(f"tag:yaml.org,2002:{tag}", text)


@pytest.mark.parametrize(
    "tag", ["!secret", "tag:yaml.org,2002:binary", "tag:yaml.org,2002:python/object/apply:os.system"]
)
def test_a_foreign_tag_is_refused(tag: str) -> None:
    with pytest.raises(ValueError, match=r"^the tag .* is not supported: remove it$"):
        resolve_as(tag, "x")
