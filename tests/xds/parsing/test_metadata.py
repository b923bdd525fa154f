import pytest

from ledger.ids import ObjectKey
from tests.xds.parsing.samples import parsed, problems, refused, service, warnings, workload


def test_an_object_without_namespace_is_in_the_default_one() -> None:
    for namespace in ({}, {"namespace": None}, {"namespace": ""}):
        assert parsed(workload(dict(namespace))).key == ObjectKey("WorkloadEntry", "default", "a")


@pytest.mark.parametrize("name", ["a", "a-1.b", "0", "x" * 253, "a." + "y" * 100])
def test_a_name_is_a_dns_1123_subdomain(name: str) -> None:
    assert parsed(workload({"name": name})).key.name == name


@pytest.mark.parametrize(
    ("metadata", "told"),
    [
        ({"name": None}, "metadata.name: is missing: give the object a name"),
        ({"name": ""}, "metadata.name: is missing: give the object a name"),
        ({"name": 1234}, 'metadata.name: is a number (1234), not a string: quote it, "1234"'),
        ({"name": True}, 'metadata.name: is a bool (true), not a string: quote it, "true"'),
        ({"name": "A"}, 'metadata.name: "A" can\'t name an object: use lower-case letters, digits, hyphens and dots'),
        ({"name": "a_b"}, "can't name an object"),
        ({"name": "a/b"}, "can't name an object"),
        ({"name": "-a"}, "can't name an object"),
        ({"name": "a."}, "can't name an object"),
        ({"name": "x" * 254}, "can't name an object"),
        ({"namespace": "a.b"}, 'metadata.namespace: "a.b" can\'t be a namespace: use lower-case letters, digits and'),
        ({"namespace": "x" * 64}, "can't be a namespace"),
        ({"namespace": 1}, 'metadata.namespace: is a number (1), not a string: quote it, "1"'),
        ({"generation": 0}, "metadata.generation: is 0: use a number from 1 to 9223372036854775807"),
        ({"generation": "3"}, 'metadata.generation: is a string ("3"), not an integer: write 3, without quotes'),
        ({"generation": True}, "metadata.generation: is a bool (true), not an integer"),
        ({"creationTimestamp": "yesterday"}, '"yesterday" is no time: write it like 2026-01-31T12:00:00Z, or remove'),
        ({"creationTimestamp": "2026-13-01T00:00:00Z"}, "is no time"),
        ({"creationTimestamp": "2026-01-01"}, "is no time"),
        ({"creationTimestamp": "2026-01-01T00:00:00"}, "is no time"),
        ({"creationTimestamp": "0001-01-01T00:00:00+14:00"}, "is no time"),
        ({"creationTimestamp": 5}, 'metadata.creationTimestamp: is a number (5), not a string: quote it, "5"'),
        ({"annotations": ["x"]}, "metadata.annotations: is a list, not a mapping"),
    ],
)
def test_wrong_metadata_is_refused_with_its_place_and_remedy(metadata: dict[str, object], told: str) -> None:
    (problem,) = problems(workload(metadata))
    assert told in problem


@pytest.mark.parametrize("metadata", [None, {}, [], "a"])
def test_an_object_without_metadata_is_refused(metadata: object) -> None:
    (problem,) = problems({**workload(), "metadata": metadata})
    assert problem.startswith("metadata")


def test_the_error_names_the_object_if_it_could_be_read() -> None:
    assert refused(workload(address="?")).key == ObjectKey("WorkloadEntry", "default", "a")
    assert refused(workload({"name": "A"})).key is None


@pytest.mark.parametrize(("generation", "kept"), [(None, None), (1, 1), (7, 7)])
def test_the_generation_is_the_document_s_own(generation: object, kept: object) -> None:
    assert parsed(workload({"generation": generation})).generation == kept


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        (None, ""),
        ("2026-01-02T03:04:05Z", "2026-01-02T03:04:05Z"),
        ("2026-01-02t03:04:05z", "2026-01-02T03:04:05Z"),
        ("2026-01-02T03:04:05.999Z", "2026-01-02T03:04:05Z"),
        ("2026-01-02T03:04:05+02:00", "2026-01-02T01:04:05Z"),
        ("0999-01-02T03:04:05Z", "0999-01-02T03:04:05Z"),
    ],
)
def test_creation_times_are_kept_in_one_spelling(written: object, kept: str) -> None:
    assert parsed(workload({"creationTimestamp": written})).object.created == kept


def test_keys_of_ours_in_places_that_are_not_read_give_warnings() -> None:
    assert warnings(workload({"labels": {"lastack.io/draining": "true", "app": 1}})) == [
        "metadata.labels[lastack.io/draining]: lastack reads labels below spec only, since these change no generation: "
        "move it"
    ]
    assert warnings(workload({"annotations": {"lastack.io/all-draining": "serve"}})) == [
        "metadata.annotations[lastack.io/all-draining]: is read on a ServiceEntry only: move it to the service"
    ]
    assert warnings(service({"annotations": {"lastack.io/al-draining": "serve"}})) == [
        "metadata.annotations[lastack.io/al-draining]: is not an annotation that lastack knows: check its spelling"
    ]


def test_other_metadata_is_nobody_s_business() -> None:
    metadata: dict[str, object] = {"labels": 3, "annotations": {"x": 1, 2: 3}, "managedFields": [1], "uid": 9}
    assert warnings(workload(metadata)) == []


def test_how_an_instance_drains_is_told_by_its_annotations() -> None:
    good = {"lastack.io/longest-request": "2m", "lastack.io/release-after": "30s", "lastack.io/not-ready": "true"}
    assert warnings(workload({"annotations": good})) == []
    assert warnings(workload({"annotations": {"lastack.io/longest-request": "soon"}})) == [
        "metadata.annotations[lastack.io/longest-request]: 'soon' is not a duration: write 30s, 500ms, 2m or 1h, so it "
        "is not followed"
    ]
    assert warnings(service({"annotations": {"lastack.io/release-after": "30s"}})) == [
        "metadata.annotations[lastack.io/release-after]: is read on a WorkloadEntry only: move it to the instances"
    ]
