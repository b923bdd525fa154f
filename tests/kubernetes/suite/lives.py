"""Pods from their beginning to their end."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from controllers.kubernetes.pods.names import PUBLISHED
from controllers.kubernetes.pods.pod import Pod
from controllers.runtime import Runtime
from tests.kubernetes.documents import service, workload
from tests.kubernetes.store import Document
from tests.kubernetes.suite.control import Control, Killed
from tests.kubernetes.suite.lab import Lab
from tests.kubernetes.suite.pods import pod, running

ONE, TWO = "10.0.0.1", "10.0.0.2"


@asynccontextmanager
async def controlled(
    lab: Lab, killed: Killed | None = None, runtime: Runtime | None = None, **options: Any
) -> AsyncIterator[Control]:
    control = Control(lab, killed, runtime)
    try:
        yield await control.start(**options)
    finally:
        await control.kill()


async def begun(lab: Lab, name: str = "p", address: str = ONE, **options: Any) -> None:
    """A Pod whose containers are ready, of a service that another instance is of as well."""
    await lab.apply("serviceentries", service(namespace=lab.namespace))
    await lab.apply("workloadentries", workload("stays", "10.0.0.200", namespace=lab.namespace))
    await lab.apply("pods", {**gated(name, **options), "status": running(address)})


def gated(name: str, **options: Any) -> Document:
    made = pod(name, **options)
    made["spec"]["readinessGates"] = [{"conditionType": PUBLISHED}]
    return made


async def condition(lab: Lab, kind: str, status: str = "True", name: str = "p") -> Document:
    async def found() -> Document | None:
        document = await lab.get("pods", name)
        told = Pod(document).condition(kind) if document is not None else {}
        return dict(told) if told.get("status") == status else None

    told: Document = await lab.until(found, f"{kind} is {status}")
    return told


async def let_go(lab: Lab, name: str = "p") -> None:
    async def has_no_finalizer() -> bool:
        document = await lab.get("pods", name)
        return document is not None and not document["metadata"].get("finalizers")

    await lab.until(has_no_finalizer, "its finalizer is gone")


async def entry(lab: Lab, name: str = "p") -> Document:
    async def found() -> Document | None:
        return await lab.get("workloadentries", name)

    made: Document = await lab.until(found, "it has an entry")
    return made
