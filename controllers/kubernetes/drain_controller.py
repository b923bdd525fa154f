"""Drains WorkloadEntries that are deleted while they carry our finalizer: does what `Drain` says."""

from collections.abc import Callable, Iterator, Sequence

import structlog

from controllers.kubernetes.backoff import Backoff
from controllers.kubernetes.confirmation import reached_everybody
from controllers.kubernetes.drain import Drain
from controllers.kubernetes.events import event_about, tell
from controllers.kubernetes.objects import Change, Object
from controllers.kubernetes.source import KubernetesSource
from controllers.kubernetes.steps import Confirm, Form, Patch, Wait
from controllers.kubernetes.worker import Worker
from controllers.runtime import Runtime
from ledger.ids import ObjectKey, Revision
from ledger.receipts import FINAL, Outcome, Receipt
from xds.objects import WORKLOAD_ENTRY
from xds.wording import few

log = structlog.get_logger("drain")

_SOON_SECONDS = 5.0
"""After which people are told why an entry is held."""

_RECEIPT_SECONDS = 60.0

_OUTCOMES = {"release": Outcome.CONFIRMED, "release unconfirmed": Outcome.RELEASED_UNCONFIRMED}

_TOLD = {
    "mark": ("Draining", "proxies are told to send it no new requests"),
    "release": ("Released", "no proxy sends it new requests, and those it had have had their time"),
    "release unconfirmed": ("ReleasedUnconfirmed", "proxies may still route to it, or its requests had no time to end"),
}
"""What people are told of a step: reason and message of an Event."""


class DrainController:
    """Works on the WorkloadEntries of one cluster, each by itself.

    Args:
        source: the cluster. runtime: gives the receipts.
        longest_request: see `Drain`.
    """

    def __init__(
        self,
        source: KubernetesSource,
        runtime: Runtime,
        longest_request: float,
        backoff: Callable[[], Backoff] = Backoff,
    ) -> None:
        self.worker = Worker(f"drain {source.name}", runtime.clock, self._step, self._being_deleted, backoff)
        self._source = source
        self._runtime = runtime
        self._drain = Drain(longest_request)
        self._held: dict[ObjectKey, str] = {}
        """Why an entry is held, as people were told."""
        self.after_release: list[Callable[[Object, Revision], None]] = []
        """Told of every entry that was released after its requests had their time, in its last form."""
        source.after_change.append(self._changed)

    async def run(self) -> None:
        """Until it is cancelled."""
        await self.worker.run()

    def _changed(self, kind: str, changes: Sequence[Change]) -> None:
        if kind == WORKLOAD_ENTRY:
            for name, _ in changes:
                self.worker.add(ObjectKey(kind, *name))

    def _being_deleted(self) -> Iterator[ObjectKey]:
        for key, document in self._source.documents(WORKLOAD_ENTRY):
            if "deletionTimestamp" in document["metadata"]:
                yield key

    async def _step(self, key: ObjectKey) -> None:
        now, document = self._runtime.clock(), self._source.document(key)
        let_alone, ahead = self._runtime.let_alone_since(key), self._source.ahead(now)
        match self._drain.next(key, document, now, let_alone, ahead):
            case Patch(step, body):
                assert document is not None

                def outdated() -> str | None:
                    is_used = step == "release" and self._runtime.let_alone_since(key) != let_alone
                    return "proxies have used it since" if is_used else None

                await self._source.writer.patch(key, body, outdated)
                log.info("drain", object=str(key), step=step)
                self.worker.advanced(key)
                if step in _OUTCOMES:
                    self._runtime.released[_OUTCOMES[step]] += 1
                if step == "release" and let_alone is not None:
                    for call in self.after_release:
                        call(document, let_alone)
                reason, message = _TOLD[step]
                await self._tell(key, document, reason, message, warning=step == "release unconfirmed")
                # The watch will tell; should it not, it is looked at again.
            case Wait(until):
                self.worker.add_at(key, until)
            case Confirm(form, until):
                await self._confirm(key, form, until)
            case None:
                self.worker.advanced(key)
                self._held.pop(key, None)

    async def _confirm(self, key: ObjectKey, form: Form, until: float | None) -> None:
        seconds = _RECEIPT_SECONDS if key in self._held else _SOON_SECONDS
        if until is not None:
            seconds = min(seconds, until - self._runtime.clock())
        asking = reached_everybody(self._source, self._runtime, key, form, seconds, leaving=True)
        answer = await self.worker.while_unchanged(key, asking)
        if answer is None:
            return
        done, receipt = answer
        if done:
            log.info("drain", object=str(key), step="confirmed", outcome=receipt.outcome.value)
            self.worker.advanced(key)
            by_all = receipt.outcome is Outcome.CONFIRMED
            self._drain.confirmed(key, form, self._runtime.clock(), by_all, receipt.touched_at)
            self.worker.add(key)
            return
        if receipt.outcome in FINAL:
            self.worker.later(key)  # of another form, it seems
        else:
            self.worker.again(key)
        await self._tell_held(key, receipt)

    async def _tell_held(self, key: ObjectKey, receipt: Receipt) -> None:
        """Once for each who and why, however often it is asked."""
        names = sorted({straggler.proxy for straggler in receipt.stragglers})
        waits = [f"proxies that may route to it: {few(names)}"] if names else []
        why = "; ".join([*receipt.reasons, *waits])
        document = self._source.document(key)
        if why and document is not None and self._held.get(key) != why:
            self._held[key] = why
            log.info("drain", object=str(key), step="held", reasons=receipt.reasons, stragglers=len(names))
            await self._tell(key, document, "Held", why, warning=True)

    async def _tell(self, key: ObjectKey, document: Object, reason: str, message: str, warning: bool) -> None:
        event = event_about(key, document, reason, message, warning, self._runtime.clock())
        await tell(self._source.writer, event)
