"""ServiceEntries and WorkloadEntries say whether they are served, and whether everybody has them."""

from controllers.kubernetes.objects import Name, Object
from controllers.kubernetes.steps import Form
from ledger.ids import ObjectKey
from tests.kubernetes.documents import service, workload
from tests.kubernetes.store import Document
from tests.kubernetes.suite.lab import Lab, path_of
from tests.kubernetes.suite.lives import controlled


async def told(lab: Lab, plural: str, name: str, kind: str = "Published", status: str = "True") -> Document:
    """A condition, of the newest generation."""

    async def found() -> Document | None:
        document = await lab.get(plural, name) or {}
        for condition in (document.get("status") or {}).get("conditions") or ():
            is_newest = condition.get("observedGeneration") == document["metadata"]["generation"]
            if condition["type"] == kind and condition["status"] == status and is_newest:
                return dict(condition)
        return None

    condition: Document = await lab.until(found, f"{plural} {name} has {kind} {status}")
    return condition


async def test_what_everybody_has_is_accepted_and_published(lab: Lab) -> None:
    async with controlled(lab, status=True):
        await lab.apply("serviceentries", service(namespace=lab.namespace))
        await lab.apply("workloadentries", workload(namespace=lab.namespace))
        for plural, name in (("serviceentries", "web"), ("workloadentries", "w")):
            assert (await told(lab, plural, name))["reason"] == "Confirmed"
            assert (await told(lab, plural, name, "Accepted"))["reason"] == "Accepted"


async def test_a_change_is_another_generation(lab: Lab) -> None:
    async with controlled(lab, status=True):
        await lab.apply("serviceentries", service(namespace=lab.namespace))
        await lab.apply("workloadentries", workload(namespace=lab.namespace))
        await told(lab, "workloadentries", "w")
        await lab.apply("workloadentries", workload(address="10.0.0.7", namespace=lab.namespace))
        assert (await told(lab, "workloadentries", "w"))["observedGeneration"] == 2


async def test_what_somebody_does_not_have_is_not_published_until_he_has_it(lab: Lab) -> None:
    async with controlled(lab, answers=False, status=True) as control:
        await lab.apply("serviceentries", service(namespace=lab.namespace))
        await control.until(lambda: control.runtime.plane.index.services, "it is taken in")
        control.take()
        await lab.apply("workloadentries", workload(namespace=lab.namespace))
        pending = await told(lab, "workloadentries", "w", status="False")
        assert "1 proxies" in pending["message"]
        control.runtime.discovery.after_pump.append(control._take_soon)
        control.take()
        control.status.worker.add(next(control.status._every()))
        await told(lab, "workloadentries", "w")


async def test_another_annotation_that_proxies_have_to_hear_of_is_not_published_either(lab: Lab) -> None:
    """It raises no generation, and changes the cluster that proxies have."""
    async with controlled(lab, answers=False, status=True) as control:
        control.runtime.discovery.after_pump.append(control._take_soon)
        control.take()
        await lab.apply("serviceentries", service(namespace=lab.namespace))
        await told(lab, "serviceentries", "web")
        control.runtime.discovery.after_pump.remove(control._take_soon)
        annotated = {"metadata": {"annotations": {"lastack.io/all-draining": "refuse"}}}
        await lab.api.patch(path_of("serviceentries", lab.namespace, "web"), annotated)
        assert "1 proxies" in (await told(lab, "serviceentries", "web", status="False"))["message"]
        control.runtime.discovery.after_pump.append(control._take_soon)
        control.take()
        control.status.worker.add(next(control.status._every()))
        await told(lab, "serviceentries", "web")


async def test_what_can_t_be_served_says_why(lab: Lab) -> None:
    async with controlled(lab, status=True):
        await lab.apply("workloadentries", workload(address="not an address", namespace=lab.namespace))
        condition = await told(lab, "workloadentries", "w", "Accepted", "False")
        assert "not an address" in condition["message"]


async def test_nothing_is_written_for_what_is_so_already(lab: Lab) -> None:
    async with controlled(lab, status=True):
        await lab.apply("serviceentries", service(namespace=lab.namespace))
        await told(lab, "serviceentries", "web")
    async with controlled(lab, status=True) as control:
        await lab.apply("workloadentries", workload(namespace=lab.namespace))
        await told(lab, "workloadentries", "w")
        writes = [request for request in control.requests if request.startswith("PATCH")]
        assert len(writes) == 1


async def test_conditions_of_others_stay(lab: Lab) -> None:
    async with controlled(lab, status=True):
        await lab.apply("serviceentries", service(namespace=lab.namespace))
        await told(lab, "serviceentries", "web")
        path = f"{path_of('serviceentries', lab.namespace, 'web')}/status"
        document = await lab.get("serviceentries", "web")
        assert document is not None
        theirs = {"type": "Theirs", "status": "True"}
        await lab.api.patch(path, {"status": {"conditions": [*document["status"]["conditions"], theirs]}})
        await lab.apply("serviceentries", service(hosts=["other.example"], namespace=lab.namespace))
        await told(lab, "serviceentries", "web")
        document = await lab.get("serviceentries", "web")
        assert document is not None
        assert theirs in document["status"]["conditions"]


async def test_what_a_watch_told_just_now_is_not_published_by_an_answer_about_what_was_before(lab: Lab) -> None:
    async with controlled(lab, status=True) as control:
        await lab.apply("serviceentries", service(namespace=lab.namespace))
        await told(lab, "serviceentries", "web")
        asked = control.status._published

        async def answered_late(key: ObjectKey, form: Form) -> dict[str, str] | None:
            answer = await asked(key, form)
            if answer is None:
                return None
            objects = control.source._informers[key.kind].reflector.objects
            name = Name(key.namespace, key.name)
            metadata = {**objects[name]["metadata"], "generation": form.generation + 1, "resourceVersion": "told"}
            objects[name] = {**objects[name], "metadata": metadata}
            control.status._published = asked  # type: ignore[method-assign]
            return answer

        written: list[int] = []
        write = control.source.writer.patch_status

        async def noted(key: ObjectKey, body: Object) -> None:
            written.extend(one["observedGeneration"] for one in body["status"]["conditions"])
            await write(key, body)

        control.source.writer.patch_status = noted  # type: ignore[method-assign]
        control.status._published = answered_late  # type: ignore[method-assign]
        before = control.status.worker.queue.retries
        await lab.apply("serviceentries", service(hosts=["other.example"], namespace=lab.namespace))
        await control.until(lambda: control.status.worker.queue.retries > before or written, "it was looked at again")
        assert not written
