"""Keeps the conditions of ServiceEntries and WorkloadEntries.

What has been pushed to whom changes all the time, and an API server is no place for that: a condition is written when
it is another one, and, of a change that everybody has within `SLOW_SECONDS`, once.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence

from controllers.kubernetes.backoff import Backoff
from controllers.kubernetes.conditions import accepted, is_published, patch, published
from controllers.kubernetes.objects import Change
from controllers.kubernetes.rate import RateLimit
from controllers.kubernetes.source import KubernetesSource
from controllers.kubernetes.steps import Form
from controllers.kubernetes.worker import Worker
from controllers.runtime import Runtime
from ledger.ids import ObjectKey
from ledger.receipts import Outcome, Query
from xds.objects import SERVICE_ENTRY, WORKLOAD_ENTRY

SLOW_SECONDS = 10.0
"""For which a change may be on its way before that is written."""

AT_ONCE = 32
"""Objects that are waited for: of what nobody publishes there may be very many."""

ANOTHER = "another cluster has one of that name, and that one is served"

_KINDS = (SERVICE_ENTRY, WORKLOAD_ENTRY)
_WRITES_PER_SECOND, _BURST = 5.0, 10


class StatusController:
    """Works on the objects of one cluster.

    Args:
        source: the cluster. runtime: knows what has reached whom.
        slow: seconds; see `SLOW_SECONDS`.
    """

    def __init__(
        self,
        source: KubernetesSource,
        runtime: Runtime,
        slow: float = SLOW_SECONDS,
        backoff: Callable[[], Backoff] = Backoff,
    ) -> None:
        self.worker = Worker(f"status {source.name}", runtime.clock, self._step, self._every, backoff, AT_ONCE)
        self._source = source
        self._runtime = runtime
        self._slow = slow
        self._told: dict[ObjectKey, bytes] = {}
        """The content that each object was published with. Its generation does not tell it: annotations count too."""
        self._limit = RateLimit(_WRITES_PER_SECOND, _BURST)  # drains come first
        source.after_change.append(self._changed)

    async def run(self) -> None:
        """Until it is cancelled."""
        await self.worker.run()

    def _changed(self, kind: str, changes: Sequence[Change]) -> None:
        if kind in _KINDS:
            for name, new in changes:
                key = ObjectKey(kind, *name)
                if new is None:
                    self._told.pop(key, None)
                else:
                    self.worker.add(key)

    def _every(self) -> Iterator[ObjectKey]:
        """What a process before this one has published is taken to be so: else all were asked for with each restart."""
        for kind in _KINDS:
            for key, document in self._source.documents(kind):
                content = self._content(key)
                if content is None or not is_published(document) or self._told.setdefault(key, content) != content:
                    yield key

    def _content(self, key: ObjectKey) -> bytes | None:
        """Of what is served; None if nothing is."""
        entry = self._runtime.plane.ledger.get(key)
        return None if entry is None else entry.content

    async def _step(self, key: ObjectKey) -> None:
        document = self._source.document(key)
        if document is None or "deletionTimestamp" in document["metadata"]:
            self.worker.advanced(key)
            return
        report = self._source.report_for(key)
        conditions = [accepted(report)]
        if conditions[0]["status"] == "True":
            if is_published(document) and self._told.get(key) == self._content(key):
                conditions.append(published(True))
            else:
                told = await self.worker.while_unchanged(key, self._published(key, Form.of(document)))
                if told is None:
                    self.worker.later(key)
                    return
                conditions.append(told)
                newest = self._source.document(key)
                is_same = self._source.is_applied(key) and self._told.get(key) in (None, self._content(key))
                if newest is None or Form.of(newest) != Form.of(document) or not is_same:
                    self.worker.again(key)  # it is told of another form, and was asked about this one
                    return
                document = newest
        body = patch(document, conditions, self._runtime.clock())
        if body is not None:
            await asyncio.sleep(self._limit.wait(asyncio.get_running_loop().time()))
            await self._source.writer.patch_status(key, body)
        self.worker.advanced(key)  # what is pending is looked at again with everything

    async def _published(self, key: ObjectKey, form: Form) -> dict[str, str] | None:
        """The condition; None if it is not known what it is about."""
        if not self._source.is_applied(key):
            return None
        await self._runtime.receipt_as_applied(Query(key), self._slow)
        receipt = self._runtime.receipt_now(Query(key))  # what has come since the answer counts
        document = self._source.document(key)
        if document is None or Form.of(document) != form or not self._source.is_applied(key):
            return None
        self._told.pop(key, None)
        if receipt.outcome is Outcome.CONFIRMED and not self._source.is_given_by_another(key):
            content = self._content(key)
            if content is not None:
                self._told[key] = content
            return published(True)
        if receipt.outcome is Outcome.UNKNOWN:
            return None
        if self._source.is_given_by_another(key):
            return published(False, ANOTHER)
        behind = len({straggler.proxy for straggler in (*receipt.stragglers, *receipt.released)})
        why = [*receipt.reasons, *([f"{behind} proxies don't have it yet, or did not say so"] if behind else [])]
        return published(False, "; ".join(why))
