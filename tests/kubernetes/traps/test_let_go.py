"""A namespace that is selected no more is somebody else's from then on, or nobody's: nothing is done there."""

import asyncio

from controllers.kubernetes.objects import Name
from tests.kubernetes.suite.lab import Lab
from tests.kubernetes.suite.lives import begun, controlled, entry


async def test_nothing_is_deleted_there_while_that_is_on_its_way(lab: Lab) -> None:
    """What the watch has told is taken in after other changes: meanwhile a Pod there looks like one that opts in no
    more, since its namespace has no labels that count."""
    label, _, _ = lab.selector.partition("=")
    async with controlled(lab) as control:
        await begun(lab)
        await entry(lab)
        async with control.source._applying:
            await lab.apply("namespaces", {"metadata": {"name": lab.namespace, "labels": {label: None}}})
            await control.until(lambda: control.source.labels_of(lab.namespace) is None, "that is told")
            control.pods.worker.add(Name(lab.namespace, "p"))
            await asyncio.sleep(0.3)
            assert not [request for request in control.requests if request.startswith("DELETE")]
        await control.until(lambda: not control.addresses(), "it is taken in")
        assert "deletionTimestamp" not in (await entry(lab))["metadata"]
