"""Receipts that have to stay what they are for some time: while the requests that an instance has come to their end.

A receipt is of its moment. When all the other endpoints of a service begin to drain, Envoy panics and uses an instance
again that it had let go of; so its requests have their time from when that was over. No clock, and no socket.
"""

from dataclasses import replace

from ledger.ids import Revision
from ledger.receipts import FINAL, Outcome, Receipt
from xds.durations import show_duration


class Stay:
    """What is answered to one question. seconds: for how long; 0: a moment is enough."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._since = 0.0
        self._found: tuple[Outcome, Revision] | None = None
        """What has to stay. Who was not waited for any more and is back turns the outcome into CONFIRMED: he has sent
        requests until then."""

    def looked(self, receipt: Receipt, now: float) -> Receipt:
        """The receipt, as it was found now; PENDING while it has to stay."""
        if receipt.outcome not in FINAL:
            self._found = None
            return receipt
        found = receipt.outcome, receipt.touched_at
        if found != self._found:
            self._since, self._found = now, found
        if now - self._since >= self._seconds:
            return receipt
        reason = f"{receipt.outcome.value}, and it has to stay so for {show_duration(self._seconds)}"
        return replace(receipt, outcome=Outcome.PENDING, reasons=(*receipt.reasons, reason))

    def left(self, now: float) -> float | None:
        """For how many seconds it has to stay yet; None while it is not so."""
        return None if self._found is None else max(0.0, self._since + self._seconds - now)
