"""One Pod harms no other."""

import asyncio
import json

from aiohttp import web

from tests.kubernetes.documents import service
from tests.kubernetes.store import Refusal
from tests.kubernetes.suite.lab import Lab
from tests.kubernetes.suite.lives import ONE, controlled, gated
from tests.kubernetes.suite.pods import running


async def test_an_annotation_of_one_pod_ends_no_controller(lab: Lab) -> None:
    async with controlled(lab) as control:
        await lab.apply("serviceentries", service(namespace=lab.namespace))
        deep = gated("p", annotations={"lastack.io/workload-entry": "[" * 100_000})
        await lab.apply("pods", {**deep, "status": running(ONE)})
        await control.at_rest()
        assert not [task for task in control._tasks if task.done()], "PodController has ended, and so the process"


async def test_people_are_told_where_the_api_server_refuses_an_entry(lab: Lab) -> None:
    """An annotation that is JSON, and no entry by the definition: the Pod never becomes ready, and has no Event."""
    double = lab.double
    assert double is not None

    def refuses(request: web.Request) -> Refusal | None:
        if request.method == "POST" and request.path.endswith("/workloadentries"):
            return Refusal(422, "Invalid", "spec.ports: Invalid value: must be of type object")
        return None

    async with controlled(lab):
        double.faults.append(refuses)
        await lab.apply("serviceentries", service(namespace=lab.namespace))
        given = json.dumps({"ports": "http"})
        await lab.apply(
            "pods", {**gated("p", annotations={"lastack.io/workload-entry": given}), "status": running(ONE)}
        )

        async def told() -> bool:
            return any(event["involvedObject"]["name"] == "p" for event in await lab.list("events"))

        async with asyncio.timeout(5.0):
            await lab.until(told, "somebody is told")


async def test_a_template_with_our_mark_writes_no_end_of_patches(lab: Lab) -> None:
    """A Pod that is ready and enrolled, with a label of ours in its template: never published, and no word why."""
    async with controlled(lab) as control:
        await lab.apply("serviceentries", service(namespace=lab.namespace))
        given = json.dumps({"labels": {"lastack.io/draining": "true"}})
        await lab.apply(
            "pods", {**gated("p", annotations={"lastack.io/workload-entry": given}), "status": running(ONE)}
        )
        for _ in range(10):
            await control.source.refresh()
            await control.pass_time(10.0)
        writes = [
            request for request in control.writes if request.startswith("PATCH") and "/workloadentries" in request
        ]
        assert len(writes) <= 1, writes


async def test_a_namespace_that_is_selected_no_more_holds_no_pod_without_a_word(lab: Lab) -> None:
    from controllers.kubernetes.drain import FINALIZER
    from tests.kubernetes.suite.lab import path_of
    from tests.kubernetes.suite.lives import begun, entry

    async with controlled(lab):
        await begun(lab, finalizers=[FINALIZER])
        await entry(lab)
        label, _, _ = lab.selector.partition("=")
        await lab.api.patch(path_of("namespaces", "", lab.namespace), {"metadata": {"labels": {label: "no"}}})
        await lab.delete("pods", "p")

        async def told_or_gone() -> bool:
            pod = await lab.get("pods", "p")
            events = [e["reason"] for e in await lab.list("events")]
            return pod is None or any(r not in ("Published",) for r in events)

        async with asyncio.timeout(8.0):
            await lab.until(told_or_gone, "somebody is told")
