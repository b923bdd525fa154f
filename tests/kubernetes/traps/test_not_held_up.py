"""A Pod's removal begins when it is deleted, also while it is waited for that everybody has its endpoint."""

import asyncio
from collections.abc import Awaitable, Callable

from tests.kubernetes.suite.lab import Lab, path_of
from tests.kubernetes.suite.lives import ONE, begun, controlled, entry
from tests.kubernetes.suite.pods import running
from xds.objects import DRAINING_LABEL


async def soon(condition: Callable[[], Awaitable[bool]], seconds: float, what: str) -> None:
    try:
        async with asyncio.timeout(seconds):
            while not await condition():  # noqa: ASYNC110
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise AssertionError(f"after {seconds:g} s it is still not so that {what}") from None


async def test_a_pod_that_is_deleted_before_it_is_published_drains_at_once(lab: Lab) -> None:
    """One proxy is slow; the others have the endpoint, and send requests there. Its grace period is 30 s."""
    async with controlled(lab, answers=False) as control:
        await begun(lab)
        await entry(lab)
        await control.until(lambda: "p" in control.addresses(), "its entry is taken in")
        await control.at_rest()
        await lab.delete("pods", "p")

        async def is_deleted() -> bool:
            return "deletionTimestamp" in (await entry(lab))["metadata"]

        await soon(is_deleted, 6.0, "its entry drains")


async def test_a_pod_that_is_not_ready_any_more_is_marked_at_once(lab: Lab) -> None:
    async with controlled(lab, answers=False) as control:
        await begun(lab)
        await entry(lab)
        await control.until(lambda: "p" in control.addresses(), "its entry is taken in")
        await control.at_rest()
        await lab.api.patch(f"{path_of('pods', lab.namespace, 'p')}/status", {"status": running(ONE, ready=False)})

        async def is_marked() -> bool:
            return DRAINING_LABEL in (await entry(lab))["spec"]["labels"]

        await soon(is_marked, 6.0, "proxies are told")
