"""Nothing is held for ever without a word, and nobody is told the same thing without end."""

import asyncio

import pytest

from controllers.kubernetes import drain_controller
from controllers.kubernetes.drain import FINALIZER
from tests.kubernetes.documents import service, workload
from tests.kubernetes.suite.lab import Lab
from tests.kubernetes.suite.lives import controlled


async def test_an_entry_that_was_never_readable_is_released_or_people_are_told_why_not(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drain_controller, "_RECEIPT_SECONDS", 0.2)
    async with controlled(lab) as control:
        await lab.apply("serviceentries", service(namespace=lab.namespace))
        bad = workload(address="not an address", namespace=lab.namespace)
        bad["metadata"]["finalizers"] = [FINALIZER]
        await lab.apply("workloadentries", bad)
        await control.at_rest()
        await lab.delete("workloadentries", "w")

        async def told_or_gone() -> bool:
            reasons = {event["reason"] for event in await lab.list("events")}
            return await lab.get("workloadentries", "w") is None or "Held" in reasons

        async with asyncio.timeout(6.0):
            await lab.until(told_or_gone, "it is gone, or people know why not")


async def test_people_are_told_once_that_an_entry_is_held_by_a_cluster_that_is_away(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`Reflector.trouble` counts the seconds, so that it is another reason each time."""
    monkeypatch.setattr(drain_controller, "_RECEIPT_SECONDS", 0.2)
    async with controlled(lab) as control:
        held = workload(namespace=lab.namespace)
        held["metadata"]["finalizers"] = [FINALIZER]
        await lab.apply("serviceentries", service(namespace=lab.namespace))
        await lab.apply("workloadentries", held)
        await control.until(lambda: "w" in control.addresses(), "it is taken in")
        control.runtime.trouble("another cluster", "workloadentries: no answer, for 6 s")
        await lab.delete("workloadentries", "w")
        for seconds in range(7, 17):
            await asyncio.sleep(0.3)
            control.runtime.trouble("another cluster", f"workloadentries: no answer, for {seconds} s")
        said = [event for event in await lab.list("events") if event["reason"] == "Held"]
        assert len(said) <= 2, f"{len(said)} Events within 3 s"


async def test_a_status_controller_forgets_what_is_gone(lab: Lab) -> None:
    """Of every name for which it has tried again once, something is kept: Pods come and go under new names."""
    async with controlled(lab, status=True) as control:
        control.runtime.trouble("another cluster", "it is away")
        await lab.apply("serviceentries", service(namespace=lab.namespace))
        for number in range(20):
            await lab.apply("workloadentries", workload(f"w{number}", f"10.0.1.{number}", namespace=lab.namespace))
        await control.at_rest()
        await control.pass_time(2.0)
        for number in range(20):
            await lab.delete("workloadentries", f"w{number}")
        await control.at_rest()
        left = [key for key in control.status.worker._backoffs if key.kind == "WorkloadEntry"]
        assert not left, len(left)
