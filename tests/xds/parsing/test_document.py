import pytest

from ledger.ids import ObjectKey
from tests.xds.parsing.samples import Doc, parsed, problems, refused, service, warnings, workload
from xds.parsing import Ignored, ObjectError, documents, parse


@pytest.mark.parametrize("version", ["v1", "v1beta1", "v1alpha3"])
def test_every_version_that_istio_has_had_is_read(version: str) -> None:
    for document in (workload(), service()):
        assert parsed({**document, "apiVersion": f"networking.istio.io/{version}"}).key.name in "as"


@pytest.mark.parametrize(
    ("api_version", "kind"),
    [("v1", "Service"), ("networking.istio.io/v1", "Gateway"), ("example.com/v1", "ServiceEntry")],
)
def test_what_is_none_of_ours_is_ignored_with_a_reason(api_version: str, kind: str) -> None:
    result = parse({"apiVersion": api_version, "kind": kind})
    assert result == Ignored(f'"{kind}" of "{api_version}" is not a kind that lastack reads')


def test_an_object_of_ours_in_an_unknown_version_is_ignored_by_name() -> None:
    document = {**workload({"namespace": "shop"}), "apiVersion": "networking.istio.io/v9"}
    assert parse(document) == Ignored(
        'WorkloadEntry is read in the versions v1, v1beta1, v1alpha3, not "networking.istio.io/v9"',
        ObjectKey("WorkloadEntry", "shop", "a"),
    )


@pytest.mark.parametrize("field", ["kind", "apiVersion"])
@pytest.mark.parametrize("missing", [None, ""])
def test_a_document_that_doesn_t_say_what_it_is_is_refused(field: str, missing: object) -> None:
    (problem,) = problems({**workload(), field: missing})
    assert problem.startswith(f"{field}: is missing: write it, such as ")


@pytest.mark.parametrize(
    ("document", "told"),
    [
        (None, "the document is null, not a mapping: begin with apiVersion and kind"),
        ([workload()], "the document is a list, not a mapping: begin with apiVersion and kind"),
        ("x" * 100, f'the document is a string ("{"x" * 60}…"), not a mapping: begin with apiVersion and kind'),
        ({**workload(), "spec": None}, "spec: is missing: describe the object below it"),
        ({**workload(), "spec": []}, "spec: is a list, not a mapping: write its fields below it"),
        ({**workload(), "kind": 1}, 'kind: is a number (1), not a string: quote it, "1"'),
    ],
)
def test_a_document_of_the_wrong_shape_is_refused(document: object, told: str) -> None:
    assert problems(document) == [told]


def test_an_unknown_field_beside_the_spec_gives_a_warning() -> None:
    assert warnings({**workload(), "sepc": {}, "status": {"x": 1}}) == [
        "sepc: is not a known field and is ignored: did you mean spec?"
    ]


def test_the_error_carries_the_warnings_for_they_may_hold_the_cause() -> None:
    error = refused(workload(address=None, adress="10.0.0.1"))
    assert [str(warning) for warning in error.warnings] == [
        "spec.adress: is not a known field and is ignored: did you mean address?"
    ]


def test_the_error_s_text_is_one_line_with_the_first_problems() -> None:
    error = refused(workload(address=None, weight=-1, network=1, labels={"a": 1, "b": 2}))
    assert str(error) == (
        "WorkloadEntry/default/a is not valid: "
        "spec.address: is missing: give an IP address, a DNS name or unix:///absolute/path; "
        'spec.labels.a: is a number (1), not a string: quote it, "1"; '
        'spec.labels.b: is a number (2), not a string: quote it, "2"; '
        "and 2 more"
    )
    assert str(refused(None)).startswith("document is not valid: the document is null")


def test_a_hostile_document_gets_no_endless_guesses() -> None:
    unknown = {f"adress{number}": 1 for number in range(100)}
    guessed = [line for line in warnings(workload(**unknown)) if "did you mean" in line]
    assert len(guessed) == 20


def test_a_list_is_taken_apart() -> None:
    items: list[Doc] = [workload(), service()]
    assert list(documents({"apiVersion": "v1", "kind": "List", "items": items})) == items
    assert list(documents({"apiVersion": "v1", "kind": "List", "items": []})) == []
    assert list(documents(items[0])) == items[:1]


@pytest.mark.parametrize("items", [None, {}, "x"])
def test_a_list_without_items_is_refused_rather_than_lost(items: object) -> None:
    (document,) = documents({"apiVersion": "v1", "kind": "List", "items": items})
    with pytest.raises(ObjectError, match="items: a List is read only at the top of a document"):
        parse(document)


def test_a_list_in_a_list_is_refused_rather_than_lost() -> None:
    inner = {"apiVersion": "v1", "kind": "List", "items": [workload()]}
    (document,) = documents({"apiVersion": "v1", "kind": "List", "items": [inner]})
    with pytest.raises(ObjectError, match="items: a List is read only at the top of a document"):
        parse(document)
