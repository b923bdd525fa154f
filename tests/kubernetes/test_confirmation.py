"""That everybody has an object counts for the form that was asked about, as of the moment at which it is used."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from controllers.kubernetes.confirmation import reached_everybody
from controllers.kubernetes.steps import Form
from ledger.receipts import Outcome, Receipt
from tests.kubernetes.documents import service, workload, workload_key
from tests.kubernetes.suite.conftest import lab
from tests.kubernetes.suite.control import Control
from tests.kubernetes.suite.lab import Lab
from xds.objects import Deleted

__all__ = ["lab"]


@asynccontextmanager
async def serving(lab: Lab, **options: bool) -> AsyncIterator[Control]:
    """A control plane that has an instance, and a proxy that asks for it. No controller does anything to that."""
    control = Control(lab)
    await lab.apply("serviceentries", service(namespace=lab.namespace))
    await lab.apply("workloadentries", workload(namespace=lab.namespace))
    await control.start(**options)
    try:
        yield control
    finally:
        await control.kill()


async def form_of(lab: Lab) -> Form:
    document = await lab.get("workloadentries", "w")
    assert document is not None
    return Form.of(document)


async def asked(control: Control, form: Form, meanwhile: Callable[[], None] = lambda: None) -> tuple[bool, Receipt]:
    """The answer. meanwhile: is done when the question is asked, and nothing has been answered yet."""
    key = workload_key(namespace=control.lab.namespace)
    asking = asyncio.ensure_future(reached_everybody(control.source, control.runtime, key, form, 0.5))
    await control.until(lambda: len(control.runtime.plane.room) or asking.done(), "it is waited for")
    meanwhile()
    return await asking


async def test_what_everybody_has_is_confirmed(lab: Lab) -> None:
    async with serving(lab) as control:
        done, receipt = await asked(control, await form_of(lab))
        assert (done, receipt.outcome) == (True, Outcome.CONFIRMED)


async def test_that_everybody_has_another_form_is_no_answer(lab: Lab) -> None:
    async with serving(lab) as control:
        earlier = await form_of(lab)
        await lab.apply("workloadentries", workload(address="10.0.0.2", namespace=lab.namespace))
        await control.until(lambda: control.addresses()["w"] == "10.0.0.2", "the change is taken in")
        done, receipt = await asked(control, earlier)
        assert (done, receipt.outcome) == (False, Outcome.CONFIRMED)
        assert (await asked(control, await form_of(lab)))[0]


@pytest.mark.parametrize("changes", [False, True], ids=["nothing comes after it", "a change comes right after it"])
async def test_what_comes_after_an_answer_and_before_its_use_counts(lab: Lab, changes: bool) -> None:
    async with serving(lab, answers=False) as control:

        def answered() -> None:
            control.take()  # all that it was told, so that there is an answer; nobody has read that yet
            if changes:
                plane, key = control.runtime.plane, workload_key(namespace=lab.namespace)
                plane.apply([Deleted(key)], control.runtime.clock())

        form = await form_of(lab)
        control.disconnect()
        control.connect()
        done, receipt = await asked(control, form, answered)
        assert done is not changes
        assert (receipt.outcome is Outcome.CONFIRMED) is not changes
