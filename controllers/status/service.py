"""The status API's one implementation. It reads the core and the sources' problems; HTTP and gRPC are faces of it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, replace

from controllers.runtime import Runtime
from controllers.status.model import Forgotten, ObjectStatus, ProxyStatus, SourceProblem
from controllers.status.objects import list_objects, object_status
from controllers.status.proxies import all_proxies
from controllers.status.stay import Stay
from ledger.ids import ObjectKey, ProxyId
from ledger.receipts import FINAL, Outcome, Query, Receipt
from ledger.roster import Presence

WATCH_SECONDS = 1.0
"""How often a watched receipt is looked at, and told of if it has changed."""

Problems = Callable[[], Sequence[SourceProblem]]
"""Gives what the sources have to tell of documents."""

Doubts = Callable[[ObjectKey], str | None]
"""Why a source can't be taken at its word about an object; None if it can."""

Answered = Callable[[Outcome, float], None]
"""Told of every receipt that was answered, with the seconds that it was waited for."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """An object and its receipt: for its newest generation, or, if it is not there, for its deletion."""

    object: ObjectStatus
    receipt: Receipt


class StatusService:
    """Answers what is asked of one replica.

    Args:
        problems: what the sources have to tell.
        doubts: with one about its object, a receipt is UNKNOWN: what is applied may not be what was meant.
        answered: is told of every receipt answered.
    """

    def __init__(
        self,
        runtime: Runtime,
        problems: Problems = tuple,
        doubts: Doubts = lambda key: None,
        answered: Answered = lambda outcome, seconds: None,
    ) -> None:
        self._runtime = runtime
        self._problems = problems
        self._doubts = doubts
        self._answered = answered
        self._closing = asyncio.Event()
        self.stage = "the control plane is starting"
        self.standing_by: Callable[[], str] | None = None
        """What to say while all is well, and another replica serves."""

    # Receipts

    async def receipt(self, query: Query, seconds: float, stays: float = 0.0) -> Receipt:
        """The receipt, as soon as it is CONFIRMED or RELEASED_UNCONFIRMED, else as it is after so many seconds.

        Args:
            stays: for how many seconds it has to be so without a break; see `Stay`.
        """
        async for receipt in self._receipts(query, seconds, seconds, stays):
            last = receipt
        return last

    async def watch(self, query: Query, seconds: float, stays: float = 0.0) -> AsyncIterator[Receipt]:
        """The receipt as it is, then whenever it has changed; ends as `receipt` does.

        A change is told of at most once in `WATCH_SECONDS`; the end at once.
        """
        last: Receipt | None = None
        async for receipt in self._receipts(query, 0.0, seconds, stays):
            if receipt != last:
                yield receipt
            last = receipt

    async def _receipts(self, query: Query, first: float, seconds: float, stays: float) -> AsyncIterator[Receipt]:
        """The receipt after `first` seconds, and then once in `WATCH_SECONDS`, until it is final or time is over."""
        started = self._runtime.clock()
        waiting, stay = first, Stay(stays)
        while True:
            receipt = await self._ask(query, waiting)
            now = self._runtime.clock()
            receipt, taken = stay.looked(receipt, now), now - started
            if receipt.outcome in FINAL or taken >= seconds or self._closing.is_set():
                self._answered(receipt.outcome, taken)
                yield receipt
                return
            yield receipt
            waiting = min(WATCH_SECONDS, seconds - taken)
            left = stay.left(now)
            if left is not None or self._doubts(query.key) is not None:
                await self._pause(waiting if left is None else min(waiting, left))
                waiting = 0.0

    async def _pause(self, seconds: float) -> None:
        """Where the core has nothing to wait for. The closing of the service ends it."""
        try:
            async with asyncio.timeout(seconds):
                await self._closing.wait()
        except TimeoutError:
            return

    async def _ask(self, query: Query, seconds: float) -> Receipt:
        """As `Runtime.receipt`; the closing of the service ends the waiting too."""
        asking = asyncio.ensure_future(self._runtime.receipt(query, seconds))
        closing = asyncio.ensure_future(self._closing.wait())
        try:
            await asyncio.wait({asking, closing}, return_when=asyncio.FIRST_COMPLETED)
            if asking.done():
                return self._qualified(asking.result())
            return self._as_it_is(query)
        finally:
            closing.cancel()
            asking.cancel()

    def _qualified(self, receipt: Receipt) -> Receipt:
        receipt, doubt = self._runtime.fenced(receipt), self._doubts(receipt.query.key)
        return receipt if doubt is None else _unknown(receipt, doubt)

    def _as_it_is(self, query: Query) -> Receipt:
        """The receipt without what was written to the sources last, and so never a confirmation."""
        receipt = self._runtime.plane.receipt(query, self._runtime.clock())
        return _unknown(receipt, "the control plane is shutting down")

    # Proxies

    def proxies(self) -> list[ProxyStatus]:
        """Every proxy, by id."""
        return all_proxies(self._runtime.plane)

    def forget(self, proxy: ProxyId) -> Forgotten:
        """Declares an absent proxy gone: it holds back no receipt any more."""
        known = self._runtime.plane.roster.get(proxy)
        if known is None:
            return Forgotten.UNKNOWN
        if self._runtime.forget(proxy):
            return Forgotten.FORGOTTEN
        return Forgotten.CONNECTED if known.presence is Presence.CONNECTED else Forgotten.FORGOTTEN

    # Objects

    def objects(self, prefix: str, after: str, limit: int) -> tuple[list[ObjectStatus], str | None]:
        """A page of the objects; see `list_objects`."""
        return list_objects(self._runtime.plane, self._problems(), prefix, after, limit)

    def nameless_problems(self) -> list[SourceProblem]:
        """Those of documents of which it is not known which object they were to be."""
        return [problem for problem in self._problems() if problem.key is None]

    def object(self, key: ObjectKey) -> ObjectStatus | None:
        """One object, applied or rejected; None if it is neither."""
        problems = [problem for problem in self._problems() if problem.key == key]
        return object_status(self._runtime.plane, key, problems)

    async def explain(self, key: ObjectKey) -> Explanation:
        """The object with its receipt as of now."""
        deleted = self._runtime.plane.ledger.get(key) is None
        receipt = await self._ask(Query(key, deleted=deleted), 0.0)
        return Explanation(self.object(key) or ObjectStatus(key, None), receipt)

    # Whether it can be asked

    def not_ready(self) -> str | None:
        """Why proxies are not served, or are no longer; None if they are."""
        if self._closing.is_set() or not self._runtime.plane.ready:
            return self.stage
        return None

    def stands_by(self) -> str | None:
        """That another replica serves, and this one would be ready to; None if it is not so."""
        return None if self.standing_by is None or self._closing.is_set() else self.standing_by()

    def close(self) -> None:
        """Answers everybody who waits, with UNKNOWN, and lets nobody wait any more."""
        self.stage = "the control plane is shutting down"
        self._closing.set()


def _unknown(receipt: Receipt, reason: str) -> Receipt:
    return replace(receipt, outcome=Outcome.UNKNOWN, reasons=(*receipt.reasons, reason))
