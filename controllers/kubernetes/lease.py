"""Does what an election says: reads and writes a Lease, and tells the fence."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import structlog

from controllers.fence import Fence, LeaseLost
from controllers.kubernetes.api import Api, ApiError
from controllers.kubernetes.election import ATTEMPT, RETRY, Election, Look, Pause, Record, Write
from controllers.kubernetes.objects import Object

log = structlog.get_logger("lease")

_VERSION = "coordination.k8s.io/v1"
_NOT_FOUND, _CONFLICT = 404, 409


class Lease:
    """One Lease, as a candidate sees it.

    Args:
        api: of its cluster, without a fence, and for nothing that may take long: renewals must not wait for it.
        place: its namespace and its name.
        identity: this process's own; see `Election`.
        duration: in seconds.
        wall: the time that people read in it; nobody goes by it.
    """

    def __init__(
        self,
        api: Api,
        place: tuple[str, str],
        identity: str,
        duration: int,
        fence: Fence,
        wall: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._api = api
        self._namespace, self._name = place
        self._fence = fence
        self._wall = wall
        self._election = Election(identity, duration)
        self._held = asyncio.Event()
        self._wake = asyncio.Event()
        self._releasing = False
        self._trouble: str | None = None
        self._told: str | None = None
        """Who holds it, as it was told last; None: nothing was told yet."""
        fence.on_loss.append(self._wake.set)

    @property
    def transitions(self) -> int:
        """How often the holder has changed, as the Lease says."""
        return self._election.transitions

    async def held(self) -> None:
        """Returns when this process holds it."""
        await self._held.wait()

    def release(self) -> None:
        """Has `run` give it up and return. To be called when nothing is served or written any more."""
        self._fence.lose("the lease is being given up")
        self._releasing = True
        self._wake.set()

    async def run(self) -> None:
        """Tries to hold it, and renews it, until `release`.

        Raises:
            LeaseLost: it was held, and is no more.
        """
        election, clock = self._election, self._fence.clock
        while not self._releasing:
            self._wake.clear()
            election.expire(clock())
            self._tell()
            if election.lost is None and self._fence.lost is None:
                await self._step(election.next(clock()))
            elif not self._releasing:
                self._fence.lose(election.lost or "")
                raise LeaseLost(self._fence.lost)
        await self._give_up()

    async def _step(self, step: Look | Pause | Write) -> None:
        if not isinstance(step, Pause):
            await self._attempt(step)
            return
        until = step.until if self._election.until is None else min(step.until, self._election.until)
        try:
            async with asyncio.timeout(max(0.0, until - self._fence.clock())):
                await self._wake.wait()
        except TimeoutError:
            pass  # it is time

    async def _attempt(self, step: Look | Write) -> None:
        election, clock = self._election, self._fence.clock
        sent_at = clock()
        patience = ATTEMPT * election.duration
        if election.until is not None and not self._releasing:
            patience = min(patience, max(0.0, election.until - sent_at))
        try:
            async with asyncio.timeout(patience):
                record = await self._do(step)
        except TimeoutError:
            self._failed(f"no answer within {patience:.1f} s")
        except ApiError as error:
            if isinstance(step, Look) and error.status == _NOT_FOUND:
                election.saw(None, clock())
            elif isinstance(step, Write) and _is_outrun(step, error):
                election.refused()
            else:
                self._failed(str(error))
        else:
            if self._trouble is not None:
                log.info("the lease can be read and written again", lease=self._shown)
            self._trouble = None
            if isinstance(step, Look):
                election.saw(record, clock())
                return
            election.wrote(record, sent_at, clock())
            if election.until is not None and not self._releasing:
                self._fence.extend(election.until)

    async def _do(self, step: Look | Write) -> Record:
        path = f"/apis/{_VERSION}/namespaces/{self._namespace}/leases"
        if isinstance(step, Look):
            return record_of(await self._api.get(f"{path}/{self._name}"))
        body = lease_body(step, (self._namespace, self._name), self._wall())
        if step.version is None:
            return record_of(await self._api.create(path, body))
        return record_of(await self._api.patch(f"{path}/{self._name}", body))

    def _failed(self, reason: str) -> None:
        self._election.failed(self._fence.clock())
        if reason != self._trouble:
            log.warning("the lease can't be read or written", lease=self._shown, reason=reason)
        self._trouble = reason

    async def _give_up(self) -> None:
        """Others need not wait for it to run out then. If it fails, they do."""
        try:
            async with asyncio.timeout(2 * ATTEMPT * self._election.duration):
                while (step := self._election.release()) is not None:
                    await self._attempt(step)
                    await asyncio.sleep(0 if self._trouble is None else RETRY * self._election.duration)
        except TimeoutError:
            log.warning("the lease could not be given up: others wait until it runs out", lease=self._shown)
            return
        if self._fence.was_held:
            log.info("the lease is given up", lease=self._shown)

    def _tell(self) -> None:
        election = self._election
        if election.holds(self._fence.clock()):
            if not self._held.is_set():
                log.info("the lease is held", lease=self._shown, identity=election.identity)
            self._held.set()
            return
        if election.until is not None:
            return
        holds = f"{election.holder} holds the lease" if election.holder else "nobody is known to hold the lease"
        self._fence.standing = f"standby: {holds}"
        if election.is_known and election.holder != self._told:
            log.info("standby", lease=self._shown, holder=election.holder or "nobody")
            self._told = election.holder

    @property
    def _shown(self) -> str:
        return f"{self._namespace}/{self._name}"


def record_of(document: Object) -> Record:
    """What a Lease says."""
    spec: dict[str, Any] = document.get("spec") or {}
    return Record(
        document["metadata"]["resourceVersion"],
        spec.get("holderIdentity") or "",
        float(spec.get("leaseDurationSeconds") or 0),
        int(spec.get("leaseTransitions") or 0),
    )


def lease_body(write: Write, place: tuple[str, str], now: datetime) -> dict[str, Any]:
    """A Lease to be made, or the patch of one."""
    time = now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")  # a MicroTime has six digits, also where they are 0
    metadata = {"namespace": place[0], "name": place[1]}
    if write.version is not None:
        metadata["resourceVersion"] = write.version
    spec: dict[str, Any] = {
        "holderIdentity": write.holder,
        "leaseDurationSeconds": write.duration,
        "leaseTransitions": write.transitions,
        "renewTime": time,
    }
    if write.acquires:
        spec["acquireTime"] = time
    return {"apiVersion": _VERSION, "kind": "Lease", "metadata": metadata, "spec": spec}


def _is_outrun(step: Write, error: ApiError) -> bool:
    """Whether the Lease is another than the one that was to be written, or is gone."""
    return error.status == _CONFLICT or (error.status == _NOT_FOUND and step.version is not None)
