"""How many requests an API server is sent."""

PER_SECOND, BURST = 100.0, 200
"""A Pod that is deleted takes twelve requests until it is released. The Pods of a whole node may be deleted at once, of
which a kubelet takes 110, and are given half a minute, in which their requests are to have their time as well."""


class RateLimit:
    """A token bucket: so many requests a second in the long run, and so many at once. All times are in seconds.

    The server has limits of its own, but answers 429 to whoever reaches them, and lets others suffer before.
    """

    def __init__(self, per_second: float = PER_SECOND, burst: int = BURST) -> None:
        self._interval = 1 / per_second
        self._room = burst * self._interval
        self._free_at = 0.0
        """When as many requests will have been paid for as were sent."""

    def wait(self, now: float) -> float:
        """A request is about to be sent. Returns the seconds to wait before."""
        self._free_at = max(self._free_at, now) + self._interval
        return max(0.0, self._free_at - self._room - now)

    def given_up(self) -> None:
        """A request that waited is not sent: others need not wait for it."""
        self._free_at -= self._interval
