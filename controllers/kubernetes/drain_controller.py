"""Drains WorkloadEntries that are deleted while they carry our finalizer: does what `Drain` says."""

import asyncio
from collections.abc import Callable, Sequence

import structlog

from controllers.kubernetes.api import ApiError
from controllers.kubernetes.backoff import Backoff
from controllers.kubernetes.drain import Confirm, Drain, Form, Patch, Wait
from controllers.kubernetes.reflector import Change
from controllers.kubernetes.source import KubernetesSource
from controllers.reports import Severity
from controllers.runtime import Runtime
from controllers.work_queue import WorkQueue
from ledger.ids import ObjectKey
from ledger.receipts import Outcome, Query
from xds.objects import WORKLOAD_ENTRY

log = structlog.get_logger("drain")

RECONCILE_SECONDS = 60.0
"""Between two looks at every object that is being deleted, whatever was heard of it."""

_RECEIPT_SECONDS = 60.0
_DONE = (Outcome.CONFIRMED, Outcome.RELEASED_UNCONFIRMED)


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
        self.name = f"drain {source.name}"
        self.queue: WorkQueue[ObjectKey] = WorkQueue()
        self._source = source
        self._runtime = runtime
        self._drain = Drain(longest_request)
        self._new_backoff = backoff
        self._backoffs: dict[ObjectKey, Backoff] = {}
        self._wake = asyncio.Event()
        source.after_change.append(self._changed)

    async def run(self) -> None:
        """Until it is cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._reconcile())
            while True:
                self._wake.clear()
                while (key := self.queue.take(self._runtime.clock())) is not None:
                    tasks.create_task(self._work(key))
                due, now = self.queue.next_at, self._runtime.clock()
                try:
                    async with asyncio.timeout(None if due is None else max(0.0, due - now)):
                        await self._wake.wait()
                except TimeoutError:
                    pass  # something is due

    def _changed(self, kind: str, changes: Sequence[Change]) -> None:
        if kind == WORKLOAD_ENTRY:
            for name, _ in changes:
                self.queue.add(ObjectKey(kind, *name), self._runtime.clock())
            self._wake.set()

    async def _reconcile(self) -> None:
        while True:
            for key, document in self._source.documents(WORKLOAD_ENTRY):
                if "deletionTimestamp" in document["metadata"]:
                    self.queue.add_in_background(key, self._runtime.clock())
            self._wake.set()
            await asyncio.sleep(RECONCILE_SECONDS)

    async def _work(self, key: ObjectKey) -> None:
        try:
            await self._step(key)
        except ApiError as error:
            log.warning("a step of a drain failed", object=str(key), reason=str(error))
            self._later(key)
        finally:
            self.queue.done(key)
            self._wake.set()

    async def _step(self, key: ObjectKey) -> None:
        now = self._runtime.clock()
        match self._drain.next(key, self._source.document(key), now):
            case Patch(body):
                log.info("drain", object=str(key), step="release" if "finalizers" in body["metadata"] else "mark")
                await self._source.patch(key, body)
                self._backoffs.pop(key, None)
                # The watch will tell; should it not, it is looked at again.
            case Wait(until):
                self.queue.add_at(key, until)
            case Confirm(form):
                await self._confirm(key, form)
            case None:
                self._backoffs.pop(key, None)

    async def _confirm(self, key: ObjectKey, form: Form) -> None:
        receipt = await self._runtime.receipt(Query(key), _RECEIPT_SECONDS)
        report = self._source.report_for(key)
        readable = report is None or report.severity is not Severity.ERROR  # else an older form is served
        document = self._source.document(key)
        metadata = document["metadata"] if document is not None else {}
        same = (metadata.get("uid"), metadata.get("generation")) == (form.uid, form.generation)
        if receipt.outcome in _DONE and receipt.applied and readable and same:
            log.info("drain", object=str(key), step="confirmed", outcome=receipt.outcome.value)
            self._backoffs.pop(key, None)
            self._drain.confirmed(key, form, self._runtime.clock())
            self.queue.add(key, self._runtime.clock())
        else:
            stragglers = len(receipt.stragglers)
            log.info("drain", object=str(key), step="held", reasons=receipt.reasons, stragglers=stragglers)
            self._later(key)

    def _later(self, key: ObjectKey) -> None:
        backoff = self._backoffs.setdefault(key, self._new_backoff())
        self.queue.retry(key, self._runtime.clock() + backoff.failed())
