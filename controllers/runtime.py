"""Runs the core on an event loop: the time, the ticks, and receipts that can be awaited."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from controllers.batch import WHILE_LOADING, Batch
from controllers.clock import Clock
from controllers.fence import Fence
from ledger.ids import ObjectKey, ProxyId, Revision
from ledger.receipts import FINAL, Outcome, Query, Receipt
from xds.limits import Limits
from xds.objects import Event
from xds.plane import Plane
from xds.server import DiscoveryServer
from xds.surroundings import Concerns

TICK_SECONDS = 1.0

CATCH_UP_SECONDS = 2.0
"""How long a receipt waits for its sources at least, however short its own timeout."""

MANY = 1000
"""Objects taken in together that are worth telling of."""

Decide = Callable[[Event], Event | None]
"""What follows from what a source says; None: nothing."""

Barrier = Callable[[ObjectKey], Awaitable[None]]
"""Returns when what was written to a source of the object before the call is applied."""


class Runtime:
    """The core of one replica, on this event loop.

    Every call of the plane goes through here or through the discovery server, so that the streams which it gave
    something to send are woken.
    """

    def __init__(
        self,
        plane: Plane,
        clock: Clock | None = None,
        limits: Limits | None = None,
        mutual_tls: bool = False,
        fence: Fence | None = None,
    ) -> None:
        self.plane = plane
        self.clock = clock or Clock()
        self.discovery = DiscoveryServer(plane, self.clock, limits, mutual_tls)
        self._fence = fence
        if fence is not None:
            self.discovery.barred = fence.barred
        self.barriers: list[tuple[str, Barrier]] = []
        """Of each source, by its name."""
        self.after_load: list[Callable[[], None]] = []
        """Called when many objects have been taken in together."""
        self.released: Counter[Outcome] = Counter()
        """How many instances were released after their deletion: CONFIRMED or RELEASED_UNCONFIRMED."""
        self._batch = Batch()
        self._troubles_over = 0
        """How often a source has said that it is in no trouble any more."""

    async def apply(self, events: Sequence[Event], decide: Decide = lambda event: event) -> None:
        """Applies changes, in order. Large numbers are cut, so that streams go on meanwhile.

        Args:
            decide: asked about each event right when its turn has come: another source may have changed it until then.
        """
        start = 0
        while start < len(events):
            ready, began = self.plane.ready, time.perf_counter()
            end = start + (self._batch.size if ready else WHILE_LOADING)
            decided = [event for told in events[start:end] if (event := decide(told)) is not None]
            self.plane.apply(decided, self.clock())
            self.discovery.pump()
            if ready and decided:
                self._batch.took(time.perf_counter() - began)
            start = end
            if start < len(events):
                await asyncio.sleep(0)
        if len(events) >= MANY:
            for call in self.after_load:
                call()

    def trouble(self, source: str, what: str | None, concerns: Concerns | None = None) -> None:
        """A source can't tell what is so, or, with None, can again. concerns: see `Plane.trouble`."""
        self._troubles_over += what is None
        self.plane.trouble(source, what, self.clock(), concerns)
        self.discovery.pump()

    def is_given_by_another(self, _: ObjectKey) -> bool:
        """As a source's sink has it; of one that hands in here, which is the only one, nothing is."""
        return False

    def start(self, roster_known: bool) -> None:
        """Everything is loaded."""
        self.plane.start(self.clock(), roster_known)
        self.discovery.pump()

    def forget(self, proxy: ProxyId) -> bool:
        """An absent proxy is known to be gone."""
        forgotten = self.plane.forget(proxy, self.clock())
        self.discovery.pump()
        return forgotten

    async def receipt(self, query: Query, timeout: float) -> Receipt:
        """The receipt, as soon as it is CONFIRMED or RELEASED_UNCONFIRMED, else as it is after `timeout` seconds.

        First what was written to the sources before this call is taken in, so that a receipt asked for right after a
        change is one for that change. Where this process may not serve, it is UNKNOWN.
        """
        return self.fenced(await self._receipt(query, timeout))

    def fenced(self, receipt: Receipt) -> Receipt:
        """The receipt as it may be given now: others may serve proxies that this process knows nothing of."""
        why = None if self._fence is None else self._fence.barred()
        return receipt if why is None else replace(receipt, outcome=Outcome.UNKNOWN, reasons=(why,))

    def receipt_now(self, query: Query) -> Receipt:
        """The receipt of what is applied, as of this moment: what comes next can't have come before it."""
        return self.fenced(self.plane.receipt(query, self.clock()))

    def let_alone_since(self, key: ObjectKey) -> Revision | None:
        """See `Receipts.let_alone_since`."""
        return self.plane.receipts.let_alone_since(key)

    async def _receipt(self, query: Query, timeout: float) -> Receipt:
        until = self.clock() + timeout
        while True:
            over = self._troubles_over
            late = await self._not_caught_up(query.key, max(until - self.clock(), CATCH_UP_SECONDS))
            if late:
                reason = f"what was written to {', '.join(late)} before the question is not all taken in yet"
                receipt = self.plane.receipt(query, self.clock())
                return replace(receipt, outcome=Outcome.UNKNOWN, reasons=(*receipt.reasons, reason))
            receipt = await self.receipt_as_applied(query, until - self.clock())
            if receipt.outcome not in FINAL or self._troubles_over == over:
                return receipt
            # A source that may be away, and was, has not been waited for: where it is back it has to be.

    async def _not_caught_up(self, key: ObjectKey, timeout: float) -> list[str]:
        """Waits for what was written to the sources before this call; the sources that did not take it in in time."""
        catching = {asyncio.ensure_future(barrier(key)): name for name, barrier in self.barriers}
        try:
            if catching:
                await asyncio.wait(catching, timeout=timeout, return_when=asyncio.FIRST_EXCEPTION)
            late = [name for task, name in catching.items() if not task.done()]
            for task in catching:
                if task.done():
                    task.result()
            return late
        finally:
            for task in catching:
                task.cancel()

    async def receipt_as_applied(self, query: Query, timeout: float) -> Receipt:
        """As `receipt`, of what is applied, whatever the sources may have that is newer."""
        answer: asyncio.Future[Receipt] = asyncio.get_running_loop().create_future()
        waiter = self.plane.wait(query, lambda receipt: _answer(answer, receipt), self.clock())
        self.discovery.pump()
        try:
            async with asyncio.timeout(max(0.0, timeout)):
                return await asyncio.shield(answer)
        except TimeoutError:
            return answer.result() if answer.done() else self.plane.receipt(query, self.clock())
        finally:
            self.plane.leave(waiter)

    async def tick_forever(self) -> None:
        """Looks at the deadlines, about once a second."""
        while True:
            await asyncio.sleep(TICK_SECONDS)
            self.discovery.tick()


def _answer(future: asyncio.Future[Receipt], receipt: Receipt) -> None:
    if not future.done():
        future.set_result(receipt)
