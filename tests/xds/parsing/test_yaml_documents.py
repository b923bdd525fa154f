from textwrap import dedent

import pytest
import yaml

from tests.xds.parsing.samples import parsed, refused
from xds.parsing.yaml_documents import Broken, Document, read
from xds.parsing.yaml_values import MAX_ALIASED, MAX_DEPTH, Refused, lines, load


def values(text: str) -> list[object]:
    """The values of a text in which nothing is broken."""
    found = list(read(dedent(text), "f.yaml"))
    assert [item for item in found if isinstance(item, Broken)] == []
    return [item.value for item in found if isinstance(item, Document)]


def document(text: str) -> Document:
    """The only document of a text."""
    (found,) = read(dedent(text), "f.yaml")
    assert isinstance(found, Document)
    return found


def broken(text: str) -> Broken:
    """The only document of a text, which is broken."""
    (found,) = read(dedent(text), "f.yaml")
    assert isinstance(found, Broken)
    return found


def test_documents_come_in_order_with_their_first_lines() -> None:
    text = "# heading\n\na: 1\n---\n# more\nb: 2\n--- # comment\nc: 3\n...\n---\nd: 4"
    found = [item for item in read(text, "f.yaml") if isinstance(item, Document)]
    assert [(item.value, item.line) for item in found] == [({"a": 1}, 3), ({"b": 2}, 6), ({"c": 3}, 8), ({"d": 4}, 11)]
    assert {item.origin for item in found} == {"f.yaml"}


@pytest.mark.parametrize(
    "text", ["", "\n", "---", "---\n---\n", "# only\n", "--- # only\n", "...\n", "~", "null\n---\n", "\ufeff"]
)
def test_empty_documents_are_left_out(text: str) -> None:
    assert list(read(text, "f.yaml")) == []


def test_json_is_yaml() -> None:
    assert values('{"a": [1, 2.5, true, null, "x\\n\\u00e9\\/"],\n\t"b": {}}') == [
        {"a": [1, 2.5, True, None, "x\né/"], "b": {}}
    ]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_any_line_ending_will_do(end: str) -> None:
    text = end.join(["a: 1", "---", "b: |", "  x", "  y", "---", "c: ["])
    first, second, third = read(text, "f.yaml")
    assert isinstance(second, Document)
    assert isinstance(third, Broken)
    assert first == Document({"a": 1}, 0, "", second._chunk)
    assert (second.value, second.line, third.line) == ({"b": "x\ny\n"}, 3, 7)


def test_a_byte_order_mark_is_passed_over() -> None:
    assert values("\ufeff---\na: 1\n") == [{"a": 1}]


def test_directives_belong_to_the_document_after_them() -> None:
    text = "# c\n%YAML 1.1\n---\na: 1\n---\nb: 2\n...\n%YAML 1.1\n--- {c: 3}\n---\nd: 4\n"
    assert values(text) == [{"a": 1}, {"b": 2}, {"c": 3}, {"d": 4}]


def test_values_are_of_yaml_1_2() -> None:
    text = """
        port: 80
        quoted: "80"
        truth: true
        yes: yes
        off: off
        time: 2026-01-02T03:04:05Z
        octal: 0644
        1: 2
        true: x
        tagged: !!str 80
        block: |
          --
          text
    """
    assert values(text) == [
        {
            "port": 80,
            "quoted": "80",
            "truth": True,
            "yes": "yes",
            "off": "off",
            "time": "2026-01-02T03:04:05Z",
            "octal": "0644",
            "1": 2,
            "true": "x",
            "tagged": "80",
            "block": "--\ntext\n",
        }
    ]


def test_a_broken_document_takes_no_other_along() -> None:
    text = "a: 1\n---\nb: [1,\n---\nc: 3\n---\nd: 'x\n---\ne: 5\n"
    found = list(read(text, "f.yaml"))
    assert [item.value for item in found if isinstance(item, Document)] == [{"a": 1}, {"c": 3}, {"e": 5}]
    assert [item.line for item in found if isinstance(item, Broken)] == [3, 7]


def test_a_document_followed_by_rubbish_is_broken_and_not_half_read() -> None:
    assert broken("a: 1\n]\n").line == 2


@pytest.mark.parametrize(
    ("text", "line", "column", "told"),
    [
        ("a: 1\n\tb: 2\n", 2, 1, "is not valid YAML: found a tab character that violates indentation, while scanning"),
        ("a: 1\n b: 2\n", 2, 3, "is not valid YAML: mapping values are not allowed in this context"),
        ("# x\n\na: 'b\n", 3, 4, "is not valid YAML: found unexpected end of stream, while scanning a quoted scalar"),
        ("a: 1\nb: 2\na: 3\n", 3, 1, 'the key "a" is given twice: keep one of them'),
        ('{"x": {"a": 1, "a": 1}}', 1, 16, 'the key "a" is given twice: keep one of them'),
        ("a: *b\n", 1, 4, "the alias *b has no anchor before it: define it, or quote the text"),
        ("a: &a [*a]\n", 1, 8, "the alias *a stands within what it stands for: write the value out"),
        ("a: !secret x\n", 1, 4, "the tag !secret is not supported: remove it"),
        ("a: !thing {}\n", 1, 4, "the tag !thing is not supported: remove it"),
        ("a: !!set {}\n", 1, 4, "the tag tag:yaml.org,2002:set is not supported: remove it"),
        ("a: !!int x\n", 1, 4, 'a string ("x") is not what the tag !!int says: remove the tag or change the value'),
        ("? [a]\n: 1\n", 1, 3, "a key is not a plain string: write a name"),
        ("a: &x b\n*x : 1\n", 2, 1, "a key is not a plain string: write a name"),
        ("<<: 1\n", 1, 1, "<< takes a mapping or a list of mappings: give it an alias of one"),
        ("<<: {}\n<<: {}\n", 2, 1, "<< is given twice: give it a list, <<: [*first, *second]"),
        ("- a\n- b\n", 1, 1, "the document is a list, not a mapping: begin with apiVersion and kind"),
        ("\n\nhello\n", 3, 1, 'the document is a string ("hello"), not a mapping: begin with apiVersion and kind'),
        ("a: 1\nb: x\0y\n", 2, 5, "the character '\\x00' is not allowed in YAML: remove it"),
        ("a: \ud800\n", 1, 4, "the character '\\ud800' is not allowed in YAML: remove it"),
        ("a: 1\u2028---\u2028b: 2\n", 1, 1, "a --- follows on an unusual line break: end lines with a line feed"),
        ("a: " + "[" * 64 + "]" * 64, 1, 67, "mappings and lists are nested more than 64 deep: flatten them"),
        ("a: " + "[" * 9000, 1, 67, "mappings and lists are nested more than 64 deep: flatten them"),
    ],
)
def test_what_is_broken_is_told_with_its_place(text: str, line: int, column: int, told: str) -> None:
    found = broken(text)
    assert (found.line, found.column) == (line, column)
    assert found.message.startswith(told)
    assert str(found) == f"f.yaml:{line}:{column}: {found.message}"


def test_a_place_is_counted_from_the_top_of_the_text() -> None:
    *_, last = read("a: 1\n---\n\nb: 2\n---\nc: 3\nc: 4\n", "f.yaml")
    assert isinstance(last, Broken)
    assert (last.line, last.column) == (7, 1)


def test_nesting_is_allowed_to_the_limit() -> None:
    assert values("a: " + "[" * (MAX_DEPTH - 1) + "]" * (MAX_DEPTH - 1))


def test_aliases_stand_for_what_they_name() -> None:
    assert values("a: &x {k: 1}\nb: *x\nc: [*x, &s text, *s]\n") == [
        {"a": {"k": 1}, "b": {"k": 1}, "c": [{"k": 1}, "text", "text"]}
    ]


def test_anchors_end_with_their_document() -> None:
    first, second = read("a: &x 1\n---\nb: *x\n", "f.yaml")
    assert isinstance(first, Document)
    assert isinstance(second, Broken)


def test_merge_keys_fill_in_what_a_mapping_lacks() -> None:
    text = """
        base: &base {a: 1, b: 2}
        more: &more {b: 3, c: 4}
        one: {b: 0, <<: *base}
        two: {<<: [*base, *more]}
        text: {"<<": 1}
    """
    (value,) = values(text)
    assert isinstance(value, dict)
    assert value["one"] == {"a": 1, "b": 0}
    assert value["two"] == {"a": 1, "b": 2, "c": 4}
    assert value["text"] == {"<<": 1}


def test_a_billion_laughs_are_cut_short() -> None:
    text = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [{f'*a{n - 1}, ' * 9}]\n" for n in range(1, 12))
    assert broken(text).message == f"aliases stand for more than {MAX_ALIASED:,} values: write fewer of them"


def test_many_merges_are_cut_short() -> None:
    base = "base: &base {" + ", ".join(f"k{n}: 1" for n in range(1000)) + "}\n"
    assert "aliases stand for more" in broken(base + "".join(f"m{n}: {{<<: *base}}\n" for n in range(101))).message


LIST = """\
    # a comment
    apiVersion: v1
    kind: List
    items:
    - apiVersion: networking.istio.io/v1
      kind: WorkloadEntry
      metadata: {name: a}
      spec: {address: 10.0.0.1}
    - apiVersion: networking.istio.io/v1
      kind: WorkloadEntry
      metadata: {name: b}
      spec:
        address: 10.0.0.2
        weight: "7"
    - 3
"""


def test_a_list_comes_as_its_items_which_know_their_lines() -> None:
    first, second, third = read(dedent(LIST), "f.yaml")
    assert isinstance(first, Document)
    assert isinstance(second, Document)
    assert parsed(first.value).key.name == "a"
    (problem,) = refused(second.value).problems
    assert problem.path == "spec.weight"
    assert (second.line, second.line_of(problem.path), second.line_of("")) == (2, 14, 9)
    assert third == Broken("f.yaml", 15, 1, "items[2] is a number (3), not a mapping: begin with apiVersion and kind")


@pytest.mark.parametrize("text", ["a: &x [1, 'y', {b: *x2}]\nc: 1.5\n".replace("{b: *x2}", "{b: 2}"), dedent(LIST)])
def test_without_libyaml_the_same_is_read(text: str) -> None:
    assert list(load(yaml.SafeLoader(text))) == list(load(yaml.CSafeLoader(text)))
    assert lines(yaml.SafeLoader(text)) == lines(yaml.CSafeLoader(text))


def test_without_libyaml_the_same_is_refused() -> None:
    for loader in (yaml.SafeLoader, yaml.CSafeLoader):
        with pytest.raises(Refused, match="given twice"):
            list(load(loader("a: 1\na: 2\n")))
        with pytest.raises(yaml.MarkedYAMLError):
            list(load(loader("a: [\n")))
