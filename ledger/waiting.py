"""Receipts that are waited for: woken by what completes them, never polled."""

from dataclasses import dataclass

from ledger.deliveries import Deliveries
from ledger.footprints import Footprints
from ledger.ids import ObjectKey, ResourceName, StreamId
from ledger.receipts import FINAL, Answer, Query, Receipts


@dataclass(slots=True, eq=False)
class Waiter:
    """One receipt that is waited for.

    It watches one thing at a time: the first of its conditions that does not hold. When that comes to hold it looks
    for the next, so a receipt over many resources costs nothing while it waits, and an ACK does not depend on how many
    wait.

    place: where it is parked. watched: the resource that it watches, and the ticket to stop that.
    """

    query: Query
    answer: Answer
    place: "Place | None" = None
    watched: tuple[ResourceName, int] | None = None


Place = dict[Waiter, None]


class WaitingRoom:
    """The receipts that are waited for.

    `woken` holds streams that were given something to send (claims that a receipt had sent again).
    """

    def __init__(self, deliveries: Deliveries, footprints: Footprints, receipts: Receipts) -> None:
        self._deliveries = deliveries
        self._footprints = footprints
        self._receipts = receipts
        self._all: Place = {}
        self._ready: Place = {}
        self._watching: Place = {}
        self._by_object: dict[ObjectKey, Place] = {}
        self._by_showing: Place = {}
        self._by_surroundings: Place = {}
        self.woken: set[StreamId] = set()

    def __len__(self) -> int:
        return len(self._all)

    def wait(self, query: Query, answer: Answer, now: float) -> Waiter:
        """Has `answer` called once with the receipt, when that is CONFIRMED or RELEASED_UNCONFIRMED; maybe at once."""
        waiter = Waiter(query, answer)
        self._all[waiter] = None
        self._advance(waiter, now)
        return waiter

    def leave(self, waiter: Waiter) -> None:
        """The waiter gives up."""
        self._all.pop(waiter, None)
        self._park(waiter, None)

    def object_changed(self, key: ObjectKey) -> None:
        """The object has a new form, or is gone."""
        self._make_ready(self._by_object.get(key, {}))

    def obstacles_changed(self) -> None:
        """What keeps proxies using objects although they ACKed may have changed."""
        self._make_ready(self._by_surroundings)

    def surroundings_changed(self) -> None:
        """Something that no event of an object or a stream tells of has changed: readiness, a source, a deadline."""
        self._make_ready(self._all)

    @property
    def unfinished(self) -> bool:
        """Whether `run` has left something to do."""
        return bool(self._ready)

    def run(self, now: float, most: int | None = None) -> None:
        """Answers whoever can be answered by now. To be called after every event.

        Args:
            most: so many waiters are looked at; who is left is for the next call. None: all.
        """
        for wake in self._deliveries.take_due():
            wake()
        if self._by_showing and self._deliveries.all_shown:
            self._make_ready(self._by_showing)
        while self._ready and most != 0:  # an answer may itself make waiters ready, or leave
            self._advance(next(iter(self._ready)), now)
            most = None if most is None else most - 1

    def _make_ready(self, waiters: Place) -> None:
        for waiter in list(waiters):
            self._park(waiter, self._ready)

    def _park(self, waiter: Waiter, place: Place | None) -> None:
        if waiter.watched is not None:
            self._deliveries.forget_wait(*waiter.watched)
            waiter.watched = None
        old, waiter.place = waiter.place, place
        if old is not None:
            old.pop(waiter, None)
        if place is not None:
            place[waiter] = None
        key = waiter.query.key
        if old is not None and not old and old is self._by_object.get(key):
            del self._by_object[key]

    def _advance(self, waiter: Waiter, now: float) -> None:
        query = waiter.query
        if self._receipts.not_applied(query) is not None:
            self._park(waiter, self._by_object.setdefault(query.key, {}))
            return
        footprint = self._footprints.get(query.key)
        for resource, revision in footprint.touched.items() if footprint else ():
            self.woken |= self._deliveries.ask_claims(resource, revision, now)
        for resource, revision in footprint.conditions() if footprint else ():
            if not self._deliveries.reached(resource, revision):
                self._park(waiter, self._watching)
                ticket = self._deliveries.wait(resource, revision, lambda: self._wake(waiter))
                waiter.watched = (resource, ticket)
                return
        if not self._deliveries.all_shown:
            self._park(waiter, self._by_showing)
            return
        receipt = self._receipts.evaluate(query)
        if receipt.outcome in FINAL:
            self.leave(waiter)
            waiter.answer(receipt)
        else:
            self._park(waiter, self._by_surroundings)

    def _wake(self, waiter: Waiter) -> None:
        waiter.watched = None
        if waiter in self._all:
            self._park(waiter, self._ready)
