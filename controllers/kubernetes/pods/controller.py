"""Gives Pods their WorkloadEntries, publishes and drains them: does what `PodSteps` says."""

from collections.abc import Callable, Iterator, Sequence

import structlog

from controllers.kubernetes.api import ApiError
from controllers.kubernetes.backoff import Backoff
from controllers.kubernetes.confirmation import reached_everybody
from controllers.kubernetes.definitions import POD, WORKLOAD_GROUP
from controllers.kubernetes.events import event_about, tell
from controllers.kubernetes.known import NAMESPACE
from controllers.kubernetes.objects import Change, Name, Object
from controllers.kubernetes.pods.entry import EntryError, owner_of
from controllers.kubernetes.pods.names import GROUP
from controllers.kubernetes.pods.pod import Pod
from controllers.kubernetes.pods.steps import (
    Around,
    ConfirmGone,
    Create,
    Delete,
    Foreign,
    PatchEntry,
    PodSteps,
    Step,
    Tell,
)
from controllers.kubernetes.source import KubernetesSource
from controllers.kubernetes.status_controller import ANOTHER
from controllers.kubernetes.steps import Confirm, Form, Patch, Wait
from controllers.kubernetes.worker import Worker
from controllers.runtime import Runtime
from ledger.ids import ObjectKey, Revision
from ledger.receipts import FINAL, Outcome, Query, Receipt
from xds.objects import WORKLOAD_ENTRY

log = structlog.get_logger("pods")

_RECEIPT_SECONDS = 60.0
_NO_ANSWER, _SERVER_ERROR = 0, 500
_ASK_LATER = (401, 404, 409, 429)


class PodController:
    """Works on the Pods of one cluster, each by itself, with the WorkloadEntry of its name.

    Args:
        source: the cluster; it reads Pods and WorkloadGroups beside its configuration.
        runtime: gives the receipts.
        longest_request, began: see `PodSteps`.
    """

    def __init__(
        self,
        source: KubernetesSource,
        runtime: Runtime,
        longest_request: float,
        backoff: Callable[[], Backoff] = Backoff,
        began: float | None = None,
    ) -> None:
        self.worker: Worker[Name] = Worker(f"pods {source.name}", runtime.clock, self._step, self._every, backoff)
        self._source = source
        self._runtime = runtime
        self._steps = PodSteps(longest_request, began)
        self._problems: dict[Name, str] = {}
        self._known: set[Name] = set()
        """Pods with our finalizer in namespaces that are, or were, selected."""
        source.after_change.append(self._changed)

    async def run(self) -> None:
        """Until it is cancelled."""
        await self._source.synced()  # a Pod that is not known yet is not one that is gone
        await self.worker.run()

    def released(self, entry: Object, let_alone: Revision) -> None:
        """An entry was released after its requests had their time. let_alone: see `Receipts.let_alone_since`."""
        owner = owner_of(entry)
        if owner is not None:
            self._steps.requests_ended(Name.of(entry), owner, let_alone)
            self.worker.add(Name.of(entry))

    # What is to be looked at

    def _changed(self, kind: str, changes: Sequence[Change]) -> None:
        for name, _ in changes:
            if kind in (POD, WORKLOAD_ENTRY):
                self.worker.add(name)
            elif kind in (NAMESPACE, WORKLOAD_GROUP):
                self._add_pods_of(kind, name)

    def _add_pods_of(self, kind: str, name: Name) -> None:
        for key, document in self._source.documents(POD):
            if kind == NAMESPACE:
                concerned = key.namespace == name.name
            else:
                concerned = key.namespace == name.namespace and Pod(document).annotations.get(GROUP) == name.name
            if concerned:
                self.worker.add(Name(key.namespace, key.name))

    def _every(self) -> Iterator[Name]:
        for key, document in self._source.documents(POD):
            pod = Pod(document)
            if pod.has_finalizer or pod.is_enrolled(self._source.labels_of(key.namespace)):
                yield Name(key.namespace, key.name)
        for key, document in self._source.documents(WORKLOAD_ENTRY):
            if owner_of(document) is not None:
                yield Name(key.namespace, key.name)

    # What is done

    async def _step(self, name: Name) -> None:
        if await self._is_held(name):
            return
        document = self._source.document(ObjectKey(POD, *name))
        pod = None if document is None else Pod(document)
        if pod is not None and pod.has_finalizer:
            self._known.add(name)
        else:
            self._known.discard(name)
        entry, now = ObjectKey(WORKLOAD_ENTRY, *name), self._runtime.clock()
        try:
            step = self._steps.next(name, pod, self._around(name, pod), now, self._source.ahead(now))
        except EntryError as error:
            await self._complain(name, pod, str(error))
            return
        except Foreign:
            await self._complain(name, pod, f"{entry} was not made for a Pod: remove it, or give the Pod another name")
            return
        try:
            await self._do(name, pod, entry, step)
        except ApiError as error:
            if 400 <= error.status < _SERVER_ERROR and error.status not in _ASK_LATER:
                await self._complain(name, pod, str(error))
            raise

    async def _do(self, name: Name, pod: Pod | None, entry: ObjectKey, step: Step) -> None:
        writer = self._source.writer
        match step:
            case Create(body):
                log.info("pod", pod=str(name), step="enrol")
                await self._create(name, entry, body)
            case PatchEntry(body):
                await writer.patch(entry, body)
            case Delete(uid, unless_there):
                if unless_there and await writer.read(ObjectKey(POD, *name)) is not None:
                    self.worker.later(name)
                    return
                log.info("pod", pod=str(name), step="leave")
                await writer.delete(entry, uid)
            case Patch(_, body):
                await writer.patch(ObjectKey(POD, *name), body)
            case Tell():
                await self._tell(name, pod, step)
            case Wait(until):
                self.worker.add_at(name, until)
                return
            case Confirm(form):
                await self._confirm(name, entry, form)
                return
            case ConfirmGone(uid, until):
                await self._confirm_gone(name, entry, uid, until)
                return
        self._problems.pop(name, None)
        self.worker.advanced(name)  # the watch will tell; should it not, it is looked at again

    async def _is_held(self, name: Name) -> bool:
        """Whether its namespace is not selected: it is somebody else's then, or nobody's, and nothing is done to it."""
        if self._source.labels_of(name.namespace) is not None:
            return False
        found = self._source.document(ObjectKey(POD, *name), anywhere=True)
        if found is not None and Pod(found).has_finalizer and name in self._known:
            await self._complain(name, Pod(found), "its namespace is not selected any more, so its finalizer stays")
        return True

    def _around(self, name: Name, pod: Pod | None) -> Around:
        group = None
        if pod is not None and GROUP in pod.annotations:
            group = self._source.document(ObjectKey(WORKLOAD_GROUP, name.namespace, pod.annotations[GROUP]))
        entry = self._source.document(ObjectKey(WORKLOAD_ENTRY, *name))
        return Around(entry, self._source.labels_of(name.namespace), group)

    async def _create(self, name: Name, entry: ObjectKey, body: dict[str, object]) -> None:
        try:
            await self._source.writer.create(entry, body)
        except ApiError as error:
            if error.status == _NO_ANSWER or error.status >= _SERVER_ERROR:  # the one is not said, the other no word
                self._steps.unanswered(name, self._runtime.clock())
            raise

    async def _confirm(self, name: Name, entry: ObjectKey, form: Form) -> None:
        asking = reached_everybody(self._source, self._runtime, entry, form, _RECEIPT_SECONDS)
        answer = await self.worker.while_unchanged(name, asking)
        if answer is None:
            return
        done, receipt = answer
        if done:
            self._steps.published(name, form, receipt.outcome is Outcome.CONFIRMED)
        elif self._source.is_given_by_another(entry):
            pod = self._source.document(ObjectKey(POD, *name))
            await self._complain(name, None if pod is None else Pod(pod), ANOTHER)
        self._asked(name, done, receipt)

    async def _confirm_gone(self, name: Name, entry: ObjectKey, uid: str, until: float | None) -> None:
        left = _RECEIPT_SECONDS if until is None else until - self._runtime.clock()
        # Where another cluster's of that name counts, nobody has this one when everybody has that.
        another = self._source.is_given_by_another(entry)
        asking = self._runtime.receipt(Query(entry, deleted=not another), min(left, _RECEIPT_SECONDS))
        receipt = await self.worker.while_unchanged(name, asking)
        if receipt is None:
            return
        done = receipt.outcome in FINAL
        if done:
            # Where another cluster's counts, nobody has used this one.
            left_at = self._steps.let_alone_at_release(name) if another else self._runtime.let_alone_since(entry)
            self._steps.gone(name, uid, receipt.outcome is Outcome.CONFIRMED, self._runtime.clock(), left_at)
        self._asked(name, done, receipt)

    def _asked(self, name: Name, done: bool, receipt: Receipt) -> None:
        if done:
            self.worker.advanced(name)
            self.worker.add(name)
        elif receipt.outcome in FINAL:
            self.worker.later(name)  # of another form, it seems
        else:
            self.worker.again(name)

    async def _tell(self, name: Name, pod: Pod | None, told: Tell) -> None:
        assert pod is not None
        condition = told.condition
        await self._source.writer.patch_status(ObjectKey(POD, *name), told.body)
        kind, is_bad = condition["type"].rpartition("/")[2].capitalize(), condition["status"] == "False"
        log.info("pod", pod=str(name), step=condition["type"], reason=condition["reason"])
        await self._say(name, pod, condition["reason"] if is_bad else kind, condition["message"], warning=is_bad)

    async def _complain(self, name: Name, pod: Pod | None, why: str) -> None:
        """Once for each reason."""
        if self._problems.get(name) != why and pod is not None:
            self._problems[name] = why
            log.warning("a Pod gets no WorkloadEntry", pod=str(name), reason=why)
            await self._say(name, pod, "NotEnrolled", why, warning=True)

    async def _say(self, name: Name, pod: Pod, reason: str, message: str, warning: bool) -> None:
        key, now = ObjectKey(POD, *name), self._runtime.clock()
        await tell(self._source.writer, event_about(key, pod.document, reason, message, warning, now))
