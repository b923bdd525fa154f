"""What is wrong in a document is told with its line."""

from textwrap import dedent

import pytest

from xds.parsing import ObjectError, parse
from xds.parsing.yaml_documents import Document, read

SERVICE = """\
    a: 1
    ---
    apiVersion: networking.istio.io/v1
    kind: ServiceEntry
    metadata:
      name: pay
      annotations:
        other: x
        lastack.io/all-draining: never
    spec:
      hosts:
        - pay.example.com
        - "*"
      ports:
        - number: 80
          name: http
          protocol: HTTP
        -
          number: "81"
      workloadSelector:
        labels:
          app.example.com/x: 1
"""


def test_every_problem_finds_its_line() -> None:
    _, found = read(dedent(SERVICE), "f.yaml")
    assert isinstance(found, Document)
    with pytest.raises(ObjectError) as caught:
        parse(found.value)
    assert {problem.path: found.line_of(problem.path) for problem in caught.value.problems} == {
        "metadata.annotations[lastack.io/all-draining]": 9,
        "spec.hosts[1]": 13,
        "spec.ports[1].number": 19,
        "spec.ports[1].name": 19,  # missing: the line of what should hold it
        "spec.workloadSelector.labels[app.example.com/x]": 22,
    }


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("", 3),
        ("spec", 10),
        ("spec.nothing[3].at.all", 10),
        ("nothing", 3),
        ("metadata.name", 6),
        ("spec.ports[0]", 15),
    ],
)
def test_a_path_that_isn_t_there_has_the_line_of_what_would_hold_it(path: str, line: int) -> None:
    _, found = read(dedent(SERVICE), "f.yaml")
    assert isinstance(found, Document)
    assert found.line_of(path) == line


def test_what_comes_through_an_alias_has_the_line_of_the_alias() -> None:
    (found,) = read("x: &x\n  k: 1\nspec: *x\n", "f.yaml")
    assert isinstance(found, Document)
    assert found.line_of("x.k") == 2
    assert found.line_of("spec.k") == 3


def test_a_document_never_asked_for_lines_pays_nothing_for_them() -> None:
    (found,) = read("a: 1\n", "f.yaml")
    assert isinstance(found, Document)
    assert found._chunk._lines is None
