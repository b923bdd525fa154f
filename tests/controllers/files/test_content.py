from controllers.files.content import FileContent, read_content
from controllers.reports import Severity
from tests.controllers.files.samples import BROKEN, HEAD, entry, invalid, key, text


def read(*documents: str) -> FileContent:
    return read_content(text(*documents), "a.yaml")


def told(content: FileContent) -> list[tuple[str, str | None, str]]:
    return [(r.origin, r.key and r.key.name, r.severity.value) for r in content.reports]


def test_every_valid_document_is_an_object_with_its_line() -> None:
    content = read(entry("a"), entry("b"))
    assert {k.name: found.line for k, found in content.objects.items()} == {"a": 1, "b": 8}
    assert (content.unread, content.blind, content.reports) == (frozenset(), False, ())


def test_json_is_read_too() -> None:
    json = (
        '{"apiVersion": "v1", "kind": "List", "items": [{"apiVersion": "networking.istio.io/v1", '
        '"kind": "WorkloadEntry", "metadata": {"name": "a"}, "spec": {"address": "10.0.0.1"}}]}'
    )
    assert list(read(json).objects) == [key("a")]


def test_a_broken_document_makes_blind_and_takes_no_other_along() -> None:
    content = read(entry("a"), BROKEN, entry("b"))
    assert list(content.objects) == [key("a"), key("b")]
    assert content.blind
    assert told(content) == [("a.yaml:8", None, "error")]
    assert "column" in content.reports[0].reason


def test_an_invalid_document_that_names_its_object_makes_not_blind() -> None:
    content = read(entry("a"), invalid("b"))
    assert list(content.objects) == [key("a")]
    assert content.unread == {key("b")}
    assert not content.blind
    assert told(content) == [("a.yaml:14", "b", "error")]


def test_a_document_whose_object_can_not_be_named_makes_blind() -> None:
    assert read(f"{HEAD}spec: {{}}\n").blind
    assert read("metadata: {name: a}\n").blind


def test_an_object_in_a_version_that_is_not_read_counts_as_named() -> None:
    content = read(entry("a").replace("istio.io/v1", "istio.io/v9"))
    assert content.unread == {key("a")}
    assert not content.blind
    assert told(content) == [("a.yaml:2", "a", "error")]


def test_a_document_of_another_kind_is_a_warning_and_has_no_key() -> None:
    content = read("apiVersion: v1\nkind: Service\nmetadata: {name: a}\n")
    assert (content.unread, content.blind) == (frozenset(), False)
    assert told(content) == [("a.yaml:2", None, "warning")]


def test_a_warning_names_line_and_object() -> None:
    content = read(entry("a") + "  adress: x\n")
    assert list(content.objects) == [key("a")]
    (report,) = content.reports
    assert (report.line, report.key, report.severity) == (7, key("a"), Severity.WARNING)
    assert "adress" in report.reason


def test_of_two_documents_with_the_same_object_the_first_counts() -> None:
    content = read(entry("a", "10.0.0.1"), entry("b"), entry("a", "10.0.0.2"))
    assert content.objects[key("a")].line == 1
    (report,) = content.reports
    assert (report.line, report.key, report.severity) == (15, key("a"), Severity.ERROR)
    assert "line 1" in report.reason


def test_a_valid_document_counts_before_an_invalid_one_of_the_same_object() -> None:
    content = read(invalid("a"), entry("a", "10.0.0.2"))
    assert list(content.objects) == [key("a")]
    assert told(content) == [("a.yaml:7", "a", "error")]


def test_nothing_in_a_file_is_nothing() -> None:
    assert read("# only a comment\n") == FileContent()
