"""All instances of a service leave within one longest request: Envoy panics, and uses confirmed ones again."""

from collections.abc import AsyncIterator

import pytest

from controllers.kubernetes.drain import FINALIZER, MARGIN_SECONDS
from tests.kubernetes.documents import Document, service, workload, workload_key
from tests.kubernetes.suite.control import Control
from tests.kubernetes.suite.lab import Lab
from xds.objects import DRAINING_LABEL

LONGEST = 100.0
KEPT = LONGEST + MARGIN_SECONDS
"""How long an instance is kept after it was confirmed."""


@pytest.fixture
async def control(lab: Lab) -> AsyncIterator[Control]:
    made = Control(lab, longest_request=LONGEST)
    await lab.apply("serviceentries", service(namespace=lab.namespace))
    for number, name in enumerate(("one", "two")):
        entry = workload(name, f"10.0.0.{number + 1}", namespace=lab.namespace)
        entry["metadata"]["finalizers"] = [FINALIZER]
        await lab.apply("workloadentries", entry)
    await made.start()
    yield made
    await made.kill()


async def until_confirmed(control: Control, name: str) -> None:
    key = workload_key(name, control.lab.namespace)
    await control.until(lambda: key in control.drain._drain._confirmed, "nobody sends it new requests")


async def marked(control: Control, name: str) -> None:
    async def is_marked() -> bool:
        found = await control.lab.get("workloadentries", name)
        return found is not None and DRAINING_LABEL in found["spec"]["labels"]

    await control.lab.until(is_marked, "it is draining")


async def told(lab: Lab, name: str, reason: str) -> None:
    """Returns when an Event of an entry is there."""

    async def is_told() -> bool:
        events: list[Document] = await lab.list("events")
        return any(event["involvedObject"]["name"] == name and event["reason"] == reason for event in events)

    await lab.until(is_told, f"{name} is {reason}")


async def test_what_was_confirmed_is_held_when_the_last_one_leaves_too(control: Control, lab: Lab) -> None:
    """A namespace that is deleted, or a Deployment that is scaled to 0: not all entries are marked at one time."""
    await lab.delete("workloadentries", "one")
    await until_confirmed(control, "one")
    await lab.delete("workloadentries", "two")
    await marked(control, "two")
    await control.at_rest()
    await control.pass_time(2 * KEPT)
    assert await lab.get("workloadentries", "one") is not None, "released while Envoy sends it new requests"
    await told(lab, "one", "Held")
    assert await lab.get("workloadentries", "one") is not None


async def test_its_requests_are_given_their_time_from_when_envoy_panics_no_more(control: Control, lab: Lab) -> None:
    """The panic is short, and over when the time that was given at first is."""
    await lab.delete("workloadentries", "one")
    await until_confirmed(control, "one")
    await lab.delete("workloadentries", "two")
    await marked(control, "two")
    await control.at_rest()
    await control.pass_time(KEPT - 1.0)
    await lab.apply("workloadentries", workload("three", "10.0.0.3", namespace=lab.namespace))
    await control.at_rest()
    await control.pass_time(KEPT - 1.0)
    assert await lab.get("workloadentries", "one") is not None, "a request of the panic was cut"
    await control.pass_time(KEPT)  # it is confirmed anew only when it is looked at
    await lab.until_gone("workloadentries", "one")
    await told(lab, "one", "Released")
