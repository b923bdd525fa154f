"""What a cluster's objects mean: only those of selected namespaces are taken in."""

from controllers.generations import Generations
from controllers.kubernetes.intake import Intake
from controllers.kubernetes.objects import Change, Name
from tests.kubernetes.documents import Document, service, service_key, workload, workload_key
from xds.objects import SERVICE_ENTRY, WORKLOAD_ENTRY, Applied, Deleted, Event, WorkloadEntry

API_VERSION = "networking.istio.io/v1"


def intake(*namespaces: str) -> Intake:
    made = Intake("kubernetes:test", Generations())
    made.namespaces([Change(Name("", name), {"metadata": {"name": name}}) for name in namespaces])
    return made


def put(made: Intake, document: Document, generation: int = 1) -> list[Event]:
    kind = WORKLOAD_ENTRY if "address" in document["spec"] else SERVICE_ENTRY
    metadata = {**document["metadata"], "generation": generation}
    whole = {"apiVersion": API_VERSION, "kind": kind, **document, "metadata": metadata}
    return made.objects(kind, [Change(Name.of(document), whole)])


def drop(made: Intake, document: Document) -> list[Event]:
    kind = WORKLOAD_ENTRY if "address" in document["spec"] else SERVICE_ENTRY
    return made.objects(kind, [Change(Name.of(document), None)])


def addresses(events: list[Event]) -> list[str]:
    objects = [event.object for event in events if isinstance(event, Applied)]
    return [found.endpoint.address for found in objects if isinstance(found, WorkloadEntry)]


def test_an_object_is_taken_in_with_the_generation_that_the_cluster_gives_it() -> None:
    (event,) = put(intake("default"), service(), generation=7)
    assert isinstance(event, Applied)
    assert (event.key, event.generation) == (service_key(), 7)


def test_an_object_made_anew_goes_on_counting_where_the_last_one_was() -> None:
    """The cluster starts over with 1; a receipt for generation 7 was about another content."""
    made = intake("default")
    put(made, workload(), generation=7)
    assert drop(made, workload()) == [Deleted(workload_key())]
    (event,) = put(made, workload(address="10.0.0.2"), generation=1)
    assert isinstance(event, Applied)
    assert event.generation > 7


def test_a_namespace_that_is_not_selected_gives_nothing() -> None:
    made = intake("default")
    assert put(made, workload(namespace="secret")) == []
    assert drop(made, workload(namespace="secret")) == []


def test_what_was_put_by_is_taken_in_when_its_namespace_is_selected() -> None:
    made = intake()
    put(made, workload())
    put(made, workload(address="10.0.0.2"), generation=2)
    events = made.namespaces([Change(Name("", "default"), {"metadata": {"name": "default"}})])
    assert addresses(events) == ["10.0.0.2"]


def test_a_namespace_that_is_selected_no_longer_is_let_go() -> None:
    made = intake("default", "another")
    for document in (workload(), service(), workload(namespace="another")):
        put(made, document)
    events = made.namespaces([Change(Name("", "default"), None)])
    assert sorted(events, key=str) == [Deleted(service_key()), Deleted(workload_key())]
    assert made.namespaces([Change(Name("", "default"), None)]) == []


def test_an_object_that_can_t_be_read_stays_as_it_was_and_is_told_of() -> None:
    made = intake("default")
    put(made, workload())
    assert put(made, workload(address="not an address"), generation=2) == []
    report = made.report_for(workload_key())
    assert report is not None
    assert "spec.address" in report.reason
    assert "last good state stays" in report.reason
    assert made.reports() == [report]
    assert drop(made, workload()) == [Deleted(workload_key())]
    assert made.reports() == []


def test_when_it_can_be_read_again_nothing_is_told() -> None:
    made = intake("default")
    put(made, workload(address="not an address"))
    assert addresses(put(made, workload(address="10.0.0.9"), generation=2)) == ["10.0.0.9"]
    assert made.report_for(workload_key()) is None
