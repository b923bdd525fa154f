"""Processes and their Lease, in a cluster."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from structlog.testing import capture_logs

from controllers.fence import Fence, LeaseLost
from controllers.kubernetes.api import ApiError
from controllers.kubernetes.election import Write
from controllers.kubernetes.failure import Failure
from controllers.kubernetes.lease import Lease, lease_body
from controllers.kubernetes.objects import Object
from tests.kubernetes.store import Document
from tests.kubernetes.suite.lab import Lab

DURATION = 2
NAME = "serving"


class Candidate:
    """A process, as far as the Lease goes."""

    def __init__(self, lab: Lab, name: str) -> None:
        self.fence = Fence()
        self.api = lab.connection(name)
        self.lease = Lease(self.api, (lab.namespace, NAME), name, DURATION, self.fence)
        self.running = asyncio.create_task(self.lease.run())

    async def held(self) -> None:
        async with asyncio.timeout(20):
            await self.lease.held()

    async def end(self) -> None:
        """As a crash."""
        self.running.cancel()
        with suppress(asyncio.CancelledError, LeaseLost):
            await self.running
        await self.api.close()


@asynccontextmanager
async def candidate(lab: Lab, name: str) -> AsyncIterator[Candidate]:
    made = Candidate(lab, name)
    try:
        yield made
    finally:
        await made.end()


async def found(lab: Lab) -> Document:
    lease = await lab.get("leases", NAME)
    assert lease is not None
    return lease


async def test_a_lease_is_made_taken_and_renewed(lab: Lab) -> None:
    async with candidate(lab, "one") as one:
        await one.held()
        assert one.fence.barred() is None
        lease = await found(lab)
        assert lease["spec"]["holderIdentity"] == "one"
        assert lease["spec"]["leaseDurationSeconds"] == DURATION
        for field in ("acquireTime", "renewTime"):
            assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", lease["spec"][field])

        async def is_renewed() -> bool:
            return bool((await found(lab))["spec"]["renewTime"] > lease["spec"]["renewTime"])

        await lab.until(is_renewed, "it is renewed")
        await asyncio.sleep(DURATION)
        assert one.fence.barred() is None


async def test_who_waits_for_a_lease_says_so_though_nobody_has_it(lab: Lab) -> None:
    """It is for a duration: without a word the process would seem to hang."""
    with capture_logs() as logs:
        async with candidate(lab, "one") as one:
            await one.held()
    told = [(entry["event"], entry.get("holder")) for entry in logs if entry["log_level"] == "info"]
    assert told == [("standby", "nobody"), ("the lease is held", None)]


async def test_a_time_without_a_fraction_is_taken_too(lab: Lab) -> None:
    """Six digits are asked for, and Python leaves them out where they are 0."""
    body = lease_body(Write(None, "x", DURATION, 0, True), (lab.namespace, NAME), datetime(2026, 1, 2, tzinfo=UTC))
    assert body["spec"]["renewTime"] == "2026-01-02T00:00:00.000000Z"
    await lab.apply("leases", body)
    assert (await found(lab))["spec"]["renewTime"] == "2026-01-02T00:00:00.000000Z"


async def test_when_its_holder_crashes_another_takes_it_within_two_durations(lab: Lab) -> None:
    async with candidate(lab, "one") as one:
        await one.held()
        async with candidate(lab, "two") as two:

            async def stands_by() -> bool:
                return two.fence.barred() == "standby: one holds the lease"

            await lab.until(stands_by, "it stands by")
            await one.end()
            async with asyncio.timeout(2 * DURATION):
                await two.lease.held()
            assert one.fence.barred() is not None, "its right has ended, whether or not anybody told it so"
            assert two.lease.transitions == one.lease.transitions + 1


async def test_who_gives_it_up_does_not_make_others_wait(lab: Lab) -> None:
    async with candidate(lab, "one") as one:
        await one.held()
        one.lease.release()
        assert one.fence.barred() is not None
        await one.running
        lease = await found(lab)
        assert not lease["spec"].get("holderIdentity")
        async with candidate(lab, "two") as two, asyncio.timeout(DURATION / 2):
            await two.held()


async def test_who_stands_by_gives_up_nothing(lab: Lab) -> None:
    async with candidate(lab, "one") as one:
        await one.held()
        async with candidate(lab, "two") as two:
            await asyncio.sleep(0.5)
            two.lease.release()
            await two.running
        assert (await found(lab))["spec"]["holderIdentity"] == "one"


async def test_a_holder_that_finds_it_deleted_stops_and_nobody_else_begins_before(lab: Lab) -> None:
    async with candidate(lab, "one") as one:
        await one.held()
        async with candidate(lab, "two") as two:
            await lab.delete("leases", NAME)
            while not two.fence.was_held:
                assert not (two.fence.was_held and one.fence.barred() is None)
                await asyncio.sleep(0.01)
            with pytest.raises(LeaseLost):
                await one.running


async def test_a_holder_that_finds_another_one_stops(lab: Lab) -> None:
    async with candidate(lab, "one") as one:
        await one.held()
        await lab.apply("leases", {"metadata": {"name": NAME}, "spec": {"holderIdentity": "somebody"}})
        with pytest.raises(LeaseLost, match="somebody holds the lease now"):
            await one.running
        assert one.fence.barred() == "somebody holds the lease now"


async def test_annotations_of_others_do_no_harm(lab: Lab) -> None:
    async with candidate(lab, "one") as one:
        await one.held()
        for number in range(5):
            await lab.apply("leases", {"metadata": {"name": NAME, "annotations": {"n": str(number)}}})
            await asyncio.sleep(DURATION / 5)
        assert one.fence.barred() is None


async def test_it_is_given_up_after_a_renewal_that_is_under_way(lab: Lab) -> None:
    async with candidate(lab, "one") as one:
        await one.held()
        patch, reached = one.api.patch, asyncio.Event()

        async def slow(path: str, body: Object, *more: Any, **named: Any) -> Object:
            reached.set()
            await asyncio.sleep(0.1)
            return await patch(path, body, *more, **named)

        one.api.patch = slow  # type: ignore[method-assign]
        await reached.wait()
        one.lease.release()
        await one.running
        assert not (await found(lab))["spec"].get("holderIdentity")


async def test_renewals_whose_answers_are_lost_now_and_then_are_found_to_be_done(lab: Lab) -> None:
    async with candidate(lab, "one") as one:
        await one.held()
        patch, calls = one.api.patch, [0]

        async def losing(path: str, body: Object, *more: Any, **named: Any) -> Object:
            done = await patch(path, body, *more, **named)
            calls[0] += 1
            if calls[0] % 3 == 1:
                raise ApiError(Failure(0, "no answer in time"))
            return done

        one.api.patch = losing  # type: ignore[method-assign]

        async def is_renewed_often() -> bool:
            return calls[0] > 6

        await lab.until(is_renewed_often, "a third of more than six renewals was lost")
        assert one.fence.barred() is None


async def test_that_there_are_no_answers_is_told_once_and_so_is_that_there_are_again(lab: Lab) -> None:
    with capture_logs() as logs:
        async with candidate(lab, "one") as one:
            get, calls = one.api.get, [0]

            async def broken(path: str, **query: str) -> Object:
                calls[0] += 1
                if calls[0] <= 2:
                    raise ApiError(Failure(0, "no answer in time"))
                return await get(path, **query)

            one.api.get = broken  # type: ignore[method-assign]
            await one.held()
            assert calls[0] > 2
    told = [(entry["log_level"], entry["event"]) for entry in logs if "can" in entry["event"]]
    assert told == [
        ("warning", "the lease can't be read or written"),
        ("info", "the lease can be read and written again"),
    ]


async def test_without_answers_it_is_lost_before_another_takes_it(lab: Lab) -> None:
    async with candidate(lab, "one") as one:
        await one.held()

        async def silent(path: str, body: Object | None = None) -> Object:
            await asyncio.sleep(3600)
            raise AssertionError

        one.api.patch = one.api.get = silent  # type: ignore[method-assign, assignment]
        async with candidate(lab, "two") as two:
            with pytest.raises(LeaseLost, match="could not be renewed in time"):
                await one.running
            assert not two.fence.was_held
            await two.held()
