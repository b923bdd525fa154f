"""The double does as the real API server does, in what the other tests rely on."""

import pytest

from controllers.kubernetes.api import ApiError
from tests.kubernetes.documents import workload
from tests.kubernetes.suite.lab import Lab, path_of
from tests.kubernetes.suite.pods import pod


async def test_a_patch_of_another_version_is_a_conflict(lab: Lab) -> None:
    made = await lab.apply("workloadentries", workload(namespace=lab.namespace))
    path, version = path_of("workloadentries", lab.namespace, "w"), made["metadata"]["resourceVersion"]
    await lab.api.patch(path, {"metadata": {"labels": {"a": "b"}}})
    with pytest.raises(ApiError) as refused:
        await lab.api.patch(path, {"metadata": {"resourceVersion": version, "labels": {"a": "c"}}})
    assert refused.value.status == 409


async def test_a_change_of_the_spec_raises_the_generation_and_one_of_the_labels_does_not(lab: Lab) -> None:
    made = await lab.apply("workloadentries", workload(namespace=lab.namespace))
    path = path_of("workloadentries", lab.namespace, "w")
    labelled = await lab.api.patch(path, {"metadata": {"labels": {"a": "b"}}})
    changed = await lab.api.patch(path, {"spec": {"address": "10.0.0.9"}})
    generations = [found["metadata"]["generation"] for found in (made, labelled, changed)]
    assert generations == [1, 1, 2]


async def test_a_status_is_changed_by_requests_to_it_only(lab: Lab) -> None:
    made = await lab.apply("pods", {**pod("p"), "status": {"podIP": "10.0.0.1", "podIPs": [{"ip": "10.0.0.1"}]}})
    assert made["status"]["podIP"] == "10.0.0.1"
    path = path_of("pods", lab.namespace, "p")
    patched = await lab.api.patch(path, {"status": {"podIP": "10.0.0.2"}})
    assert patched["status"]["podIP"] == "10.0.0.1"


async def test_a_pod_on_a_node_waits_for_its_kubelet(lab: Lab) -> None:
    await lab.apply("pods", pod("p"))
    await lab.delete("pods", "p", gracePeriodSeconds=7)
    found = await lab.get("pods", "p")
    assert found is not None
    assert found["metadata"]["deletionGracePeriodSeconds"] == 7
    await lab.delete("pods", "p", gracePeriodSeconds=0)
    assert await lab.get("pods", "p") is None


async def test_what_has_a_finalizer_goes_when_that_goes(lab: Lab) -> None:
    await lab.apply("pods", {**pod("p"), "metadata": {"name": "p", "finalizers": ["lastack.io/drain"]}})
    await lab.delete("pods", "p", gracePeriodSeconds=0)
    found = await lab.get("pods", "p")
    assert found is not None
    assert found["metadata"]["deletionTimestamp"]
    await lab.api.patch(path_of("pods", lab.namespace, "p"), {"metadata": {"finalizers": None}})
    assert await lab.get("pods", "p") is None


async def test_another_object_of_that_name_is_not_deleted(lab: Lab) -> None:
    await lab.apply("workloadentries", workload(namespace=lab.namespace))
    with pytest.raises(ApiError) as refused:
        await lab.api.delete(path_of("workloadentries", lab.namespace, "w"), "00000000-0000-0000-0000-000000000000")
    assert refused.value.status == 409


async def test_a_name_is_taken_once(lab: Lab) -> None:
    await lab.apply("workloadentries", workload(namespace=lab.namespace))
    body = {"apiVersion": "networking.istio.io/v1", "kind": "WorkloadEntry", **workload(namespace=lab.namespace)}
    with pytest.raises(ApiError) as refused:
        await lab.api.create(path_of("workloadentries", lab.namespace), body)
    assert refused.value.status == 409
