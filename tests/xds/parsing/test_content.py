from dataclasses import fields, replace

import pytest

from tests.xds.parsing.samples import Doc, parsed, service, workload
from xds.objects import (
    AllDraining,
    Endpoint,
    Location,
    Protocol,
    Resolution,
    ServiceEntry,
    ServicePort,
    WorkloadEntry,
)
from xds.parsing.content import CONTENT_BYTES, content_hash

PORT = ServicePort(80, "http", Protocol.HTTP)
ENDPOINT = Endpoint("10.0.0.1")
WORKLOAD = WorkloadEntry("default", "a", ENDPOINT)
SERVICE = ServiceEntry("default", "a", ("a.example",), (PORT,), endpoints=(ENDPOINT,))

CHANGED: dict[type, dict[str, object]] = {
    ServicePort: {"number": 81, "name": "x", "protocol": Protocol.TCP, "target_port": 8080},
    Endpoint: {
        "address": "10.0.0.2",
        "ports": {"http": 1},
        "labels": {"a": "b"},
        "locality": "eu",
        "network": "n",
        "weight": 2,
        "service_account": "x",
    },
    WorkloadEntry: {"namespace": "x", "name": "x", "endpoint": Endpoint("::1"), "created": "2026-01-01T00:00:00Z"},
    ServiceEntry: {
        "namespace": "x",
        "name": "x",
        "hosts": ("b.example",),
        "ports": (PORT, PORT),
        "addresses": ("10.0.0.1",),
        "location": Location.MESH_INTERNAL,
        "resolution": Resolution.STATIC,
        "endpoints": (),
        "selector": {"a": "b"},
        "export_to": (".",),
        "subject_alt_names": ("x",),
        "all_draining": AllDraining.REFUSE,
        "created": "2026-01-01T00:00:00Z",
    },
}


@pytest.mark.parametrize("kind", CHANGED)
def test_the_table_above_names_every_field(kind: type) -> None:
    assert [field.name for field in fields(kind)] == list(CHANGED[kind])


@pytest.mark.parametrize("field", CHANGED[Endpoint])
def test_every_field_of_an_endpoint_counts(field: str) -> None:
    changed = replace(ENDPOINT, **{field: CHANGED[Endpoint][field]})  # type: ignore[arg-type]
    assert content_hash(replace(WORKLOAD, endpoint=changed)) != content_hash(WORKLOAD)
    assert content_hash(replace(SERVICE, endpoints=(changed,))) != content_hash(SERVICE)


@pytest.mark.parametrize("field", CHANGED[WorkloadEntry])
def test_every_field_of_a_workload_entry_counts(field: str) -> None:
    changed = replace(WORKLOAD, **{field: CHANGED[WorkloadEntry][field]})  # type: ignore[arg-type]
    assert content_hash(changed) != content_hash(WORKLOAD)


@pytest.mark.parametrize("field", CHANGED[ServicePort])
def test_every_field_of_a_port_counts(field: str) -> None:
    changed = replace(PORT, **{field: CHANGED[ServicePort][field]})  # type: ignore[arg-type]
    assert content_hash(replace(SERVICE, ports=(changed,))) != content_hash(SERVICE)


@pytest.mark.parametrize("field", CHANGED[ServiceEntry])
def test_every_field_of_a_service_entry_counts(field: str) -> None:
    changed = replace(SERVICE, **{field: CHANGED[ServiceEntry][field]})  # type: ignore[arg-type]
    assert content_hash(changed) != content_hash(SERVICE)


def test_the_hash_is_the_same_in_every_process_and_release() -> None:
    # These replicas' roots would differ during an upgrade if a new release computed another one.
    assert content_hash(WORKLOAD).hex() == "d31557a92d31894e04f245507a3c9be0"
    assert content_hash(SERVICE).hex() == "9d27a3c0c47f96299dd90f38c3c2862d"
    assert len(content_hash(SERVICE)) == CONTENT_BYTES


def shuffled(value: object) -> object:
    """`value` with the keys of every mapping in reverse order."""
    if isinstance(value, dict):
        return {key: shuffled(value[key]) for key in reversed(value)}
    return [shuffled(item) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize(
    "document",
    [
        workload(ports={"a": 1, "b": 2}, labels={"x": "1", "y": "2"}, weight=3),
        service(
            resolution="STATIC",
            ports=[{"number": 1, "name": "a"}, {"number": 2, "name": "b"}],
            endpoints=[{"address": "10.0.0.1", "ports": {"a": 1, "b": 2}}],
        ),
    ],
)
def test_what_lastack_doesn_t_read_doesn_t_count(document: Doc) -> None:
    metadata = {"name": document["metadata"]["name"]}  # type: ignore[index]
    others = [
        shuffled(document),
        {**document, "apiVersion": "networking.istio.io/v1alpha3"},
        {**document, "status": {"x": 1}},
        {**document, "metadata": {**metadata, "namespace": "default"}},
        {**document, "metadata": {**metadata, "generation": 8, "resourceVersion": "9", "uid": "x"}},
        {**document, "metadata": {**metadata, "labels": {"a": "b"}, "annotations": {"a": "b"}}},
        {**document, "spec": {**document["spec"], "unknown": 1}},  # type: ignore[dict-item]
    ]
    assert {parsed(other).content for other in others} == {parsed(document).content}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (workload(), workload(weight=0, labels={}, ports=None)),
        (workload(address="::1"), workload(address="0:0:0::1")),
        (workload(address="A.example"), workload(address="a.example")),
        (service(), service(resolution="NONE", exportTo=["*"], location="MESH_EXTERNAL", endpoints=[])),
        (service(addresses=["10.0.0.1"]), service(addresses=["10.0.0.1/32"])),
    ],
)
def test_two_ways_to_say_the_same_have_the_same_content(one: Doc, other: Doc) -> None:
    assert parsed(one).object == parsed(other).object
    assert parsed(one).content == parsed(other).content


def test_the_creation_time_and_our_annotation_count() -> None:
    contents = {
        parsed(service()).content,
        parsed(service({"creationTimestamp": "2026-01-01T00:00:00Z"})).content,
        parsed(service({"annotations": {"lastack.io/all-draining": "refuse"}})).content,
    }
    assert len(contents) == 3
